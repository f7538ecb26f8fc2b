package import LinuxKernel

package struct LogTarget: Sendable, Hashable {
    package var namespace: String
    package var pod: String
    package var podUID: String
    package var container: String
    package var isPrevious: Bool
    package init(namespace: String, pod: String, podUID: String, container: String, isPrevious: Bool = false) {
        self.namespace = namespace
        self.pod = pod
        self.podUID = podUID
        self.container = container
        self.isPrevious = isPrevious
    }
}

package struct LogLine: Sendable, Hashable {
    package var timestamp: Timestamp?
    package var isError: Bool
    package var bytes: ArraySlice<UInt8>
    package var gap: String?
    package init(timestamp: Timestamp?, isError: Bool = false, bytes: ArraySlice<UInt8>, gap: String? = nil) {
        self.timestamp = timestamp
        self.isError = isError
        self.bytes = bytes
        self.gap = gap
    }
}

package enum LogState: Sendable, Hashable { case idle(String), loading, live, ended(String), failed(String) }

package struct LogPosition: Sendable, Hashable {
    package var line: Int
    package var row: Int
    package init(line: Int, row: Int = 0) {
        self.line = line
        self.row = row
    }
}

@MainActor package final class LogsModel {
    private let signal: ChangeSignal
    private var lines: [LogLine] = []
    package private(set) var firstLine = 0
    package init(signal: ChangeSignal) { self.signal = signal }
    package var target: LogTarget? { didSet { signal.touch() } }
    package var containers: [String] = []
    package var state: LogState = .idle("select a pod") { didSet { signal.touch() } }
    package var endLine: Int { firstLine + lines.count }
    package func line(_ number: Int) -> LogLine? {
        let index = number - firstLine
        return lines.indices.contains(index) ? lines[index] : nil
    }
    package func replaceLines(_ new: [LogLine], firstLine: Int = 0) {
        lines = new
        self.firstLine = firstLine
        signal.touch()
    }
    package func append(_ new: [LogLine]) {
        lines += new
        if !isFollowing { unseen += new.count }
        signal.touch()
    }
    package var isFollowing = true {
        didSet {
            if isFollowing { unseen = 0 }
            signal.touch()
        }
    }
    package var position = LogPosition(line: 0)
    package var isWrapping = false { didSet { signal.touch() } }
    package var showsTimestamps = false { didSet { signal.touch() } }
    package var lag: Duration?
    package var unseen = 0
    package var search = "" { didSet { signal.touch() } }
    package var currentMatch: Int?
    package func find(next: Bool, from line: Int) {
        guard !search.isEmpty else { return }
        let wanted = search.lowercased()
        let range = next ? Array((line + 1)..<max(line + 1, endLine)) : Array(firstLine..<max(firstLine, line)).reversed()
        for number in range {
            guard let line = self.line(number), String(decoding: line.bytes, as: UTF8.self).lowercased().contains(wanted) else { continue }
            currentMatch = number
            signal.touch()
            return
        }
    }
}
