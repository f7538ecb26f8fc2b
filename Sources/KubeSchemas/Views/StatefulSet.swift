package import APIMachinery
package import JSONCore

/// apps/v1 StatefulSet.
package struct StatefulSet: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind(group: "apps", version: "v1", kind: "StatefulSet")
    package static let resource = GroupVersionResource(group: "apps", version: "v1", resource: "statefulsets")

    /// What is wanted.
    package var spec: StatefulSetSpec { part("spec") }
    /// What was observed.
    package var status: StatefulSetStatus {
        get { part("status") }
        set { object["status"] = newValue.value }
    }
}

/// apps/v1 StatefulSetSpec.
package struct StatefulSetSpec: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// How many pods are wanted. Default 1.
    package var replicas: Int64 { integer("replicas") ?? 1 }
    /// Which pods belong to it, as a LabelSelector.
    package var selector: JSONValue { value["selector"] ?? .null }
    /// What the pods are made from.
    package var template: PodTemplateSpec { part("template") }
    /// Claims that every pod gets for itself.
    package var claimTemplates: [JSONValue] { value["volumeClaimTemplates"]?.arrayValue ?? [] }
    /// The headless service that names the pods.
    package var serviceName: String { text("serviceName") ?? "" }
    /// Whether pods start and stop one after the other. Default true.
    package var isOrdered: Bool { text("podManagementPolicy") != "Parallel" }
    /// `RollingUpdate` or `OnDelete`.
    package var strategyType: String { value["updateStrategy", "type"]?.stringValue ?? "RollingUpdate" }
    /// How many of the lowest pods a rolling update leaves as they are. Default 0.
    package var partition: Int64 { value["updateStrategy", "rollingUpdate", "partition"]?.integerValue ?? 0 }
    /// How many pods may be missing in a rolling update, a number or a percentage. Default 1.
    package var maxUnavailable: JSONValue { value["updateStrategy", "rollingUpdate", "maxUnavailable"] ?? 1 }
    /// Seconds that a pod must be ready to count as available.
    package var minReadySeconds: Int64 { integer("minReadySeconds") ?? 0 }
    /// How many old revisions are kept. Default 10.
    package var revisionHistoryLimit: Int64 { integer("revisionHistoryLimit") ?? 10 }
    /// The number of the first pod. Default 0.
    package var firstOrdinal: Int64 { value["ordinals", "start"]?.integerValue ?? 0 }
    /// Whether claims go with the set.
    package var deletesClaimsWhenDeleted: Bool { value["persistentVolumeClaimRetentionPolicy", "whenDeleted"] == "Delete" }
    /// Whether claims go with the pods that a smaller set has no more.
    package var deletesClaimsWhenScaled: Bool { value["persistentVolumeClaimRetentionPolicy", "whenScaled"] == "Delete" }
}

/// apps/v1 StatefulSetStatus.
package struct StatefulSetStatus: ConditionedStatus {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Its pods.
    package var replicas: Int64 { integer("replicas") ?? 0 }
    /// Pods that run and are ready.
    package var readyReplicas: Int64 { integer("readyReplicas") ?? 0 }
    /// Pods that were ready long enough.
    package var availableReplicas: Int64 { integer("availableReplicas") ?? 0 }
    /// Pods of the current revision.
    package var currentReplicas: Int64 { integer("currentReplicas") ?? 0 }
    /// Pods of the update revision.
    package var updatedReplicas: Int64 { integer("updatedReplicas") ?? 0 }
    /// The revision of pods that have not been updated.
    package var currentRevision: String { text("currentRevision") ?? "" }
    /// The revision of pods that have been updated.
    package var updateRevision: String { text("updateRevision") ?? "" }
    /// The generation that the numbers belong to.
    package var observedGeneration: Int64 { integer("observedGeneration") ?? 0 }
    /// How often a revision's name was taken.
    package var collisionCount: Int64 { integer("collisionCount") ?? 0 }
}
