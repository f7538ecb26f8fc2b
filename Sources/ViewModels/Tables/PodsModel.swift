package import LinuxKernel

/// What one pod uses now.
package struct PodUsage: Sendable, Hashable {
    /// CPU over the last second, in thousandths of a core; nil before the second sample.
    package var cpu: Int64?
    /// Memory that cannot be reclaimed without pain, in bytes.
    package var memory: Int64?
    /// Whether the kernel holds the CPU limit.
    package var isCPULimitEnforced: Bool
    /// Whether the kernel holds the memory limit.
    package var isMemoryLimitEnforced: Bool
    /// A pod's use.
    package init(cpu: Int64?, memory: Int64?, isCPULimitEnforced: Bool = true, isMemoryLimitEnforced: Bool = true) {
        self.cpu = cpu
        self.memory = memory
        self.isCPULimitEnforced = isCPULimitEnforced
        self.isMemoryLimitEnforced = isMemoryLimitEnforced
    }
}

/// The pods pane. Holds every namespace's pods and shows one's, or all; the order is computed when it is read, so that a burst of changes
/// costs one sort a frame.
@MainActor package final class PodsModel: TableModel {
    private let signal: ChangeSignal
    private var pods: [String: PodRow] = [:]
    private var usage: [String: PodUsage] = [:]
    private var changes: [String: (bits: UInt64, at: Timestamp)] = [:]
    private var shown: [String] = []
    private var places: [String: Int]?
    private var isOrdered = true
    private var marks: Set<String> = []
    private var selected: String?
    /// The pod that vanished from under the cursor, until the user moves it or has been told.
    private var vanished: String?
    /// Pods in each namespace.
    private(set) var countByNamespace: [String: Int] = [:]
    /// Pods that have not ended for good.
    private(set) var runningCount = 0
    /// Told when the user, and not a vanished pod, moved the cursor.
    package var onSelect: (PodRow) -> Void = { _ in }
    /// Whether the namespace is a column.
    package var showsNamespace = true { didSet { signal.touch() } }
    /// The namespace whose pods are shown; nil for all.
    package var namespace: String? {
        didSet {
            guard namespace != oldValue else { return }
            showsNamespace = namespace == nil
            reorder()
        }
    }
    package var notice: String? { didSet { signal.touch() } }
    package var filter = "" {
        didSet {
            let before = selected
            reorder()
            // The user's filter took the cursor elsewhere.
            if let pod = selectedPod, pod.uid != before { onSelect(pod) }
        }
    }
    package var sort = TableSort(column: "name") { didSet { reorder() } }
    /// An empty pane.
    package init(signal: ChangeSignal) { self.signal = signal }
    package var title: String { "Pods" }

    package var columns: [TableColumn] {
        let namespace = TableColumn(id: "namespace", title: "NAMESPACE", minimumWidth: 10, maximumWidth: 24, priority: 3)
        return (showsNamespace ? [namespace] : []) + [
            TableColumn(id: "name", title: "NAME", minimumWidth: 14, maximumWidth: 60, priority: 0),
            TableColumn(id: "ready", title: "READY", alignment: .right, minimumWidth: 5, maximumWidth: 5, priority: 2),
            TableColumn(id: "status", title: "STATUS", minimumWidth: 9, maximumWidth: 24, priority: 0),
            TableColumn(id: "restarts", title: "RST", alignment: .right, minimumWidth: 3, maximumWidth: 5, priority: 4),
            TableColumn(id: "cpu", title: "CPU", minimumWidth: 13, maximumWidth: 18, priority: 5),
            TableColumn(id: "memory", title: "MEMORY", minimumWidth: 13, maximumWidth: 18, priority: 6),
            TableColumn(id: "age", title: "AGE", alignment: .right, minimumWidth: 4, maximumWidth: 7, priority: 1, isWhole: true),
            TableColumn(id: "node", title: "NODE", minimumWidth: 10, maximumWidth: 20, priority: 8),
            TableColumn(id: "ip", title: "IP", minimumWidth: 9, maximumWidth: 15, priority: 7, isWhole: true),
        ]
    }

    private var order: [String] {
        if !isOrdered { computeOrder() }
        return shown
    }
    package var count: Int { order.count }
    package var total: Int { namespace.map { countByNamespace[$0] ?? 0 } ?? pods.count }
    package var markedCount: Int { marks.count }
    package var selectedUID: String? {
        if !isOrdered { computeOrder() }
        return selected
    }
    package var selectedIndex: Int? { selectedUID.flatMap(place) }
    /// The pod under the cursor.
    package var selectedPod: PodRow? { selectedUID.flatMap { pods[$0] } }
    /// The marked pods, or else the one under the cursor.
    package var chosenPods: [PodRow] {
        marks.isEmpty ? selectedPod.map { [$0] } ?? [] : order.filter(marks.contains).compactMap { pods[$0] }
    }
    /// Every pod of every namespace, in no order.
    package var all: some Collection<PodRow> { pods.values }
    /// One pod.
    package func pod(uid: String) -> PodRow? { pods[uid] }

    private func place(_ uid: String) -> Int? {
        if !isOrdered { computeOrder() }
        if places == nil { places = Dictionary(order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first }) }
        return places?[uid]
    }

    package func row(at index: Int) -> TableRow {
        guard order.indices.contains(index), let pod = pods[order[index]] else { return TableRow(uid: "", cells: []) }
        let ready: Tone = pod.readyCount == pod.containerCount ? .normal : .warning
        var (cpu, memory) = (pod.cpu, pod.memory)
        if let usage = usage[pod.uid] { usage.overlay(&cpu, &memory) }
        var cells: [TableCell] = [
            .text(pod.name, .normal), .text("\(pod.readyCount)/\(pod.containerCount)", pod.tone == .done ? .dim : ready),
            .text(pod.status, pod.tone),
            .number(pod.restarts, pod.restarts == 0 ? .dim : .warning), .usage(cpu), .usage(memory), .age(pod.createdAt),
            .text(pod.node, .dim),
            .text(pod.ip, .dim),
        ]
        if showsNamespace { cells.insert(.text(pod.namespace, .dim), at: 0) }
        let change = changes[pod.uid]
        return TableRow(
            uid: pod.uid, cells: cells, isMarked: marks.contains(pod.uid), isFading: pod.isDeleting,
            changed: (change?.bits ?? 0) << (showsNamespace ? 1 : 0),
            changedAt: change?.at)
    }

    package func select(index: Int) {
        guard order.indices.contains(index) else { return }
        let isMove = selected != order[index]
        vanished = nil
        selected = order[index]
        if isMove, let pod = selectedPod { onSelect(pod) }
        signal.touch()
    }

    /// Puts the cursor on a pod when it is shown.
    package func select(uid: String) {
        if let index = place(uid) { select(index: index) }
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

    /// Names the pod that vanished from under the cursor, once: whoever is told knows where the cursor is now.
    package func takeVanished() -> String? {
        defer { vanished = nil }
        return vanished
    }

    /// Takes every mark away.
    package func clearMarks() {
        marks = []
        signal.touch()
    }

    /// Adds pods and replaces those that are there; only a change of place costs a sort.
    package func upsert(_ rows: [PodRow], now: Timestamp) {
        for row in rows {
            let old = pods[row.uid]
            if let old {
                guard old != row else { continue }
                var bits: UInt64 = 0
                if old.readyCount != row.readyCount { bits |= 2 }
                if old.status != row.status { bits |= 4 }
                if old.restarts != row.restarts { bits |= 8 }
                if bits != 0 { changes[row.uid] = (bits, now) }
            }
            pods[row.uid] = row
            if let old { count(old, -1) }
            count(row, 1)
            if old.map({ isMoved($0, row) }) ?? true { reorder() }
        }
        signal.touch()
    }

    /// Takes pods away.
    package func remove(uids: [String]) {
        var isChanged = false
        for uid in uids where pods[uid] != nil {
            // The neighbour is found in the order as it was.
            if !isOrdered { computeOrder() }
            if let old = pods.removeValue(forKey: uid) {
                count(old, -1)
                if uid == selected { vanished = "\(old.namespace)/\(old.name)" }
            }
            usage[uid] = nil
            changes[uid] = nil
            marks.remove(uid)
            isChanged = true
        }
        if isChanged { reorder() }
    }

    /// Takes everything away: another cluster is shown.
    package func removeAll() {
        (pods, usage, changes, marks, selected, vanished) = ([:], [:], [:], [], nil, nil)
        (countByNamespace, runningCount) = ([:], 0)
        reorder()
    }

    /// Replaces what pods use; pods that are left out have no sample.
    package func setUsage(_ samples: [String: PodUsage]) {
        guard usage != samples else { return }
        usage = samples
        if sort.column == "cpu" || sort.column == "memory" { reorder() }
        signal.touch()
    }

    private func count(_ pod: PodRow, _ amount: Int) {
        countByNamespace[pod.namespace, default: 0] += amount
        if !pod.isFinished { runningCount += amount }
    }

    private func reorder() {
        isOrdered = false
        signal.touch()
    }

    private func isMoved(_ old: PodRow, _ new: PodRow) -> Bool {
        if old.name != new.name || old.namespace != new.namespace || !filter.isEmpty && old.status != new.status { return true }
        switch sort.column {
        case "status": return old.status != new.status
        case "restarts": return old.restarts != new.restarts
        case "ready": return old.readyCount != new.readyCount
        case "node": return old.node != new.node
        case "ip": return old.ip != new.ip
        case "age": return old.createdAt != new.createdAt
        default: return false
        }
    }

    private func computeOrder() {
        let before = selected.flatMap { shown.firstIndex(of: $0) }
        let filter = RowFilter(filter)
        let kept = pods.values.filter {
            (namespace == nil || $0.namespace == namespace) && filter.passes($0.name, $0.status, namespace == nil ? $0.namespace : "")
        }
        let comparison = PodOrder(column: sort.column, usage: usage)
        let sorted = kept.sorted { sort.isDescending ? comparison.isBefore($1, $0) : comparison.isBefore($0, $1) }
        shown = sorted.map(\.uid)
        places = nil
        isOrdered = true
        if selected == nil || place(selected!) == nil { selected = shown.isEmpty ? nil : shown[min(before ?? 0, shown.count - 1)] }
    }
}

/// A complete order of pods, so that rows never swap without a reason.
private struct PodOrder {
    let column: String
    let usage: [String: PodUsage]

    func isBefore(_ a: PodRow, _ b: PodRow) -> Bool {
        switch column {
        case "age" where a.createdAt != b.createdAt: (a.createdAt ?? .distantFuture) > (b.createdAt ?? .distantFuture)
        case "status" where a.status != b.status: a.status < b.status
        case "restarts" where a.restarts != b.restarts: a.restarts > b.restarts
        case "ready" where a.readyCount != b.readyCount: a.readyCount < b.readyCount
        case "cpu" where cpu(a) != cpu(b): cpu(a) > cpu(b)
        case "memory" where memory(a) != memory(b): memory(a) > memory(b)
        case "node" where a.node != b.node: a.node < b.node
        case "ip" where a.ip != b.ip: a.ip < b.ip
        case "namespace" where a.namespace != b.namespace: a.namespace < b.namespace
        default: (a.name, a.namespace, a.uid) < (b.name, b.namespace, b.uid)
        }
    }

    private func cpu(_ row: PodRow) -> Int64 { usage[row.uid]?.cpu ?? row.cpu.used ?? -1 }
    private func memory(_ row: PodRow) -> Int64 { usage[row.uid]?.memory ?? row.memory.used ?? -1 }
}

extension PodUsage {
    fileprivate func overlay(_ cpu: inout Usage, _ memory: inout Usage) {
        (cpu.used, memory.used) = (self.cpu, self.memory)
        if cpu.limit != nil, !isCPULimitEnforced { (cpu.isLimitEnforced, cpu.note) = (false, "not enforced") }
        if memory.limit != nil, !isMemoryLimitEnforced { (memory.isLimitEnforced, memory.note) = (false, "not enforced") }
    }
}

extension Timestamp {
    fileprivate static let distantFuture = Timestamp(seconds: .max)
}
