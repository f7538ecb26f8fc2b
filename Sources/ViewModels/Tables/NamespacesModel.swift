/// The namespaces pane; its first row, with the uid "", stands for all.
@MainActor package final class NamespacesModel: TableModel {
    private let signal: ChangeSignal
    /// Told when the user picks a namespace; nil for all.
    package var onSelect: (String?) -> Void = { _ in }
    /// The namespaces, in any order.
    package var rows: [NamespaceRow] = [] { didSet { if rows != oldValue { refresh() } } }
    /// Whether namespaces cannot be listed, so that there may be others.
    var mayBeOthers = false
    private var shown: [NamespaceRow] = []
    /// The namespaces in force, wherever the cursor is.
    var current: NamespaceScope = .all { didSet { if current != oldValue { signal.touch() } } }
    package var notice: String? { didSet { signal.touch() } }
    package var filter = "" { didSet { refresh() } }
    package var sort = TableSort(column: "name") { didSet { refresh() } }
    package private(set) var selectedUID: String? = ""
    private var marks: Set<String> = []
    /// An empty pane.
    package init(signal: ChangeSignal) {
        self.signal = signal
        refresh()
    }
    package var title: String { "Namespaces" }
    package let columns = [
        TableColumn(id: "name", title: "NAME", minimumWidth: 8, maximumWidth: 40, priority: 0),
        TableColumn(id: "status", title: "STATUS", minimumWidth: 6, maximumWidth: 12, priority: 2),
        TableColumn(id: "pods", title: "PODS", alignment: .right, minimumWidth: 4, maximumWidth: 6, priority: 1),
    ]
    package var count: Int { shown.count }
    package var total: Int { rows.count + 1 }
    package var markedCount: Int { marks.count }
    package var selectedIndex: Int? { selectedUID.flatMap { uid in shown.firstIndex { $0.uid == uid } } }
    /// The namespace under the cursor; nil on the row for all.
    package var selectedRow: NamespaceRow? { rows.first { $0.uid == selectedUID } }

    package func row(at index: Int) -> TableRow {
        let row = shown[index]
        return TableRow(
            uid: row.uid,
            cells: [
                .text(row.name, isCurrent(row) ? .accent : .normal), .text(row.status, row.tone),
                row.podCount.map { .number($0, $0 == 0 ? .dim : .normal) } ?? .text("", .dim),
            ], isMarked: marks.contains(row.uid), isFading: row.status == "Terminating")
    }

    private func isCurrent(_ row: NamespaceRow) -> Bool { row.uid.isEmpty ? current == .all : current != .all && current.contains(row.name) }
    /// The names of the marked namespaces.
    package var markedNames: [String] { rows.filter { marks.contains($0.uid) }.map(\.name) }

    package func select(index: Int) {
        guard shown.indices.contains(index), shown[index].uid != selectedUID else { return }
        selectedUID = shown[index].uid
        onSelect(shown[index].uid.isEmpty ? nil : shown[index].name)
        signal.touch()
    }

    /// Puts the cursor on a namespace without telling ``onSelect``; nil for the row of all.
    package func point(to name: String?) {
        selectedUID = name.flatMap { name in rows.first { $0.name == name }?.uid } ?? ""
        signal.touch()
    }

    package func moveSelection(by amount: Int) {
        guard !shown.isEmpty else { return }
        select(index: max(0, min(shown.count - 1, (selectedIndex ?? 0) + amount)))
    }

    package func toggleMark() {
        guard let uid = selectedUID, !uid.isEmpty else { return }
        if marks.remove(uid) == nil { marks.insert(uid) }
        signal.touch()
    }

    private func refresh() {
        let before = selectedIndex
        let filter = RowFilter(filter)
        let total = rows.reduce(0) { $0 + ($1.podCount ?? 0) }
        let all = NamespaceRow(uid: "", name: "all", status: "", tone: .dim, podCount: total, createdAt: nil)
        let kept = rows.filter { filter.passes([("name", $0.name), ("status", $0.status)]) }.sorted { a, b in
            switch sort.column {
            case "pods" where a.podCount != b.podCount: (a.podCount ?? 0) < (b.podCount ?? 0)
            case "status" where a.status != b.status: a.status < b.status
            default: a.name < b.name
            }
        }
        shown = [all] + (sort.isDescending ? kept.reversed() : kept)
        marks.formIntersection(rows.map(\.uid))
        // The namespace may have gone: its neighbour gets the cursor, but the shown namespace stays what the user chose.
        if let uid = selectedUID, !uid.isEmpty, !rows.contains(where: { $0.uid == uid }) {
            selectedUID = shown[min(before ?? 0, shown.count - 1)].uid
        }
        signal.touch()
    }
}
