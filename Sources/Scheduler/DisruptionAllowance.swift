package import APIMachinery
package import JSONCore

/// What PodDisruptionBudgets still allow, as far as the scheduler asks.
package struct DisruptionAllowance: Sendable {
    private struct Budget {
        let namespace: String
        let selector: LabelSelector
        var left: Int64
        /// Pods whose end is counted already.
        let known: JSONObject
    }

    private var budgets: [Budget] = []
    private let labels: @Sendable (PlacedPod) -> JSONObject?

    /// Reads PodDisruptionBudgets; `labels` finds those of a pod.
    package init(_ objects: [KubeObject], labels: @escaping @Sendable (PlacedPod) -> JSONObject?) {
        self.labels = labels
        budgets = objects.compactMap { object in
            // best effort: a stored selector has been validated; an empty one selects every pod of its namespace.
            guard let value = object["spec", "selector"], let selector = try? LabelSelector(value: value) else { return nil }
            return Budget(
                namespace: object.namespace ?? "", selector: selector, left: object.integer("status", "disruptionsAllowed") ?? 0,
                known: object["status", "disruptedPods"]?.objectValue ?? JSONObject())
        }
    }

    /// Which of some pods, the most important first, could not leave together without breaking a budget.
    /// Source: kube-scheduler `preemption.filterPodsWithPDBViolation`.
    func violations(_ pods: [PlacedPod]) -> Set<String> {
        guard !budgets.isEmpty else { return [] }
        var budgets = budgets
        var found: Set<String> = []
        for pod in pods {
            guard let labels = labels(pod), !labels.isEmpty else { continue }
            for index in budgets.indices where budgets[index].namespace == pod.namespace && budgets[index].selector.matches(labels: labels) {
                if budgets[index].known[pod.name] != nil { continue }
                budgets[index].left -= 1
                if budgets[index].left < 0 { found.insert(pod.uid) }
            }
        }
        return found
    }
}
