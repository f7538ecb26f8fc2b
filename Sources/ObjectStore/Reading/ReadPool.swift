import Synchronization

/// Connections for readers of the log: one per reading thread at a time, two kept for the next ones.
final class ReadPool: Sendable {
    private struct Idle: @unchecked Sendable {
        // Safe because a reader is in this list or with the one thread that took it out.
        var readers: [LogReader] = []
        var isClosed = false
    }

    private static let idleReaders = 2

    private let path: String
    private let idle = Mutex(Idle())

    init(path: String) {
        self.path = path
    }

    /// Runs `body` with a reader of its own.
    func read<Result>(_ body: (LogReader) throws(SQLiteError) -> Result) throws(StoreError) -> Result {
        let reader = try take()
        defer { putBack(reader) }
        return try StoreError.translating(path) { () throws(SQLiteError) in try body(reader) }
    }

    /// Closes the connections that are not in use, and the others when their reads end.
    func close() {
        let readers = idle.withLock { idle in
            idle.isClosed = true
            defer { idle.readers = [] }
            return Handover(readers: idle.readers)
        }
        _ = consume readers
    }

    private struct Handover: @unchecked Sendable {
        // Safe because the list they came from no longer has them.
        let readers: [LogReader]
    }

    private func take() throws(StoreError) -> LogReader {
        let (isClosed, taken) = idle.withLock { idle in
            (idle.isClosed, Handover(readers: idle.readers.popLast().map { [$0] } ?? []))
        }
        if isClosed { throw .closed }
        if let reader = taken.readers.first { return reader }
        return try StoreError.translating(path) { () throws(SQLiteError) in
            try LogReader(Connection(path: path, cacheKilobytes: 256))
        }
    }

    private func putBack(_ reader: LogReader) {
        let returned = Handover(readers: [reader])
        idle.withLock { idle in
            if !idle.isClosed && idle.readers.count < Self.idleReaders { idle.readers += returned.readers }
        }
    }
}
