internal import JSONCore

/// Where two values differ, for people: lines `- path: what was` and `+ path: what is`, in the order of the older value.
struct ValueDifference {
    /// The most lines that are told, and the most characters of a value.
    private static let (mostLines, mostCharacters) = (40, 200)

    private var lines: [String] = []

    /// The lines for two values at a path; empty when they are the same.
    static func text(_ old: JSONValue, _ new: JSONValue, path: String) -> String {
        var difference = ValueDifference()
        difference.compare(old, new, path)
        let told = difference.lines.prefix(mostLines)
        return (told + (told.count < difference.lines.count ? ["…"] : [])).joined(separator: "\n")
    }

    private mutating func compare(_ old: JSONValue?, _ new: JSONValue?, _ path: String) {
        guard old != new, lines.count <= Self.mostLines else { return }
        switch (old, new) {
        case (.object(let before)?, .object(let after)?):
            for member in before { compare(member.value, after[member.key], "\(path).\(member.key)") }
            for member in after where before[member.key] == nil { compare(nil, member.value, "\(path).\(member.key)") }
        case (.array(let before)?, .array(let after)?):
            for index in 0..<max(before.count, after.count) {
                compare(index < before.count ? before[index] : nil, index < after.count ? after[index] : nil, "\(path)[\(index)]")
            }
        default:
            if let old { lines.append("- \(path): \(Self.short(old))") }
            if let new { lines.append("+ \(path): \(Self.short(new))") }
        }
    }

    private static func short(_ value: JSONValue) -> String {
        let text = String(decoding: JSON.encode(value), as: UTF8.self)
        let head = text.prefix(mostCharacters)
        return head.endIndex < text.endIndex ? "\(head)…" : text
    }
}
