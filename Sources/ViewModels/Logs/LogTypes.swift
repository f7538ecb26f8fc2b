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
    /// Which instance is meant, by how often the container had started again before it; nil for the newest, or the one before it.
    package var instance: Int?
    /// Whether an instance is meant that has ended for good.
    var isOlder: Bool { isPrevious || instance != nil }
    /// A target.
    package init(
        namespace: String, pod: String, podUID: String, container: String, isPrevious: Bool = false, isGone: Bool = false, instance: Int? = nil
    ) {
        self.instance = instance
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
    /// Whose it is: an index of ``LogsModel/sources``.
    package var source: Int
    /// A line.
    package init(timestamp: Timestamp?, isError: Bool = false, bytes: ArraySlice<UInt8>, gap: String? = nil, source: Int = 0) {
        self.source = source
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

extension LogState {
    /// The state in a word or few.
    var word: String {
        switch self {
        case .idle: ""
        case .loading: "reading"
        case .waiting(let what): "waiting: \(what)"
        case .live: "live"
        case .ended(let how): how
        case .failed(let why): "failed: \(why)"
        }
    }

    /// How several logs stand together: as the most alive of them. `waiting` containers have not started.
    static func joined(_ states: [LogState], waiting: Int) -> LogState {
        if states.contains(.live) { return .live }
        if states.contains(.loading) { return .loading }
        let held = states.compactMap { if case .waiting(let why) = $0 { why } else { nil } }
        if waiting > 0 { return .waiting(waiting == 1 ? "1 container has not started" : "\(waiting) containers have not started") }
        if let first = held.first { return .waiting(first) }
        let failures = states.compactMap { if case .failed(let why) = $0 { why } else { nil } }
        if let first = failures.first, failures.count == states.count { return .failed(first) }
        let pauses = states.compactMap { if case .ended(let why) = $0 { why } else { nil } }
        if states.isEmpty { return .waiting("no pod is there yet") }
        return .ended(Set(pauses).count == 1 && failures.isEmpty ? pauses[0] : "all \(states.count) have ended")
    }
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
