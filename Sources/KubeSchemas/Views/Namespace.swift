package import APIMachinery
package import JSONCore

/// core/v1 Namespace.
package struct Namespace: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind.core("Namespace")
    package static let resource = GroupVersionResource.core("namespaces")

    /// `Active` or `Terminating`.
    package var phase: String { object.string("status", "phase") ?? "Active" }
    /// What must happen before it may go; `kubernetes` stands for its contents.
    package var specFinalizers: [String] {
        get { object.array("spec", "finalizers").compactMap(\.stringValue) }
        set { object["spec", "finalizers"] = newValue.isEmpty ? nil : .array(newValue.map { .string($0) }) }
    }
    /// Conditions of its deletion.
    package var status: NamespaceStatus {
        get { part("status") }
        set { object["status"] = newValue.value }
    }
}

/// core/v1 NamespaceStatus.
package struct NamespaceStatus: ConditionedStatus {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
}
