import APIMachinery
import JSONCore
import LinuxKernel

extension TableLayout {
    static let resourceQuota = TableLayout("Name", "Request", "Limit", "Age") { object, now in
        var (requests, limits): ([String], [String]) = ([], [])
        for (name, hard) in labels(object["status", "hard"]).sorted(by: { $0.key < $1.key }) {
            let text = "\(name): \(object.string("status", "used", name) ?? "0")/\(hard)"
            if name.split(separator: ".").contains("limits") { limits.append(text) } else { requests.append(text) }
        }
        return [
            .string(object.name), .string(requests.joined(separator: ", ")), .string(limits.joined(separator: ", ")), .age(object, now),
        ]
    }

    static let priorityClass = TableLayout("Name", "number:Value", "boolean:Global-Default", "Age", "PreemptionPolicy") { object, now in
        [
            .string(object.name), .integer(object.integer("value") ?? 0), .bool(object.bool("globalDefault") ?? false), .age(object, now),
            .text(object.string("preemptionPolicy")),
        ]
    }

    static let runtimeClass = TableLayout("Name", "Handler", "Age") { object, now in
        [.string(object.name), .text(object.string("handler")), .age(object, now)]
    }

    static let signingRequest = TableLayout("Name", "Age", "SignerName", "Requestor", "RequestedDuration", "Condition") { object, now in
        let types = Set(object.array("status", "conditions").compactMap { $0["type"]?.stringValue })
        var state = types.contains("Denied") ? "Denied" : types.contains("Approved") ? "Approved" : "Pending"
        if types.contains("Failed") { state += ",Failed" }
        if !(object.string("status", "certificate") ?? "").isEmpty { state += ",Issued" }
        let duration = object.integer("spec", "expirationSeconds").map { HumanDuration.text(.seconds($0)) }
        return [
            .string(object.name), .age(object, now), .orNone(object.string("spec", "signerName") ?? ""),
            .text(object.string("spec", "username")), .orNone(duration ?? ""), .string(state),
        ]
    }

    static let componentStatus = TableLayout("Name", "Status", "Message", "Error") { object, _ in
        let health = object.array("conditions").first { $0["type"] == "Healthy" }
        let state = health?["status"]?.stringValue
        return [
            .string(object.name), .string(state == "True" ? "Healthy" : state == "False" ? "Unhealthy" : "Unknown"),
            .text(health?["message"]?.stringValue), .text(health?["error"]?.stringValue),
        ]
    }

    static let resourceClaim = TableLayout("Name", "State", "Age") { object, now in
        var states: [String] = object.isBeingDeleted ? ["deleted"] : []
        if object["status", "allocation"] != nil {
            states.append("allocated")
            if !object.array("status", "reservedFor").isEmpty { states.append("reserved") }
        } else if states.isEmpty {
            states.append("pending")
        }
        return [.string(object.name), .string(states.joined(separator: ",")), .age(object, now)]
    }

    static let resourceSlice = TableLayout("Name", "Node", "Driver", "Pool", "Age") { object, now in
        [
            .string(object.name), .orUnset(object.string("spec", "nodeName")), .text(object.string("spec", "driver")),
            .text(object.string("spec", "pool", "name")), .age(object, now),
        ]
    }

    static let autoscaler = TableLayout("Name", "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age") { object, now in
        let target = object["spec", "scaleTargetRef"]
        return [
            .string(object.name), .string("\(target?["kind"]?.stringValue ?? "")/\(target?["name"]?.stringValue ?? "")"),
            .string(AutoscalerTargets.text(object)),
            .string(object.integer("spec", "minReplicas").map { String($0) } ?? "<unset>"),
            .integer(object.integer("spec", "maxReplicas") ?? 0), .integer(object.integer("status", "currentReplicas") ?? 0),
            .age(object, now),
        ]
    }
}
