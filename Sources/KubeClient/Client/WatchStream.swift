package import APIMachinery

/// The events of one watch, for one reader. Ends when the server ends the watch; throws when the connection breaks.
package struct WatchStream: AsyncSequence, Sendable {
    private let source: any ByteSource

    /// The events of a watch's bytes, one JSON object a line.
    package init(_ source: any ByteSource) {
        self.source = source
    }

    /// Ends the watch; a waiting reader sees the end.
    package func cancel() {
        source.cancel()
    }

    /// The one reader of the events.
    package func makeAsyncIterator() -> Iterator {
        Iterator(lines: LineReader(source))
    }

    /// Reads the events in order.
    package struct Iterator: AsyncIteratorProtocol {
        private var lines: LineReader

        fileprivate init(lines: LineReader) {
            self.lines = lines
        }

        /// The next event; nil at the end. Throws why the connection broke, or InternalError for a line that is no event.
        package mutating func next() async throws(APIStatus) -> WatchEvent? {
            while let line = try await lines.next() {
                if !line.isEmpty { return try WatchEvent(line: line) }
            }
            return nil
        }

        /// As `next()`, for a loop in any isolation.
        package mutating func next(isolation actor: isolated (any Actor)?) async throws(APIStatus) -> WatchEvent? {
            try await next()
        }
    }
}
