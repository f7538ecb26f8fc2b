/// Texts of the screen as they are saved and copied.
enum SavedText {
    /// A name that no folder gives a meaning, from one that may hold anything.
    static func fileName(_ name: String) -> String {
        let plain = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) ? $0 : "-" }.prefix(120)).lowercased()
        return plain.hasPrefix(".") ? "text\(plain)" : plain
    }

    /// A line without what would drive a terminal that shows the file.
    static func plain(_ line: String) -> String {
        guard line.unicodeScalars.contains(where: isControl) else { return line }
        return String(String.UnicodeScalarView(line.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 && scalar != "\t" || (0x7F..<0xA0).contains(scalar.value) }
}

extension DetailModel {
    /// The text line by line; of a chart what it is of and its values, the oldest first.
    var plainLines: [String] {
        lines.enumerated().map { index, spans in SavedText.plain(charts[index].map(Self.plain) ?? spans.map(\.text).joined()) }
    }

    /// What a file with the text is called unless somebody says otherwise.
    var fileName: String { [title, binding?.name].compactMap(\.self).joined(separator: "-") + ".txt" }

    private static func plain(_ chart: ChartModel) -> String {
        let values = chart.values.map { $0.map { "\(($0 * 100).rounded() / 100)" } ?? "" }.joined(separator: " ")
        return "\(chart.title), a value every \(chart.step) s: \(values)"
    }
}

extension DiffModel {
    /// The difference line by line.
    var plainLines: [String] {
        lines.map { line in
            let sign =
                switch line.kind {
                case .added: "+"
                case .removed: "-"
                case .context: " "
                case .header, .note: ""
                }
            return SavedText.plain(sign + line.text)
        }
    }
}
