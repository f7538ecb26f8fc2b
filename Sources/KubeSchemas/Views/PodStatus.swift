package import JSONCore
package import LinuxKernel

/// core/v1 PodStatus.
package struct PodStatus: ConditionedStatus {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }

    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`; empty when missing.
    package var phase: String {
        get { text("phase") ?? "" }
        set { set("phase", newValue) }
    }
    /// One word why it is in this state, for example `Evicted`; empty when missing.
    package var reason: String {
        get { text("reason") ?? "" }
        set { set("reason", newValue) }
    }
    /// Why it is in this state, for people.
    package var message: String {
        get { text("message") ?? "" }
        set { set("message", newValue) }
    }
    /// The node's address.
    package var hostIP: String {
        get { text("hostIP") ?? "" }
        set { set("hostIP", newValue) }
    }
    /// The pod's first address; setting it also sets `podIPs`.
    package var podIP: String {
        get { text("podIP") ?? "" }
        set {
            set("podIP", newValue)
            value["podIPs"] = newValue.isEmpty ? nil : .array([.object(["ip": .string(newValue)])])
        }
    }
    /// When the node accepted the pod.
    package var startTime: Timestamp? {
        get { time("startTime") }
        set { set("startTime", newValue) }
    }
    /// `Guaranteed`, `Burstable` or `BestEffort`.
    package var qosClass: String {
        get { text("qosClass") ?? "" }
        set { set("qosClass", newValue) }
    }
    /// The generation of the spec that the node has seen.
    package var observedGeneration: Int64? {
        get { integer("observedGeneration") }
        set { set("observedGeneration", newValue) }
    }
    /// The node reserved by preemption.
    package var nominatedNodeName: String { text("nominatedNodeName") ?? "" }
    /// The containers' states.
    package var containerStatuses: [ContainerStatus] {
        get { parts("containerStatuses") }
        set { set("containerStatuses", newValue) }
    }
    /// The init containers' states.
    package var initContainerStatuses: [ContainerStatus] {
        get { parts("initContainerStatuses") }
        set { set("initContainerStatuses", newValue) }
    }
    /// The ephemeral containers' states.
    package var ephemeralContainerStatuses: [ContainerStatus] { parts("ephemeralContainerStatuses") }
}
