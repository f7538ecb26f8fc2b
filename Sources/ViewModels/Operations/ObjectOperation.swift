import APIMachinery
import ClusterOperations

/// What can be done with an object of any fitting kind, beside reading and editing it.
package enum ObjectOperation: String, CaseIterable, Sendable {
    case events, tree, usedBy, rolloutStatus, history, whoCan, can, whyDenied
    case scale, restart, undo, pause, resume, setImage
    case labels, annotations, removeFinalizers, evict, cleanPods
    case cordon, uncordon, drain, taints
    case trigger, suspend, unsuspend, rerun
    case debug, attach, nodeShell, forward
    case containers, files, processes, sockets, connections, capture

    /// How it stands in the table of commands.
    struct Entry {
        var title: String
        var keys: [String]
        /// Whether it changes something, so that a protected context refuses it.
        var changes = true
        /// Whether it takes something away.
        var isDestructive = false
        /// Whether it works on all marked objects at once.
        var takesMany = false
        /// The built-in kinds it is for; nil for every kind.
        var kinds: Set<String>?
    }

    var entry: Entry {
        switch self {
        case .events: Entry(title: "Events of this object", keys: ["x e"], changes: false)
        case .tree: Entry(title: "Owners and what it owns", keys: ["x t"], changes: false)
        case .usedBy: Entry(title: "Used by: who refers to it", keys: ["x u"], changes: false)
        case .whoCan: Entry(title: "Who can do something", keys: ["x w"], changes: false)
        case .can: Entry(title: "What somebody can do", keys: ["x c"], changes: false)
        case .whyDenied: Entry(title: "Why somebody may not do something", keys: ["x d"], changes: false)
        case .rolloutStatus: Entry(title: "Rollout status", keys: ["x r"], changes: false, kinds: Self.rolled)
        case .history: Entry(title: "Rollout history with differences", keys: ["x h"], changes: false, kinds: Self.rolled)
        case .scale: Entry(title: "Scale", keys: ["a s"], takesMany: true)
        case .restart: Entry(title: "Restart: replace all pods", keys: ["a r", "r"], takesMany: true, kinds: Self.rolled)
        case .undo: Entry(title: "Undo a rollout: back to an earlier revision", keys: ["a u"], kinds: Self.rolled)
        case .pause: Entry(title: "Pause the rollout", keys: ["a p"], kinds: ["Deployment"])
        case .resume: Entry(title: "Resume the rollout", keys: ["a P"], kinds: ["Deployment"])
        case .setImage: Entry(title: "Set the image of a container", keys: ["a i"], takesMany: true, kinds: Self.templated)
        case .labels: Entry(title: "Labels", keys: ["a l"], takesMany: true)
        case .annotations: Entry(title: "Annotations", keys: ["a a"], takesMany: true)
        case .removeFinalizers: Entry(title: "Remove finalizers", keys: ["D F"], isDestructive: true)
        case .evict: Entry(title: "Evict, as far as budgets allow", keys: ["D e"], isDestructive: true, takesMany: true, kinds: ["Pod"])
        case .cleanPods: Entry(title: "Delete the finished pods of the namespace", keys: ["D c"], isDestructive: true, kinds: ["Pod", "Namespace"])
        case .cordon: Entry(title: "Cordon: keep new pods away", keys: ["a c"], takesMany: true, kinds: ["Node"])
        case .uncordon: Entry(title: "Uncordon: let new pods come", keys: ["a C"], takesMany: true, kinds: ["Node"])
        case .drain: Entry(title: "Drain: evict all pods", keys: ["D r"], isDestructive: true, kinds: ["Node"])
        case .taints: Entry(title: "Taints", keys: ["a t"], kinds: ["Node"])
        case .trigger: Entry(title: "Start a job now", keys: ["a j"], kinds: ["CronJob"])
        case .suspend: Entry(title: "Suspend", keys: ["a z"], kinds: ["CronJob", "Job"])
        case .unsuspend: Entry(title: "Lift the suspension", keys: ["a Z"], kinds: ["CronJob", "Job"])
        case .forward: Entry(title: "Forward a local port to it", keys: ["F n", "F F"], kinds: Self.forwarded)
        case .containers: Entry(title: "Containers: states, ports, probes, use", keys: ["x C"], changes: false, kinds: ["Pod"])
        case .files: Entry(title: "Files of a container", keys: ["x f"], changes: false, kinds: ["Pod"])
        case .processes: Entry(title: "Processes of a container", keys: ["x p"], changes: false, kinds: ["Pod"])
        case .sockets: Entry(title: "Sockets of a container", keys: ["x s"], changes: false, kinds: ["Pod"])
        case .connections:
            Entry(title: "Connections: who is connected or denied, and the policy", keys: ["x o"], changes: false, kinds: ["Pod", "Service", "Namespace"])
        case .capture: Entry(title: "Capture its packets", keys: ["x k"], changes: false, kinds: ["Pod"])
        case .debug: Entry(title: "Put a debug container into the pod", keys: ["a d"], kinds: ["Pod"])
        case .attach: Entry(title: "Attach to the program that runs", keys: ["a A"], kinds: ["Pod"])
        case .nodeShell: Entry(title: "Shell on the node", keys: ["a n"], kinds: ["Node"])
        case .rerun: Entry(title: "Run again as a new job", keys: ["a J"], kinds: ["Job"])
        }
    }

    /// The kinds that replace their pods themselves.
    private static let rolled: Set = ["Deployment", "StatefulSet", "DaemonSet"]
    /// The kinds with containers whose image may change.
    private static let templated: Set = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "CronJob", "Pod"]
    /// The kinds with pods that a connection can go to.
    private static let forwarded: Set = ["Pod", "Service", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"]
    /// Built-in kinds without replicas, which need not be asked.
    private static let unscaled: Set = [
        "Pod", "Namespace", "Node", "ConfigMap", "Secret", "Service", "ServiceAccount", "DaemonSet", "Job", "CronJob", "Ingress", "Event",
        "PersistentVolume", "PersistentVolumeClaim", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "StorageClass",
    ]

    /// Whether somebody who does it on a pod means what controls the pod: the Deployment, not one of its pods.
    var isForController: Bool {
        switch self {
        case .scale, .restart, .undo, .pause, .resume, .setImage, .rolloutStatus, .history: true
        default: false
        }
    }

    /// Why it is not for an object; nil when it is.
    func refusal(for binding: ObjectBinding) -> String? {
        if isForController, binding.builtinKind == "Pod" { return nil }
        if self == .scale { return binding.builtinKind.map(Self.unscaled.contains) == true ? "a \(binding.kind) has no replicas" : nil }
        if self == .usedBy {
            let isReferred = binding.target.map { UsedBy.isReferred($0.groupKind) } ?? false
            return isReferred ? nil : "nobody refers to a \(binding.kind) by its name"
        }
        guard let kinds = entry.kinds else { return nil }
        if let kind = binding.builtinKind, kinds.contains(kind) { return nil }
        return "it is for \(Self.list(kinds)), not for a \(binding.kind)"
    }

    /// `Deployments, DaemonSets and StatefulSets`.
    private static func list(_ kinds: Set<String>) -> String {
        let names = kinds.sorted().map { "\($0)s" }
        guard let last = names.last, names.count > 1 else { return names.first ?? "nothing" }
        return "\(names.dropLast().joined(separator: ", ")) and \(last)"
    }
}
