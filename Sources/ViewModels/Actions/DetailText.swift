/// Builds the lines of a description: headings, facts under them, plain lines, and what lines stand for.
struct DetailText: Sendable {
    private(set) var lines: [[TextSpan]] = []
    private(set) var links: [Int: DetailLink] = [:]
    /// The lines that are cut at the edge as the lines below them are: titles of columns.
    private(set) var cutLines: Set<Int> = []
    /// The context that links lead into.
    var context = ""
    /// Longer values are cut, so that one annotation does not fill the screen.
    static let maximumValue = 400

    /// A heading, with an empty line above it.
    mutating func heading(_ title: String, _ more: [TextSpan] = []) {
        if !lines.isEmpty { lines.append([]) }
        lines.append([TextSpan(title, .accent)] + more)
    }

    /// A named fact; facts without text are left out.
    mutating func fact(_ name: String, _ value: String, _ tone: Tone = .normal, indent: Int = 2) {
        if !value.isEmpty { fact(name, [TextSpan(value, tone)], indent: indent) }
    }

    /// A named fact of several spans.
    mutating func fact(_ name: String, _ value: [TextSpan], indent: Int = 2, width: Int = 14) {
        let padding = String(repeating: " ", count: max(1, width - name.count))
        lines.append([TextSpan(String(repeating: " ", count: indent)), TextSpan("\(name)\(padding)", .dim)] + value)
    }

    /// A line of its own.
    mutating func line(_ spans: [TextSpan], indent: Int = 2) {
        lines.append([TextSpan(String(repeating: " ", count: indent))] + spans)
    }

    /// A line of its own that is cut at the edge.
    mutating func cutLine(_ spans: [TextSpan]) {
        line(spans)
        cutLines.insert(lines.count - 1)
    }

    /// Says what the last line stands for.
    mutating func link(_ link: DetailLink) { if !lines.isEmpty { links[lines.count - 1] = link } }

    /// Says that the last line names an object.
    mutating func link(_ kind: String, _ name: String, namespace: String?, uid: String? = nil) {
        guard !name.isEmpty else { return }
        link(DetailLink(binding: ObjectBinding(context: context, namespace: namespace, kind: kind, name: name, uid: uid)))
    }

    /// A map in order of its keys, one entry a line.
    mutating func map(_ name: String, _ map: [String: String]) {
        for (index, entry) in map.sorted(by: { $0.key < $1.key }).enumerated() {
            fact(index == 0 ? name : "", [TextSpan("\(entry.key)=", .dim), TextSpan(Self.short(entry.value))])
        }
    }

    /// A value that does not fill the screen.
    static func short(_ value: String) -> String {
        value.utf8.count > maximumValue ? "\(value.prefix(maximumValue))… (\(value.utf8.count) bytes)" : value
    }
}
