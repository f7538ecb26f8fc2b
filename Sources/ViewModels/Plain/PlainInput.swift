/// Lines that somebody types, each taken once by whoever waits for the next.
package actor PlainInput {
    private var lines: [String] = []
    private var isEnded = false
    private var isReleased = false
    private var waiting: [CheckedContinuation<String?, Never>] = []
    /// What is typed ahead beyond this is dropped.
    private static let maximumLines = 10_000

    /// Nothing typed yet.
    package init() {}

    /// Adds a line; nil ends the input.
    package func feed(_ line: String?) {
        if let line {
            if let first = waiting.first {
                waiting.removeFirst()
                return first.resume(returning: line)
            }
            if lines.count < Self.maximumLines { lines.append(line) }
        } else {
            isEnded = true
            for continuation in waiting { continuation.resume(returning: nil) }
            waiting = []
        }
    }

    /// The next line; nil at the end.
    package func next() async -> String? {
        if !lines.isEmpty { return lines.removeFirst() }
        if isEnded { return nil }
        return await withCheckedContinuation { waiting.append($0) }
    }

    /// Allows ``nextUnlessReleased()`` to wait again.
    package func arm() { isReleased = false }

    /// The next line, or nil once ``release()`` was called, whichever comes first.
    package func nextUnlessReleased() async -> String? { isReleased ? nil : await next() }

    /// Lets whoever waits go on without a line.
    package func release() {
        isReleased = true
        for continuation in waiting { continuation.resume(returning: nil) }
        waiting = []
    }
}
