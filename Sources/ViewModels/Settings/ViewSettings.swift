/// One view of `views.yaml`: the columns of a kind and how it is sorted. Format: k9s.
package struct ViewSettings: Sendable, Hashable {
    /// One column: `NAME`, `NAME|W` or `NAME:.status.podIP|WR`.
    package struct Column: Sendable, Hashable {
        /// The heading.
        package var name: String
        /// Where its value is in the object, as kubectl's JSONPath; nil for a column that the table has.
        package var path: String?
        /// Whether it is only shown in wide tables: `W`.
        package var isWide = false
        /// Whether it is not shown: `H`.
        package var isHidden = false
        /// Whether it stands at the right: `R`.
        package var isRightAligned = false
        /// Whether its value is an age: `T`.
        package var isTime = false
        /// Whether its values are ordered as numbers: `N`.
        package var isNumber = false
    }

    /// The kind, as typed after `:`, with `@namespace` when it is for one only.
    package var kind: String
    /// The columns, in order; none for the table's own.
    package var columns: [Column] = []
    /// The column that orders the rows.
    package var sortColumn: String?
    /// Whether the last comes first.
    package var isDescending = false

    static func read(_ root: SettingsNode) -> [ViewSettings] {
        root.members(known: ["views"]).flatMap { _, views in views.members().map { ViewSettings(kind: $0.key, $0.node) } }
    }

    private init(kind: String, _ node: SettingsNode) {
        self.kind = kind
        for (key, value) in node.members(known: ["columns", "sortColumn"]) {
            if key == "columns" {
                columns = value.elements().compactMap(Self.column)
            } else if let text = value.text("NAME:asc or NAME:desc") {
                readSort(text, value)
            }
        }
    }

    private mutating func readSort(_ text: String, _ node: SettingsNode) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.first, !name.isEmpty, ["asc", "desc"].contains(parts.count == 2 ? parts[1] : "asc") else {
            return node.refuse("NAME, NAME:asc or NAME:desc")
        }
        sortColumn = String(name)
        isDescending = parts.count == 2 && parts[1] == "desc"
    }

    private static func column(_ node: SettingsNode) -> Column? {
        guard let text = node.text("a column like NAME or IP:.status.podIP|W") else { return nil }
        let halves = text.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty else {
            node.refuse("a column like NAME or IP:.status.podIP|W")
            return nil
        }
        var column = Column(name: String(name), path: parts.count == 2 ? String(parts[1]) : nil)
        for letter in halves.count == 2 ? halves[1] : "" {
            switch letter {
            case "W": column.isWide = true
            case "H": column.isHidden = true
            case "R": column.isRightAligned = true
            case "L", "S": break
            case "T": column.isTime = true
            case "N": column.isNumber = true
            default:
                node.report("\(letter) is not an attribute of a column; they are T time, N number, W wide, S shown, H hidden, L left, R right")
                return nil
            }
        }
        return column
    }
}
