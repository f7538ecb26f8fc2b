/// What to do with a pod.
package enum SchedulingDecision: Sendable, Hashable {
    /// Bind it to the node of that name.
    case bind(String)
    /// It fits nowhere; the message says why, in kube-scheduler's words.
    case unschedulable(String)
}
