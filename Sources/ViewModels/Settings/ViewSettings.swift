import APIMachinery
package import KubeClient

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
        /// Whether it stands at the left: `L`.
        package var isLeftAligned = false
        /// Whether its value is an age: `T`.
        package var isTime = false
        /// Whether its values are ordered as numbers: `N`.
        package var isNumber = false
        /// As it is written.
        package var text: String
        /// The id of the column in a table.
        package var id: String { name.lowercased() }
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
        switch Column.read(text) {
        case .success(let column): return column
        case .failure(let problem):
            node.report(problem.message)
            return nil
        }
    }

    /// Whether it is the view of a kind in a namespace; nil for several namespaces. The kind may be written `v1/pods`, `apps/v1/deployments`,
    /// `deployments.apps` or by any of its names; a namespace is a regular expression.
    package func fits(_ kind: ServedKind, namespace: String?) -> Bool {
        let parts = self.kind.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 {
            // best effort: what is no regular expression fits the namespace of exactly that name.
            guard let namespace else { return false }
            let pattern = try? Pattern(String(parts[1]))
            guard parts[1] == namespace || pattern?.matches(namespace) == true else { return false }
        }
        let words = parts[0].split(separator: "/").map(String.init)
        let resource = kind.resource
        return switch words.count {
        case 1: kind.answers(to: words[0])
        case 2: resource.group.isEmpty && words == [resource.version, resource.resource]
        case 3: words == [resource.group, resource.version, resource.resource]
        default: false
        }
    }

    /// Whether it is for some namespaces only.
    package var isForNamespace: Bool { kind.contains("@") }
}

extension ViewSettings.Column {
    /// Why a text is no column.
    package struct Problem: Error {
        /// The reason, for people.
        package let message: String
    }

    /// Reads `NAME`, `NAME|W` or `NAME:.status.podIP|WR`.
    package static func read(_ text: String) -> Result<Self, Problem> {
        let example = "a column like NAME or IP:.status.podIP|W"
        let halves = text.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = (halves.first ?? "").split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty else { return .failure(Problem(message: "\(text.debugDescription) is not \(example)")) }
        var column = Self(name: String(name), path: parts.count == 2 ? String(parts[1]) : nil, text: text)
        if let path = column.path {
            do throws(ValuePathError) {
                _ = try ValuePath(parsing: Self.bare(path))
            } catch {
                return .failure(Problem(message: "\(path) is no path like .status.podIP: \(error.message)"))
            }
        }
        for letter in halves.count == 2 ? halves[1] : "" {
            switch letter {
            case "W": column.isWide = true
            case "H": column.isHidden = true
            case "R": column.isRightAligned = true
            case "L": column.isLeftAligned = true
            case "S": column.isWide = false
            case "T": column.isTime = true
            case "N": column.isNumber = true
            default:
                return .failure(
                    Problem(
                        message: "\(letter) is not an attribute of a column; they are T time, N number, W wide, S shown, H hidden, L left, R right"))
            }
        }
        return .success(column)
    }

    /// A path without the braces that kubectl wants.
    static func bare(_ path: String) -> String { path.hasPrefix("{") && path.hasSuffix("}") ? String(path.dropFirst().dropLast()) : path }
}
