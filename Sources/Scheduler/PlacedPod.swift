import APIMachinery
import KubeSchemas
import LinuxKernel

/// A pod on a node, or one for which a node is kept free: what it takes, and how much it matters.
package struct PlacedPod: Sendable, Hashable {
    /// The node's name.
    package let node: String
    /// The pod's namespace.
    package let namespace: String
    /// The pod's name.
    package let name: String
    /// The pod's uid.
    package let uid: String
    let requests: ResourceAmounts
    let hostPorts: [HostPort]
    /// The claims that it uses, as `namespace/name`.
    let claims: [String]
    /// What other pods find it by.
    let member: GroupMember
    /// What it means for the places of others.
    let terms: [PlacedTerm]
    /// The uid of the controller whose pods are spread; nil for none.
    let owner: String?
    /// Its importance; higher first.
    let priority: Int64
    /// When it began, in seconds since 1970; what has not begun yet begins last.
    let start: Int64
    /// Whether it is on its way out.
    var isEnding: Bool

    init(_ pod: Pod, on node: String, _ demand: PodDemand) {
        self.node = node
        namespace = pod.namespace ?? ""
        name = pod.name
        uid = pod.uid
        requests = demand.requests
        hostPorts = demand.hostPorts
        claims = demand.claims
        member = demand.member
        terms = PlacedTerm.all(of: demand.rules)
        owner = demand.owner
        priority = pod.spec.priority
        start = pod.status.startTime?.seconds ?? .max
        isEnding = pod.object.isBeingDeleted
    }

    /// Whether it is let go after another one. Source: kube-scheduler `util.MoreImportantPod`.
    func isMoreImportant(than other: PlacedPod) -> Bool {
        (-priority, start, uid) < (-other.priority, other.start, other.uid)
    }
}
