import APIMachinery
import JSONCore
import LinuxKernel

extension TableLayout {
    static let statefulSet = TableLayout("Name", "Ready", "Age", "wide:Containers", "wide:Images") { object, now in
        let ready = object.integer("status", "readyReplicas") ?? 0
        return [
            .string(object.name), .string("\(ready)/\(object.integer("spec", "replicas") ?? 1)"), .age(object, now),
        ] + containers(template(object, "spec"))
    }

    static let daemonSet = TableLayout(
        "Name", "number:Desired", "number:Current", "number:Ready", "number:Up-to-date", "number:Available", "Node Selector", "Age",
        "wide:Containers", "wide:Images", "wide:Selector"
    ) { object, now in
        let counts = [
            "desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable",
        ].map { JSONValue.integer(object.integer("status", $0) ?? 0) }
        let template = template(object, "spec")
        return [.string(object.name)] + counts
            + [.string(SelectorText.labels(labels(template.value["spec"]?["nodeSelector"]))), .age(object, now)]
            + containers(template) + [.string(SelectorText.selector(object["spec", "selector"]))]
    }

    static let replicationController = TableLayout(
        "Name", "number:Desired", "number:Current", "number:Ready", "Age", "wide:Containers", "wide:Images", "wide:Selector"
    ) { object, now in
        [
            .string(object.name), .integer(object.integer("spec", "replicas") ?? 1), .integer(object.integer("status", "replicas") ?? 0),
            .integer(object.integer("status", "readyReplicas") ?? 0), .age(object, now),
        ] + containers(template(object, "spec")) + [.string(SelectorText.labels(labels(object["spec", "selector"])))]
    }

    static let cronJob = TableLayout(
        "Name", "Schedule", "Timezone", "boolean:Suspend", "number:Active", "Last Schedule", "Age", "wide:Containers", "wide:Images",
        "wide:Selector"
    ) { object, now in
        [
            .string(object.name), .text(object.string("spec", "schedule")), .orNone(object.string("spec", "timeZone") ?? ""),
            .string(object.bool("spec", "suspend").map { $0 ? "True" : "False" } ?? "<unset>"),
            .number(object.array("status", "active").count), .since(object.string("status", "lastScheduleTime"), now),
            .age(object, now),
        ] + containers(PodTemplateSpec(object["spec", "jobTemplate", "spec", "template"] ?? .null))
            + [.string(SelectorText.selector(object["spec", "jobTemplate", "spec", "selector"]))]
    }

    static let disruptionBudget = TableLayout("Name", "Min Available", "Max Unavailable", "number:Allowed Disruptions", "Age") { object, now in
        func amount(_ field: String) -> JSONValue {
            .string(object.string("spec", field) ?? object.integer("spec", field).map { String($0) } ?? "N/A")
        }
        return [
            .string(object.name), amount("minAvailable"), amount("maxUnavailable"),
            .integer(object.integer("status", "disruptionsAllowed") ?? 0), .age(object, now),
        ]
    }

    static let controllerRevision = TableLayout("Name", "Controller", "Revision", "Age") { object, now in
        let owner = object.ownerReferences.first { $0.controller == true }
        let group = owner.flatMap { GroupVersion(apiVersion: $0.apiVersion)?.group } ?? ""
        let controller = owner.map { "\($0.kind.lowercased())\(group.isEmpty ? "" : ".\(group)")/\($0.name)" } ?? ""
        return [.string(object.name), .orNone(controller), .integer(object.integer("revision") ?? 0), .age(object, now)]
    }

    static func template(_ object: KubeObject, _ field: String) -> PodTemplateSpec {
        PodTemplateSpec(object[field, "template"] ?? .null)
    }

    /// A map of texts.
    static func labels(_ value: JSONValue?) -> [String: String] {
        Dictionary((value?.objectValue ?? JSONObject()).map { ($0.key, $0.value.stringValue ?? "") }) { first, _ in first }
    }
}
