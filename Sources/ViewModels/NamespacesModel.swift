package import LinuxKernel

package struct NamespaceRow: Sendable, Hashable {
    package var uid: String
    package var name: String
    package var status: String
    package var tone: Tone
    package var podCount: Int?
    package var createdAt: Timestamp?
    package init(uid: String, name: String, status: String, tone: Tone, podCount: Int?, createdAt: Timestamp?) {
        self.uid = uid
        self.name = name
        self.status = status
        self.tone = tone
        self.podCount = podCount
        self.createdAt = createdAt
    }
}

@MainActor package final class NamespacesModel: TableModel {
    private let signal: ChangeSignal
    package var onSelect: (String?) -> Void = { _ in }
    package var rows: [NamespaceRow] = [] { didSet { refresh() } }
    private var shown: [NamespaceRow] = []
    package var notice: String?
    package var filter = "" { didSet { refresh() } }
    package var sort = TableSort(column: "name") { didSet { refresh() } }
    package private(set) var selectedUID: String? = ""
    private var marks: Set<String> = []
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
    package func row(at index: Int) -> TableRow {
        let row = shown[index]
        return TableRow(
            uid: row.uid,
            cells: [
                .text(row.name, row.uid.isEmpty ? .accent : .normal), .text(row.status, row.tone),
                row.podCount.map { .number($0, $0 == 0 ? .dim : .normal) } ?? .text("", .dim),
            ], isMarked: marks.contains(row.uid), isFading: row.status == "Terminating")
    }
    package func select(index: Int) {
        guard shown.indices.contains(index) else { return }
        selectedUID = shown[index].uid
        onSelect(shown[index].uid.isEmpty ? nil : shown[index].name)
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
        let wanted = filter.lowercased()
        let total = rows.reduce(0) { $0 + ($1.podCount ?? 0) }
        let all = NamespaceRow(uid: "", name: "all", status: "", tone: .dim, podCount: total, createdAt: nil)
        shown = [all] + rows.filter { wanted.isEmpty || $0.name.lowercased().contains(wanted) }.sorted { $0.name < $1.name }
        signal.touch()
    }
}
