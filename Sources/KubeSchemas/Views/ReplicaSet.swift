package import APIMachinery
package import JSONCore

/// apps/v1 ReplicaSet.
package struct ReplicaSet: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind(group: "apps", version: "v1", kind: "ReplicaSet")
    package static let resource = GroupVersionResource(group: "apps", version: "v1", resource: "replicasets")

    /// What is wanted.
    package var spec: ReplicaSetSpec { part("spec") }
    /// What was observed.
    package var status: ReplicaSetStatus {
        get { part("status") }
        set { object["status"] = newValue.value }
    }
}

/// apps/v1 ReplicaSetSpec.
package struct ReplicaSetSpec: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// How many pods are wanted. Default 1.
    package var replicas: Int64 { integer("replicas") ?? 1 }
    /// Which pods belong to it, as a LabelSelector.
    package var selector: JSONValue { value["selector"] ?? .null }
    /// What the pods are made from.
    package var template: PodTemplateSpec { part("template") }
    /// Seconds that a pod must be ready to count as available.
    package var minReadySeconds: Int64 { integer("minReadySeconds") ?? 0 }
}

/// apps/v1 ReplicaSetStatus.
package struct ReplicaSetStatus: ConditionedStatus {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Its pods.
    package var replicas: Int64 { integer("replicas") ?? 0 }
    /// Its pods with all labels of the template.
    package var fullyLabeledReplicas: Int64 { integer("fullyLabeledReplicas") ?? 0 }
    /// Ready pods.
    package var readyReplicas: Int64 { integer("readyReplicas") ?? 0 }
    /// Pods that were ready long enough.
    package var availableReplicas: Int64 { integer("availableReplicas") ?? 0 }
    /// The generation that the numbers belong to.
    package var observedGeneration: Int64 { integer("observedGeneration") ?? 0 }
}
