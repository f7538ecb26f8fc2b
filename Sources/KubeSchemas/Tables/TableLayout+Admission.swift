import APIMachinery
import JSONCore
import LinuxKernel

extension TableLayout {
    static let webhooks = TableLayout("Name", "number:Webhooks", "Age") { object, now in
        [.string(object.name), .number(object.array("webhooks").count), .age(object, now)]
    }

    static let validatingPolicy = TableLayout("Name", "number:Validations", "ParamKind", "Age") { object, now in
        [.string(object.name), .number(object.array("spec", "validations").count), parameterKind(object), .age(object, now)]
    }

    static let mutatingPolicy = TableLayout("Name", "number:Mutations", "ParamKind", "Age") { object, now in
        [.string(object.name), .number(object.array("spec", "mutations").count), parameterKind(object), .age(object, now)]
    }

    static let policyBinding = TableLayout("Name", "PolicyName", "ParamRef", "Age") { object, now in
        let parameters = object["spec", "paramRef"].map { reference -> String in
            let namespace = reference["namespace"]?.stringValue ?? ""
            let name = reference["name"]?.stringValue ?? "*"
            return namespace.isEmpty ? name : "\(namespace)/\(name)"
        }
        return [.string(object.name), .text(object.string("spec", "policyName")), .orUnset(parameters), .age(object, now)]
    }

    private static func parameterKind(_ object: KubeObject) -> JSONValue {
        .orUnset(object["spec", "paramKind"].map { "\($0["apiVersion"]?.stringValue ?? "")/\($0["kind"]?.stringValue ?? "")" })
    }

    static let flowSchema = TableLayout(
        "Name", "PriorityLevel", "MatchingPrecedence", "DistinguisherMethod", "Age", "MissingPL"
    ) { object, now in
        let dangling = object.array("status", "conditions").first { $0["type"] == "Dangling" }
        return [
            .string(object.name), .orNone(object.string("spec", "priorityLevelConfiguration", "name") ?? ""),
            .integer(object.integer("spec", "matchingPrecedence") ?? 0),
            .orNone(object.string("spec", "distinguisherMethod", "type") ?? ""), .age(object, now),
            .string(dangling?["status"]?.stringValue ?? "?"),
        ]
    }

    static let priorityLevel = TableLayout(
        "Name", "Type", "NominalConcurrencyShares", "Queues", "HandSize", "QueueLengthLimit", "Age"
    ) { object, now in
        func cell(_ value: JSONValue?) -> JSONValue { value ?? "<none>" }
        let queuing = object["spec", "limited", "limitResponse", "queuing"]
        return [
            .string(object.name), .text(object.string("spec", "type")),
            cell(object["spec", "limited", "nominalConcurrencyShares"] ?? object["spec", "exempt", "nominalConcurrencyShares"]),
            cell(queuing?["queues"]), cell(queuing?["handSize"]), cell(queuing?["queueLengthLimit"]), .age(object, now),
        ]
    }

    static let apiService = TableLayout("Name", "Service", "Available", "Age") { object, now in
        let service = object["spec", "service"].map { "\($0["namespace"]?.stringValue ?? "")/\($0["name"]?.stringValue ?? "")" }
        let condition = object.array("status", "conditions").first { $0["type"] == "Available" }
        let state = condition?["status"]?.stringValue ?? "Unknown"
        return [
            .string(object.name), .string(service ?? "Local"),
            .string(state == "True" ? state : "\(state) (\(condition?["reason"]?.stringValue ?? ""))"), .age(object, now),
        ]
    }
}
