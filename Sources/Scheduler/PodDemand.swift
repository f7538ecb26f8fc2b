import APIMachinery
package import KubeSchemas

/// What a pod needs from a node, read from its spec once.
package struct PodDemand: Sendable {
    /// Effective requests.
    package let requests: ResourceAmounts
    /// Host ports.
    package let hostPorts: [HostPort]
    /// Node labels it must find.
    package let nodeSelector: [String: String]
    /// Terms of which one must match; nil for no rule.
    package let requiredTerms: [NodeSelectorTerm]?
    /// Terms that make a node better.
    package let preferredTerms: [(weight: Int64, term: NodeSelectorTerm)]
    /// Taints it bears.
    let tolerations: [NodeTaint.Tolerance]
    /// What other pods find it by.
    let member: GroupMember
    /// What it asks of the pods around it.
    let rules: PodRules
    /// The uid of the ReplicaSet, ReplicationController or StatefulSet that it belongs to; nil for none.
    let owner: String?
    /// The pods that its services lead to, when nothing else says which it is to be spread with; nil for none or when nothing is known of services.
    var served: PodGroup?
    /// The claims that it uses, as `namespace/name`.
    let claims: [String]
    /// What they ask of a node; nil when it has none or nothing is known of them.
    var volumes: VolumeDemand?
    /// Nodes with other pods that use what only one pod may use.
    var exclusiveUsers: Set<String> = []

    /// Reads a pod.
    package init(_ pod: Pod) {
        let spec = pod.spec
        requests = ResourceAmounts(PodResources(spec).requests)
        hostPorts = HostPort.all(of: spec)
        nodeSelector = spec.nodeSelector
        let affinity = spec.affinity
        requiredTerms = affinity.requiredNodeTerms
        preferredTerms = affinity.preferredNodeTerms.map { (PodRules.bounded($0.weight), $0.term) }
        tolerations = spec.tolerations.map { NodeTaint.Tolerance($0) }
        member = GroupMember(pod)
        rules = PodRules(pod)
        let controller = pod.object.controllerRef
        owner = ["ReplicaSet", "ReplicationController", "StatefulSet"].contains(controller?.kind) ? controller?.uid : nil
        claims = spec.volumes.compactMap { $0.claimName(of: pod) }.map { "\(pod.namespace ?? "default")/\($0)" }
    }
}
