import LinuxKernel
import Logging

/// Logs to standard error: `2026-11-23T10:00:00Z info message key=value …`, one line per entry, metadata in key order.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let text = values.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted("\($0.value)"))" }.joined()
        Output.error("\(Timestamp.now().rfc3339) \(event.level) \(event.message)\(text)")
    }

    /// Values with spaces are quoted; control characters cannot forge a line.
    private static func quoted(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x22 && $0.value != 0x7F }
        if isPlain { return value }
        let escaped = value.unicodeScalars.map { scalar -> String in
            if scalar == "\"" { return "\\\"" }
            return scalar.value < 0x20 || scalar.value == 0x7F ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }.joined()
        return "\"\(escaped)\""
    }
}
