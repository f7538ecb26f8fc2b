import JSONCore
import KubeSchemas

/// A taint, read once: a decision looks at the taints of every node.
struct NodeTaint: Sendable, Hashable {
    let key: String
    let value: String
    let effect: String
    /// Whether it keeps pods off rather than to make the node worse.
    let isHard: Bool
    private let original: Taint

    init(_ taint: Taint) {
        (key, value, effect, original) = (taint.key, taint.taintValue, taint.effect, taint)
        isHard = effect == "NoSchedule" || effect == "NoExecute"
    }

    /// What a cordon is to pods.
    static let cordon = NodeTaint(Taint(["key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"]))

    /// A toleration, read once.
    struct Tolerance: Sendable {
        private let key: String
        private let value: String
        private let effect: String
        private let kind: String
        private let original: Toleration

        init(_ toleration: Toleration) {
            (key, value, effect) = (toleration.key, toleration.taintValue, toleration.effect)
            (kind, original) = (toleration.operator, toleration)
        }

        /// Whether the pod bears the taint.
        func bears(_ taint: NodeTaint) -> Bool {
            guard effect.isEmpty || effect == taint.effect, key.isEmpty || key == taint.key else { return false }
            switch kind {
            case "Exists": return true
            case "Equal", "": return !key.isEmpty && value == taint.value
            default: return original.tolerates(taint.original)
            }
        }
    }
}
