import APIMachinery
import ClusterOperations
import KubeSchemas

/// Owners and owned as an indented text.
enum TreeText {
    /// A change of these means that the tree may look different.
    static let watched = [
        Pod.resource, ReplicaSet.resource, Deployment.resource, Job.resource, GroupVersionResource(group: "apps", version: "v1", resource: "statefulsets"),
        GroupVersionResource(group: "apps", version: "v1", resource: "daemonsets"), GroupVersionResource(group: "batch", version: "v1", resource: "cronjobs"),
    ]

    /// The tree with the object it was opened for marked.
    static func text(_ tree: OwnershipTree, _ target: ObjectTarget, context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        text.heading("Owners first")
        for root in tree.roots { write(root, 0, target, &text) }
        if !tree.missing.isEmpty {
            text.heading("Owners that are named and not there")
            for missing in tree.missing { text.line([TextSpan(missing, .warning)]) }
        }
        text.unread(tree.unread)
        return text
    }

    private static func write(_ node: OwnershipNode, _ depth: Int, _ target: ObjectTarget, _ text: inout DetailText) {
        let isIt = node.target.uid != nil && node.target.uid == target.uid || node.target.name == target.name && node.target.kind == target.kind
        text.line(
            [
                TextSpan("\(node.target.kind) ", .dim), TextSpan(node.target.name, isIt ? .accent : .normal), TextSpan(isIt ? "  <" : "", .accent),
                TextSpan(node.state.text.isEmpty ? "" : "  \(node.state.text)", tone(node.state.health)),
            ], indent: 2 + depth * 3)
        text.link(DetailLink(binding: ObjectBinding(node.target, context: text.context)))
        for child in node.children { write(child, depth + 1, target, &text) }
    }

    static func tone(_ health: ObjectState.Health) -> Tone {
        switch health {
        case .unknown: .dim
        case .ok: .ok
        case .done: .done
        case .pending: .pending
        case .warning: .warning
        case .error: .error
        }
    }
}
