/// Lines of cells that stand under each other.
struct TextColumns: Sendable {
    private var widths: [Int]
    private let titles: [String]
    private(set) var rows: [[TextSpan]] = []
    /// Wider cells are cut, but for the last one.
    static let maximumWidth = 48

    /// Columns with titles.
    init(_ titles: [String]) {
        self.titles = titles
        widths = titles.map(\.count)
    }

    /// Adds a line: a cell for each column.
    mutating func add(_ cells: [TextSpan]) {
        var row: [TextSpan] = []
        for (index, cell) in cells.prefix(titles.count).enumerated() {
            var cell = cell
            if index < titles.count - 1, cell.text.count > Self.maximumWidth { cell.text = "\(cell.text.prefix(Self.maximumWidth - 1))…" }
            widths[index] = max(widths[index], cell.text.count)
            row.append(cell)
        }
        rows.append(row)
    }

    /// The titles.
    var header: [TextSpan] { padded(titles.map { TextSpan($0, .dim) }) }

    /// A line.
    func line(_ index: Int) -> [TextSpan] { padded(rows[index]) }

    private func padded(_ cells: [TextSpan]) -> [TextSpan] {
        cells.enumerated().map { index, cell in
            guard index < cells.count - 1 else { return cell }
            return TextSpan(cell.text + String(repeating: " ", count: widths[index] + 2 - cell.text.count), cell.tone)
        }
    }
}

extension DetailText {
    /// Adds the titles and lines of columns; `link` says what the line of an index stands for.
    mutating func lineUp(_ columns: TextColumns, link: (Int) -> DetailLink?) {
        cutLine(columns.header)
        for index in columns.rows.indices {
            line(columns.line(index))
            if let link = link(index) { self.link(link) }
        }
    }
}

/// Sizes in few letters.
enum ByteText {
    /// `999 B`, `1.5 KiB`, `20 MiB`.
    static func short(_ bytes: Int64) -> String {
        for (unit, size) in [("TiB", Int64(1) << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] where bytes >= size {
            let tenths = bytes / (size / 10)
            return tenths < 100 ? "\(tenths / 10).\(tenths % 10) \(unit)" : "\(bytes / size) \(unit)"
        }
        return "\(bytes) B"
    }
}
