/// Builds the lines of a description: headings, facts under them, plain lines.
struct DetailText {
    private(set) var lines: [[TextSpan]] = []

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
}
