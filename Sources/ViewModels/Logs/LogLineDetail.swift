import JSONCore
import LinuxKernel

/// One line on a page of its own: what is known of it, then its text, JSON spread over lines.
enum LogLineDetail {
    /// The page's lines.
    static func lines(_ line: LogLine, of source: LogSource?) -> [[TextSpan]] {
        var text = DetailText()
        text.heading("Line")
        text.fact("time", line.timestamp?.rfc3339Nano ?? "unknown")
        if let target = source?.target { text.fact("container", "\(target.namespace)/\(target.pod)/\(target.container)") }
        if let gap = line.gap {
            text.line([TextSpan(gap, .warning)])
            return text.lines
        }
        text.fact("stream", line.isError ? "standard error" : "standard output")
        if let level = LogLevel(line: line.bytes) { text.fact("level", level.name, tone(level)) }
        let bytes = LogText.plain(line.bytes)
        // A line that only begins like JSON is text.
        if bytes.first == 0x7B || bytes.first == 0x5B, let value = try? JSON.parse(bytes) {
            text.heading("JSON")
            return text.lines + pretty(value)
        }
        if let fields = LogFields(line.bytes) {
            text.heading("Fields")
            let width = min(32, 2 + (fields.fields.map(\.name.count).max() ?? 0))
            for field in fields.fields { text.fact(field.name, [TextSpan(field.value)], width: width) }
            return text.lines
        }
        text.heading("Text")
        text.line([TextSpan(String(decoding: bytes, as: UTF8.self))])
        return text.lines
    }

    private static func tone(_ level: LogLevel) -> Tone {
        switch level {
        case .error, .fatal: .error
        case .warning: .warning
        case .info: .normal
        case .debug, .trace: .dim
        }
    }

    private static let deepest = 40

    /// A value spread over lines.
    static func pretty(_ value: JSONValue) -> [[TextSpan]] {
        var lines: [[TextSpan]] = []
        add(value, before: [], after: "", depth: 1, to: &lines)
        return lines
    }

    private static func add(_ value: JSONValue, before: [TextSpan], after: String, depth: Int, to lines: inout [[TextSpan]]) {
        let indent = TextSpan(String(repeating: "  ", count: depth))
        let lead = [indent] + before
        switch value {
        case .object(let members) where !members.isEmpty && depth < deepest:
            lines.append(lead + [TextSpan("{", .dim)])
            for (index, member) in members.enumerated() {
                let key = String(decoding: JSON.encode(.string(member.key)), as: UTF8.self)
                let comma = index < members.count - 1 ? "," : ""
                add(member.value, before: [TextSpan(key, .accent), TextSpan(": ", .dim)], after: comma, depth: depth + 1, to: &lines)
            }
            lines.append([indent, TextSpan("}\(after)", .dim)])
        case .array(let items) where !items.isEmpty && depth < deepest:
            lines.append(lead + [TextSpan("[", .dim)])
            for (index, item) in items.enumerated() {
                add(item, before: [], after: index < items.count - 1 ? "," : "", depth: depth + 1, to: &lines)
            }
            lines.append([indent, TextSpan("]\(after)", .dim)])
        default:
            // What a program logs as a text of several lines is shown as such.
            if let text = value.stringValue, text.contains("\n") {
                lines.append(lead + [TextSpan("\"", .ok)])
                for part in text.split(separator: "\n", omittingEmptySubsequences: false) {
                    lines.append([TextSpan(String(repeating: "  ", count: depth + 1)), TextSpan(String(part), .ok)])
                }
                lines.append([indent, TextSpan("\"\(after)", .ok)])
                return
            }
            let tone: Tone = value.stringValue != nil ? .ok : value.isNull ? .dim : .pending
            lines.append(lead + [TextSpan(String(decoding: JSON.encode(value), as: UTF8.self), tone), TextSpan(after, .dim)])
        }
    }
}
