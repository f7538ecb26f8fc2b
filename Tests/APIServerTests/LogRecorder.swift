import Logging
import Synchronization

/// Keeps what is logged.
final class LogRecorder: Sendable {
    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            recorder.kept.withLock { $0.append((["\(event.level):", "\(event.message)"] + metadata).joined(separator: " ")) }
        }
    }

    private let kept = Mutex<[String]>([])

    /// A logger whose lines are kept.
    var logger: Logger { Logger(label: "test", factory: { _ in Handler(recorder: self) }) }

    /// `level: message key=value`, in the order they came.
    var lines: [String] { kept.withLock { $0 } }
}
