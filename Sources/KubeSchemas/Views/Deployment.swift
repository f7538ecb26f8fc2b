package import APIMachinery
package import JSONCore

/// apps/v1 Deployment.
package struct Deployment: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind(group: "apps", version: "v1", kind: "Deployment")
    package static let resource = GroupVersionResource(group: "apps", version: "v1", resource: "deployments")

    /// What is wanted.
    package var spec: DeploymentSpec { part("spec") }
    /// What was observed.
    package var status: DeploymentStatus {
        get { part("status") }
        set { object["status"] = newValue.value }
    }
}

/// apps/v1 DeploymentSpec.
package struct DeploymentSpec: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// How many pods are wanted. Default 1.
    package var replicas: Int64 { integer("replicas") ?? 1 }
    /// Which pods belong to it, as a LabelSelector.
    package var selector: JSONValue { value["selector"] ?? .null }
    /// What the pods are made from.
    package var template: PodTemplateSpec { part("template") }
    /// `RollingUpdate` or `Recreate`.
    package var strategyType: String { value["strategy", "type"]?.stringValue ?? "RollingUpdate" }
    /// A number or a percentage of the replicas. Default 25%.
    package var maxSurge: JSONValue { value["strategy", "rollingUpdate", "maxSurge"] ?? .string("25%") }
    /// A number or a percentage of the replicas. Default 25%.
    package var maxUnavailable: JSONValue { value["strategy", "rollingUpdate", "maxUnavailable"] ?? .string("25%") }
    /// Seconds that a pod must be ready to count as available.
    package var minReadySeconds: Int64 { integer("minReadySeconds") ?? 0 }
    /// How many old ReplicaSets are kept. Default 10.
    package var revisionHistoryLimit: Int64 { integer("revisionHistoryLimit") ?? 10 }
    /// Seconds without progress until it is reported. Default 600.
    package var progressDeadlineSeconds: Int64 { integer("progressDeadlineSeconds") ?? 600 }
    /// Whether changes of the template wait.
    package var paused: Bool { flag("paused") ?? false }
}

/// apps/v1 DeploymentStatus.
package struct DeploymentStatus: ConditionedStatus {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Pods of all its ReplicaSets.
    package var replicas: Int64 { integer("replicas") ?? 0 }
    /// Pods made from the present template.
    package var updatedReplicas: Int64 { integer("updatedReplicas") ?? 0 }
    /// Ready pods.
    package var readyReplicas: Int64 { integer("readyReplicas") ?? 0 }
    /// Pods that were ready long enough.
    package var availableReplicas: Int64 { integer("availableReplicas") ?? 0 }
    /// Wanted pods that are not available.
    package var unavailableReplicas: Int64 { integer("unavailableReplicas") ?? 0 }
    /// The generation that the numbers belong to.
    package var observedGeneration: Int64 { integer("observedGeneration") ?? 0 }
    /// How often a ReplicaSet's name was taken.
    package var collisionCount: Int64? { integer("collisionCount") }
}
