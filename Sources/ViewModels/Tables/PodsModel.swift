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
    /// When it was measured, where the source tells pods by their names: a pod that was made later had a namesake.
    package var measuredAt: Timestamp?
    /// A pod's use.
    package init(
        cpu: Int64?, memory: Int64?, isCPULimitEnforced: Bool = true, isMemoryLimitEnforced: Bool = true, measuredAt: Timestamp? = nil
    ) {
        self.measuredAt = measuredAt
        self.cpu = cpu
        self.memory = memory
        self.isCPULimitEnforced = isCPULimitEnforced
        self.isMemoryLimitEnforced = isMemoryLimitEnforced
    }
}

/// The table of pods: its own columns, with what pods use beside what they asked for.
@MainActor package final class PodsModel: ResourcesModel {
    /// Pods that have not ended for good.
    private(set) var runningCount = 0

    /// An empty table.
    package init(signal: ChangeSignal) { super.init(signal: signal, title: "Pods", layout: PodRow.columns) }

    /// The pod under the cursor.
    package var selectedPod: PodRow? { selectedRow.flatMap { PodRow($0) } }
    /// Every pod of every namespace, in no order.
    package var all: [PodRow] { allRows.compactMap { PodRow($0) } }
    /// One pod.
    package func pod(uid: String) -> PodRow? { row(uid: uid).flatMap { PodRow($0) } }

    /// Adds pods and replaces those that are there.
    package func upsert(_ pods: [PodRow], now: Timestamp) { upsert(pods.lazy.map(\.row), now: now) }

    override func rowChanged(from old: ResourceRow?, to new: ResourceRow?) {
        super.rowChanged(from: old, to: new)
        if let old, !PodRow.isFinished(old) { runningCount -= 1 }
        if let new, !PodRow.isFinished(new) { runningCount += 1 }
    }

    package override func removeAll() {
        runningCount = 0
        super.removeAll()
    }
}
