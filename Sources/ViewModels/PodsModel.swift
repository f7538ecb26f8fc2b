package import LinuxKernel

package struct PodRow: Sendable, Hashable {
    package var uid: String
    package var namespace: String
    package var name: String
    package var readyCount: Int
    package var containerCount: Int
    package var status: String
    package var tone: Tone
    package var restarts: Int
    package var createdAt: Timestamp?
    package var node: String
    package var ip: String
    package var cpu: Usage
    package var memory: Usage
    package var containers: [String]
    package var isDeleting: Bool
    package var reason: String?
    package init(
        uid: String, namespace: String, name: String, readyCount: Int, containerCount: Int, status: String, tone: Tone, restarts: Int, createdAt: Timestamp?,
        node: String, ip: String, cpu: Usage, memory: Usage, containers: [String], isDeleting: Bool = false, reason: String? = nil
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.readyCount = readyCount
        self.containerCount = containerCount
        self.status = status
        self.tone = tone
        self.restarts = restarts
        self.createdAt = createdAt
        self.node = node
        self.ip = ip
        self.cpu = cpu
        self.memory = memory
        self.containers = containers
        self.isDeleting = isDeleting
        self.reason = reason
    }
}

@MainActor package final class PodsModel: TableModel {
    private let signal: ChangeSignal
    private var pods: [String: PodRow] = [:]
    private var changes: [String: (UInt64, Timestamp)] = [:]
    private var order: [String] = []
    private var marks: Set<String> = []
    package var showsNamespace = true { didSet { signal.touch() } }
    package var notice: String?
    package var filter = "" { didSet { reorder() } }
    package var sort = TableSort(column: "name") { didSet { reorder() } }
    package private(set) var selectedUID: String?
    package init(signal: ChangeSignal) { self.signal = signal }
    package var title: String { "Pods" }
    package var columns: [TableColumn] {
        let namespace = TableColumn(id: "namespace", title: "NAMESPACE", minimumWidth: 7, maximumWidth: 24, priority: 3)
        return (showsNamespace ? [namespace] : []) + [
            TableColumn(id: "name", title: "NAME", minimumWidth: 14, maximumWidth: 60, priority: 0),
            TableColumn(id: "ready", title: "READY", alignment: .right, minimumWidth: 5, maximumWidth: 5, priority: 2),
            TableColumn(id: "status", title: "STATUS", minimumWidth: 9, maximumWidth: 24, priority: 0),
            TableColumn(id: "restarts", title: "RST", alignment: .right, minimumWidth: 3, maximumWidth: 5, priority: 4),
            TableColumn(id: "cpu", title: "CPU", minimumWidth: 12, maximumWidth: 18, priority: 5),
            TableColumn(id: "memory", title: "MEMORY", minimumWidth: 12, maximumWidth: 18, priority: 6),
            TableColumn(id: "age", title: "AGE", alignment: .right, minimumWidth: 4, maximumWidth: 6, priority: 1),
            TableColumn(id: "node", title: "NODE", minimumWidth: 6, maximumWidth: 20, priority: 8),
            TableColumn(id: "ip", title: "IP", minimumWidth: 9, maximumWidth: 15, priority: 7),
        ]
    }
    package var count: Int { order.count }
    package var total: Int { pods.count }
    package var markedCount: Int { marks.count }
    package var selectedIndex: Int? { selectedUID.flatMap { order.firstIndex(of: $0) } }
    package var selectedPod: PodRow? { selectedUID.flatMap { pods[$0] } }
    package func pod(uid: String) -> PodRow? { pods[uid] }
    package func row(at index: Int) -> TableRow {
        let pod = pods[order[index]]!
        let ready: Tone = pod.readyCount == pod.containerCount ? .normal : .warning
        var cells: [TableCell] = [
            .text(pod.name, .normal), .text("\(pod.readyCount)/\(pod.containerCount)", pod.tone == .done ? .dim : ready), .text(pod.status, pod.tone),
            .number(pod.restarts, pod.restarts == 0 ? .dim : .warning), .usage(pod.cpu), .usage(pod.memory), .age(pod.createdAt), .text(pod.node, .dim),
            .text(pod.ip, .dim),
        ]
        if showsNamespace { cells.insert(.text(pod.namespace, .dim), at: 0) }
        let change = changes[pod.uid]
        return TableRow(
            uid: pod.uid, cells: cells, isMarked: marks.contains(pod.uid), isFading: pod.isDeleting, changed: (change?.0 ?? 0) << (showsNamespace ? 1 : 0),
            changedAt: change?.1)
    }
    package func select(index: Int) {
        guard order.indices.contains(index) else { return }
        selectedUID = order[index]
        signal.touch()
    }
    package func moveSelection(by amount: Int) {
        guard !order.isEmpty else { return }
        select(index: max(0, min(order.count - 1, (selectedIndex ?? 0) + amount)))
    }
    package func toggleMark() {
        guard let uid = selectedUID else { return }
        if marks.remove(uid) == nil { marks.insert(uid) }
        signal.touch()
    }
    package func upsert(_ rows: [PodRow], now: Timestamp) {
        for row in rows {
            if let old = pods[row.uid] {
                var bits: UInt64 = 0
                if old.readyCount != row.readyCount { bits |= 2 }
                if old.status != row.status { bits |= 4 }
                if old.restarts != row.restarts { bits |= 8 }
                if bits != 0 { changes[row.uid] = (bits, now) }
            }
            pods[row.uid] = row
        }
        reorder()
    }
    package func remove(uids: [String]) {
        for uid in uids {
            pods[uid] = nil
            marks.remove(uid)
        }
        reorder()
    }
    private func reorder() {
        let before = selectedIndex
        let wanted = filter.lowercased()
        let kept = pods.values.filter { wanted.isEmpty || $0.name.lowercased().contains(wanted) || $0.status.lowercased().contains(wanted) }
        let sorted = kept.sorted { a, b in
            switch sort.column {
            case "age": (a.createdAt, a.name) > (b.createdAt, b.name)
            case "status": (a.status, a.name) < (b.status, b.name)
            default: (a.name, a.namespace) < (b.name, b.namespace)
            }
        }
        order = (sort.isDescending ? sorted.reversed() : sorted).map(\.uid)
        if selectedUID == nil || !order.contains(selectedUID!) {
            selectedUID = order.isEmpty ? nil : order[min(before ?? 0, order.count - 1)]
        }
        signal.touch()
    }
}

private func > (a: (Timestamp?, String), b: (Timestamp?, String)) -> Bool {
    switch (a.0, b.0) {
    case (let x?, let y?) where x != y: x > y
    default: a.1 < b.1
    }
}
