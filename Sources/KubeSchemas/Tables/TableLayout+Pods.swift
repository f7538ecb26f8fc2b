import APIMachinery
import JSONCore

extension TableLayout {
    static let pod = TableLayout(
        "Name", "Ready", "Status", "Restarts", "Age", "wide:IP", "wide:Node", "wide:Nominated Node", "wide:Readiness Gates"
    ) { object, now in
        let pod = Pod(object)
        let summary = PodSummary(pod)
        let status = pod.status
        let gates = pod.spec.readinessGates
        let conditions = status.conditions
        let passed = gates.filter { conditions[$0]?.isTrue ?? false }.count
        return [
            .string(pod.name), .string(summary.readyText), .string(summary.status), .string(summary.restartsText(now: now)),
            .age(object, now), .orNone(status.podIP), .orNone(pod.spec.nodeName), .orNone(status.nominatedNodeName),
            .orNone(gates.isEmpty ? "" : "\(passed)/\(gates.count)"),
        ]
    }

    static let podTemplate = TableLayout("Name", "Containers", "Images", "Pod Labels") { object, _ in
        let template = PodTemplateSpec(object["template"] ?? .null)
        return [.string(object.name)] + containers(template) + [.string(SelectorText.labels(template.labels))]
    }

    /// The cells Containers and Images.
    static func containers(_ template: PodTemplateSpec) -> [JSONValue] {
        let containers = template.spec.containers
        return [
            .string(containers.map(\.name).joined(separator: ",")), .string(containers.map(\.image).joined(separator: ",")),
        ]
    }
}
