package import APIMachinery

/// Cuts a byte source into lines without their line feeds.
package struct LineReader: Sendable {
    /// The longest line that is accepted; a longer one breaks the stream with an error.
    package static let maximumLength = 64 << 20

    private let source: any ByteSource
    private var pending: [UInt8] = []
    private var start = 0
    private var scanned = 0

    /// The lines of a source.
    package init(_ source: any ByteSource) {
        self.source = source
    }

    /// The next line; the last one need not end with a line feed. Nil at the end.
    package mutating func next() async throws(APIStatus) -> [UInt8]? {
        while true {
            if let end = pending[scanned...].firstIndex(of: 0x0A) {
                let line = Array(pending[start..<end])
                start = end + 1
                scanned = start
                return line
            }
            pending.removeFirst(start)
            start = 0
            scanned = pending.count
            guard pending.count <= Self.maximumLength else {
                source.cancel()
                throw APIStatus.tooLarge("a line of the stream is longer than \(Self.maximumLength >> 20) MiB")
            }
            guard let bytes = try await source.next() else {
                guard !pending.isEmpty else { return nil }
                defer {
                    pending = []
                    scanned = 0
                }
                return pending
            }
            pending += bytes
        }
    }
}
