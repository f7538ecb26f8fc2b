package import LinuxKernel

/// The container whose log is shown.
package struct LogTarget: Sendable, Hashable {
    /// The pod's namespace.
    package var namespace: String
    /// The pod's name.
    package var pod: String
    /// The pod's uid; a namesake is another target.
    package var podUID: String
    /// The container's name.
    package var container: String
    /// Whether the instance before the current one is meant.
    package var isPrevious: Bool
    /// Whether the pod is deleted and what its node kept is meant.
    package var isGone: Bool
    /// A target.
    package init(namespace: String, pod: String, podUID: String, container: String, isPrevious: Bool = false, isGone: Bool = false) {
        self.namespace = namespace
        self.pod = pod
        self.podUID = podUID
        self.container = container
        self.isPrevious = isPrevious
        self.isGone = isGone
    }
}

/// One line, as it was written.
package struct LogLine: Sendable, Hashable {
    /// When it was written; nil when unknown.
    package var timestamp: Timestamp?
    /// Whether it came on standard error.
    package var isError: Bool
    /// The text without its line feed.
    package var bytes: ArraySlice<UInt8>
    /// What is missing here, in words; nil for an ordinary line.
    package var gap: String?
    /// A line.
    package init(timestamp: Timestamp?, isError: Bool = false, bytes: ArraySlice<UInt8>, gap: String? = nil) {
        self.timestamp = timestamp
        self.isError = isError
        self.bytes = bytes
        self.gap = gap
    }
}

/// How the pane stands with its log.
package enum LogState: Sendable, Hashable {
    /// Nothing is shown; a hint.
    case idle(String)
    /// What is stored is being read.
    case loading
    /// The container has not started; what it waits for.
    case waiting(String)
    /// Lines arrive as they are written.
    case live
    /// No more lines will come; why.
    case ended(String)
    /// The log cannot be read now; why.
    case failed(String)
}

/// A row on screen: a line, and the wrapped row inside it.
package struct LogPosition: Sendable, Hashable {
    /// The line's absolute number.
    package var line: Int
    /// The row inside the line, from 0.
    package var row: Int
    /// A position.
    package init(line: Int, row: Int = 0) {
        self.line = line
        self.row = row
    }
}
