internal import APIMachinery
internal import JSONCore
internal import LinuxKernel
internal import ObjectStore

/// Says of every FlowSchema whether its priority level is there. Wakes only when one of either changes.
/// Source: apiserver `pkg/util/flowcontrol/apf_controller.go` syncFlowSchemaStatus.
final class FlowSchemaKeeper: Sendable {
    private static let group = "flowcontrol.apiserver.k8s.io"
    private static let schemas = ObjectKey.prefix(group: group, resource: "flowschemas", namespace: nil)
    private static let levels = ObjectKey.prefix(group: group, resource: "prioritylevelconfigurations", namespace: nil)

    private let core: ServerCore

    init(_ core: ServerCore) { self.core = core }

    /// Works until the task is cancelled.
    func run() async {
        await StoreBell.answer(core, "keeping flow schemas") { () throws(APIStatus) in
            try await self.round()
            return [Self.schemas, Self.levels]
        }
    }

    private func round() async throws(APIStatus) {
        guard let endpoint = core.endpoints[Self.group, "v1", "flowschemas"] else { return }
        let listing = try core.reading { () throws(StoreError) in try core.store.list(prefix: Self.levels) }
        let levels = Set(listing.items.map(\.key.name))
        for schema in try core.objects(group: Self.group, "flowschemas") {
            try await core.settle(schema, as: Self.told(schema, levels, core.time.now()), endpoint)
        }
    }

    /// The schema with what is to be said of its level, since when that is so.
    static func told(_ schema: KubeObject, _ levels: Set<String>, _ now: Timestamp) -> KubeObject {
        let level = schema.string("spec", "priorityLevelConfiguration", "name") ?? ""
        let isThere = levels.contains(level)
        let found = "This FlowSchema references the PriorityLevelConfiguration object named \(level.goQuoted)"
        let message = "\(found) \(isThere ? "and it exists" : "but there is no such object")"
        let (status, reason): (JSONValue, JSONValue) = isThere ? ("False", "Found") : ("True", "NotFound")
        var conditions = schema.array("status", "conditions")
        let place = conditions.firstIndex { $0["type"] == "Dangling" }
        if let place, conditions[place]["status"] == status, conditions[place]["reason"] == reason, conditions[place]["message"] == .string(message) {
            return schema
        }
        let condition: JSONValue = [
            "type": "Dangling", "status": status, "reason": reason, "message": .string(message), "lastTransitionTime": .string(now.rfc3339),
        ]
        if let place { conditions[place] = condition } else { conditions.append(condition) }
        var result = schema
        result["status", "conditions"] = .array(conditions)
        return result
    }
}
