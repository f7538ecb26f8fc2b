internal import APIMachinery
internal import JSONCore
internal import LinuxKernel

/// Nodes: renewals of heartbeat times are not worth a disk write.
struct NodeStrategy: ResourceStrategy {
    /// A node that registers itself brings its first status.
    var keepsStatusOnCreate: Bool { true }

    /// One range and the list of ranges say the same. Source: `pkg/apis/core/v1/conversion.go` Convert_v1_NodeSpec_To_core_NodeSpec.
    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) {
        guard let range = object.string("spec", "podCIDR"), !range.isEmpty, object.array("spec", "podCIDRs").first?.stringValue != range else {
            return
        }
        object["spec", "podCIDRs"] = [.string(range)]
    }

    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) { dateTaints(&object, old: nil, context) }

    func prepareForUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) {
        dateTaints(&object, old: old, context)
    }

    /// Notes when taints that evict pods were added, from which the time that pods tolerate them runs.
    private func dateTaints(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) {
        let known = old?.array("spec", "taints") ?? []
        let taints = object.array("spec", "taints")
        let dated = taints.map { taint -> JSONValue in
            guard taint["effect"] == "NoExecute", taint["timeAdded"]?.stringValue == nil else { return taint }
            let before = known.first { old in ["key", "value", "effect"].allSatisfy { old[$0] == taint[$0] } }
            var taint = taint
            taint["timeAdded"] = before?["timeAdded"] ?? .string(context.now.rfc3339)
            return taint
        }
        if dated != taints { object["spec", "taints"] = .array(dated) }
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors: [FieldError] = []
        if let provider = old.string("spec", "providerID"), !provider.isEmpty, object.string("spec", "providerID") != provider {
            errors.append(.forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid"))
        }
        if let range = old.string("spec", "podCIDR"), !range.isEmpty, object.string("spec", "podCIDR") != range {
            errors.append(.forbidden("spec.podCIDRs", "node updates may not change podCIDR except from \"\" to valid"))
        }
        return errors
    }

    func isHeartbeat(_ object: KubeObject, old: KubeObject) -> Bool { Self.still(object) == Self.still(old) }

    /// The node without its heartbeat times.
    private static func still(_ node: KubeObject) -> JSONValue {
        var node = node
        let conditions = node.array("status", "conditions").map { condition -> JSONValue in
            var condition = condition
            condition["lastHeartbeatTime"] = nil
            return condition
        }
        if !conditions.isEmpty { node["status", "conditions"] = .array(conditions) }
        node.resourceVersion = ""
        return node.value
    }
}
