package import APIMachinery
package import JSONCore

/// core/v1 Pod.
package struct Pod: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind.core("Pod")
    package static let resource = GroupVersionResource.core("pods")

    /// What is wanted.
    package var spec: PodSpec {
        get { part("spec") }
        set { object["spec"] = newValue.value }
    }
    /// What was observed.
    package var status: PodStatus {
        get { part("status") }
        set { object["status"] = newValue.value }
    }

    /// Whether every container has ended for good (phase Succeeded or Failed).
    package var isTerminated: Bool {
        let phase = status.phase
        return phase == "Succeeded" || phase == "Failed"
    }

    /// Whether the condition Ready is True.
    package var isReady: Bool { status.conditions["Ready"]?.isTrue ?? false }
}

/// core/v1 PodTemplateSpec.
package struct PodTemplateSpec: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }

    /// Labels of the pods.
    package var labels: [String: String] { ObjectPart(value["metadata"] ?? .null).textMap("labels") }
    /// Annotations of the pods.
    package var annotations: [String: String] { ObjectPart(value["metadata"] ?? .null).textMap("annotations") }
    /// Spec of the pods.
    package var spec: PodSpec { part("spec") }
}
