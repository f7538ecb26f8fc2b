/// Where a manifest shows the values of Secrets, found line by line so that it works in text that does not parse.
package struct SecretMask: Sendable {
    /// Signs that stand for a masked value, whatever its length.
    package static let width = 8
    private static let dots = String(repeating: "•", count: width)

    private var ranges: [Int: Range<Int>] = [:]
    /// Which line belongs to which value.
    private var names: [Int: String] = [:]
    /// The one value that is shown.
    var revealed: String?

    /// The columns of a line to hide.
    func columns(_ line: Int) -> Range<Int>? {
        guard let range = ranges[line] else { return nil }
        return revealed != nil && names[line] == revealed ? nil : range
    }

    /// Shows the value on a line, or hides it again; nil when there is none.
    mutating func toggleReveal(line: Int) -> String? {
        guard let name = names[line] else { return nil }
        revealed = revealed == name ? nil : name
        return name
    }

    /// Text of a line as others may see it.
    static func masked(_ lines: [String]) -> [String] {
        var mask = SecretMask()
        mask.scan(lines)
        return lines.enumerated().map { number, line in
            guard let range = mask.ranges[number] else { return line }
            return String(line.prefix(range.lowerBound)) + dots + String(line.dropFirst(range.upperBound))
        }
    }

    mutating func scan(_ lines: [String]) {
        ranges = [:]
        names = [:]
        // Most manifests hold no Secret: one look is enough.
        guard lines.contains(where: { $0.contains("Secret") }) else { return }
        var start = 0
        var document = 0
        for number in 0...lines.count where number == lines.count || lines[number].hasPrefix("---") {
            if start < number, lines[start..<number].contains(where: Self.saysSecret) { scan(lines, start..<number, document) }
            start = number + 1
            document += 1
        }
    }

    /// Whether a line may make its document a Secret; rather too many than one too few.
    private static func saysSecret(_ line: String) -> Bool {
        guard let kind = line.firstRange(of: "kind") else { return false }
        return line[kind.upperBound...].contains("Secret")
    }

    private mutating func scan(_ lines: [String], _ range: Range<Int>, _ document: Int) {
        var blockIndent: Int?
        var valueIndent = 0
        var name = ""
        for number in range {
            let line = lines[number]
            // It stands at the edge and ends nothing: values go on below it.
            if ConflictMarkers.isMarker(line) { continue }
            let text = line.drop { $0 == " " || $0 == "-" }
            let indent = line.count - text.count
            // A value's own dashes are hidden with it.
            let margin = line.prefix { $0 == " " }.count
            if margin == line.count { continue }
            if let block = blockIndent, indent > block {
                if name.isEmpty || indent <= valueIndent {
                    guard let colon = Self.valueColumn(line, after: indent) else {
                        mask(number, margin..<line.count, name.isEmpty ? "\(document)/line \(number)" : name)
                        continue
                    }
                    valueIndent = indent
                    name = "\(document)/\(block)/\(line.dropFirst(indent).prefix { $0 != ":" })"
                    mask(number, colon..<line.count, name)
                } else {
                    mask(number, margin..<line.count, name)
                }
                continue
            }
            blockIndent = nil
            name = ""
            for key in ["data", "stringData", "kubectl.kubernetes.io/last-applied-configuration"] {
                guard let column = Self.column(of: key, in: line) else { continue }
                if line.dropFirst(column).contains(where: { $0 != " " }) {
                    mask(number, column..<line.count, "\(document)/\(key) \(number)")
                }
                blockIndent = indent
                valueIndent = .max
                break
            }
        }
    }

    private mutating func mask(_ line: Int, _ columns: Range<Int>, _ name: String) {
        names[line] = name
        if !columns.isEmpty { ranges[line] = columns }
    }

    /// Where the value after a `key:` starts; nil when the line has none.
    private static func valueColumn(_ line: String, after indent: Int) -> Int? {
        var column = indent
        let characters = Array(line)
        while column < characters.count, characters[column] != ":" { column += 1 }
        guard column < characters.count else { return nil }
        column += 1
        while column < characters.count, characters[column] == " " { column += 1 }
        return column
    }

    /// Where what follows a key starts, wherever the key stands in the line; quotes around it do not matter.
    private static func column(of key: String, in line: String) -> Int? {
        let characters = Array(line)
        let wanted = Array(key)
        guard characters.count > wanted.count else { return nil }
        for start in 0...(characters.count - wanted.count) where characters[start..<(start + wanted.count)].elementsEqual(wanted) {
            if start > 0, characters[start - 1].isLetter || characters[start - 1] == "." || characters[start - 1] == "/" { continue }
            var column = start + wanted.count
            if column < characters.count, characters[column] == "\"" || characters[column] == "'" { column += 1 }
            while column < characters.count, characters[column] == " " { column += 1 }
            guard column < characters.count, characters[column] == ":" else { continue }
            column += 1
            while column < characters.count, characters[column] == " " { column += 1 }
            return column
        }
        return nil
    }
}
