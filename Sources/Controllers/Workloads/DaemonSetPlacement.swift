import APIMachinery
import JSONCore
import KubeSchemas

/// Where a DaemonSet's pods run, and what they look like there. Source: `pkg/controller/daemon`.
struct DaemonSetPlacement {
    /// What a node means for the set.
    enum Answer {
        /// It should have a pod.
        case runs
        /// It gets no new pod, and keeps the one it has.
        case keeps
        /// It should have none.
        case avoids
    }

    private let set: DaemonSet
    private let tolerations: [Toleration]
    private let selector: [String: String]
    private let terms: [NodeSelectorTerm]?
    private let nodeName: String

    init(_ set: DaemonSet) {
        self.set = set
        let spec = set.spec.template.spec
        tolerations = spec.tolerations + Self.ownTolerations(hostNetwork: spec.hostNetwork)
        (selector, terms, nodeName) = (spec.nodeSelector, spec.affinity.requiredNodeTerms, spec.nodeName)
    }

    func answer(for node: Node) -> Answer {
        guard nodeName.isEmpty || nodeName == node.name else { return .avoids }
        let labels = node.labels
        guard selector.allSatisfy({ labels[$0.key] == $0.value }),
            terms?.contains(where: { $0.matches(name: node.name, labels: labels) }) ?? true
        else { return .avoids }
        let unborne = node.spec.taints.filter { taint in !tolerations.contains { $0.tolerates(taint) } }
        if unborne.contains(where: { $0.effect == "NoExecute" }) { return .avoids }
        return unborne.contains { $0.effect == "NoSchedule" } ? .keeps : .runs
    }

    /// The node that a pod runs on or was made for; empty when neither can be told.
    static func node(of pod: Pod) -> String {
        let spec = pod.spec
        if !spec.nodeName.isEmpty { return spec.nodeName }
        for term in spec.affinity.requiredNodeTerms ?? [] {
            for field in term.matchFields where field.key == "metadata.name" && field.operator == "In" && field.values.count == 1 {
                return field.values[0]
            }
        }
        return ""
    }

    /// The pod for a node.
    func pod(on node: String, hash: String) -> Pod {
        var pod = Pod.fromTemplate(set.spec.template, owner: set.object)
        pod.object.labels[StatefulSetPods.revisionLabel] = hash
        let field: JSONValue = ["key": "metadata.name", "operator": "In", "values": [.string(node)]]
        let path = "requiredDuringSchedulingIgnoredDuringExecution"
        let wanted = pod.object.value["spec", "affinity", "nodeAffinity", path, "nodeSelectorTerms"]?.arrayValue
        let terms = (wanted ?? [[:]]).map { term -> JSONValue in
            var term = term
            term["matchFields"] = [field]
            return term
        }
        pod.object["spec", "affinity", "nodeAffinity", path] = ["nodeSelectorTerms": .array(terms)]
        let present = pod.object.array("spec", "tolerations")
        pod.object["spec", "tolerations"] = .array(present + missing(from: present))
        return pod
    }

    private func missing(from present: [JSONValue]) -> [JSONValue] {
        Self.ownTolerations(hostNetwork: set.spec.template.spec.hostNetwork).map(\.value).filter { !present.contains($0) }
    }

    /// What every daemon bears: the node's troubles are no reason to leave it.
    private static func ownTolerations(hostNetwork: Bool) -> [Toleration] {
        func bears(_ name: String, _ effect: String) -> Toleration {
            Toleration(["key": .string("node.kubernetes.io/\(name)"), "operator": "Exists", "effect": .string(effect)])
        }
        return [
            bears("not-ready", "NoExecute"), bears("unreachable", "NoExecute"), bears("disk-pressure", "NoSchedule"),
            bears("memory-pressure", "NoSchedule"), bears("pid-pressure", "NoSchedule"), bears("unschedulable", "NoSchedule"),
        ] + (hostNetwork ? [bears("network-unavailable", "NoSchedule")] : [])
    }
}
