package import APIMachinery
package import JSONCore

/// core/v1 Node.
package struct Node: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind.core("Node")
    package static let resource = GroupVersionResource.core("nodes")

    /// What is wanted.
    package var spec: NodeSpec {
        get { part("spec") }
        set { object["spec"] = newValue.value }
    }
    /// What was observed.
    package var status: NodeStatus {
        get { part("status") }
        set { object["status"] = newValue.value }
    }
    /// Whether the condition Ready is True.
    package var isReady: Bool { status.conditions["Ready"]?.isTrue ?? false }
}

/// core/v1 NodeSpec.
package struct NodeSpec: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Whether new pods stay away (cordoned).
    package var unschedulable: Bool { flag("unschedulable") ?? false }
    /// What keeps pods away.
    package var taints: [Taint] { parts("taints") }
    /// The range of its pods' addresses.
    package var podCIDR: String { text("podCIDR") ?? "" }
}

/// core/v1 NodeStatus.
package struct NodeStatus: ConditionedStatus {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// All that it has.
    package var capacity: [String: Quantity] { quantities("capacity") }
    /// What pods may use; the capacity when missing.
    package var allocatable: [String: Quantity] {
        value["allocatable"] == nil ? capacity : quantities("allocatable")
    }
    /// Its addresses, type and address.
    package var addresses: [(type: String, address: String)] {
        (value["addresses"]?.arrayValue ?? []).map { ($0["type"]?.stringValue ?? "", $0["address"]?.stringValue ?? "") }
    }
    /// `nodeInfo`: versions of kernel, system, runtime and agent.
    package var nodeInfo: ObjectPart { part("nodeInfo") }

    /// The first address of a type; nil when there is none.
    package func address(_ type: String) -> String? { addresses.first { $0.type == type }?.address }
}
