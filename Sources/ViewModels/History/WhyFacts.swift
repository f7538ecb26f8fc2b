import APIMachinery
import KubeSchemas
import LinuxKernel

/// Everything that is known about an object and what stands around it at one moment: what an answer to "why?" is made from.
struct WhyFacts: Sendable {
    /// The object that is asked about.
    var subject: KubeObject
    /// What it owns, directly or through others: ReplicaSets, Jobs, Pods.
    var owned: [KubeObject] = []
    /// What it names or is named by: Services of an Ingress, the volume and class of a claim, endpoint slices of a Service.
    var related: [KubeObject] = []
    /// The pods of its namespace, for selectors; all of them for a Node.
    var pods: [KubeObject] = []
    /// The cluster's nodes, where placement matters.
    var nodes: [KubeObject] = []
    /// Events about the object and about what it owns, oldest first.
    var events: [Event] = []
    /// Our own writes to it, oldest first.
    var writes: [UndoEntry] = []
    /// What could not be read.
    var gaps: [String] = []
    var now: Timestamp

    /// The events about one object, oldest first.
    func events(about object: KubeObject) -> [Event] { events.filter { $0.involvedObject.uid == object.uid } }

    /// The events about the object itself, oldest first.
    var ownEvents: [Event] { events(about: subject) }

    /// The related objects of a kind.
    func related(_ kind: String) -> [KubeObject] { related.filter { $0.kind == kind } }

    /// The owned objects of a kind.
    func owned(_ kind: String) -> [KubeObject] { owned.filter { $0.kind == kind } }

    /// The conditions in the object's status.
    var conditions: [Condition] { Self.conditions(subject) }

    /// The conditions in an object's status.
    static func conditions(_ object: KubeObject) -> [Condition] { object.array("status", "conditions").prefix(40).map { Condition($0) } }
}
