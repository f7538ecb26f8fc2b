package import APIMachinery
package import JSONCore

/// apps/v1 DaemonSet.
package struct DaemonSet: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind(group: "apps", version: "v1", kind: "DaemonSet")
    package static let resource = GroupVersionResource(group: "apps", version: "v1", resource: "daemonsets")

    /// What is wanted.
    package var spec: DaemonSetSpec { part("spec") }
    /// What was observed.
    package var status: DaemonSetStatus {
        get { part("status") }
        set { object["status"] = newValue.value }
    }
}

/// apps/v1 DaemonSetSpec.
package struct DaemonSetSpec: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Which pods belong to it, as a LabelSelector.
    package var selector: JSONValue { value["selector"] ?? .null }
    /// What the pods are made from.
    package var template: PodTemplateSpec { part("template") }
    /// `RollingUpdate` or `OnDelete`.
    package var strategyType: String { value["updateStrategy", "type"]?.stringValue ?? "RollingUpdate" }
    /// On how many nodes the pod may be missing, a number or a percentage. Default 1.
    package var maxUnavailable: JSONValue { value["updateStrategy", "rollingUpdate", "maxUnavailable"] ?? 1 }
    /// On how many nodes a new pod may run beside the old one, a number or a percentage. Default 0.
    package var maxSurge: JSONValue { value["updateStrategy", "rollingUpdate", "maxSurge"] ?? 0 }
    /// Seconds that a pod must be ready to count as available.
    package var minReadySeconds: Int64 { integer("minReadySeconds") ?? 0 }
    /// How many old revisions are kept. Default 10.
    package var revisionHistoryLimit: Int64 { integer("revisionHistoryLimit") ?? 10 }
}

/// apps/v1 DaemonSetStatus.
package struct DaemonSetStatus: ConditionedStatus {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Nodes that should run a pod and do.
    package var currentNumberScheduled: Int64 { integer("currentNumberScheduled") ?? 0 }
    /// Nodes that run a pod and should not.
    package var numberMisscheduled: Int64 { integer("numberMisscheduled") ?? 0 }
    /// Nodes that should run a pod.
    package var desiredNumberScheduled: Int64 { integer("desiredNumberScheduled") ?? 0 }
    /// Nodes whose pod is ready.
    package var numberReady: Int64 { integer("numberReady") ?? 0 }
    /// Nodes whose pod is of the present template.
    package var updatedNumberScheduled: Int64 { integer("updatedNumberScheduled") ?? 0 }
    /// Nodes whose pod was ready long enough.
    package var numberAvailable: Int64 { integer("numberAvailable") ?? 0 }
    /// Nodes that should have an available pod and have none.
    package var numberUnavailable: Int64 { integer("numberUnavailable") ?? 0 }
    /// The generation that the numbers belong to.
    package var observedGeneration: Int64 { integer("observedGeneration") ?? 0 }
    /// How often a revision's name was taken.
    package var collisionCount: Int64 { integer("collisionCount") ?? 0 }
}
