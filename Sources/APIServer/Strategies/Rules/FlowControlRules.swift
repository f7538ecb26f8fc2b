internal import APIMachinery
internal import Glibc
internal import JSONCore

/// Source: `pkg/apis/flowcontrol/validation/validation.go`.
extension KindRules {
    static let flowSchema = KindRules(check: FlowRules.schema)
    static let priorityLevel = KindRules(check: FlowRules.level)
}

enum FlowRules {
    private static let verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"]

    // MARK: Flow schemas

    static let schema: @Sendable (KubeObject) -> [FieldError] = { object in
        var errors: [FieldError] = []
        if let fixed = FlowControlBootstrap.mandatorySchemas[object.name], object["spec"] != fixed {
            errors.append(.invalid("spec", object["spec"] ?? .null, "spec of '\(object.name)' must equal the fixed value"))
        }
        if object.integer("spec", "matchingPrecedence") == 1, object.name != "exempt" {
            errors.append(.invalid("spec.matchingPrecedence", 1, "only the schema named 'exempt' may have matchingPrecedence 1"))
        }
        let level = object.string("spec", "priorityLevelConfiguration", "name") ?? ""
        let place = "spec.priorityLevelConfiguration.name"
        if level.isEmpty { errors.append(.required(place, "must reference a priority level")) }
        if !level.isEmpty { errors += NameValidation.dnsSubdomain(level).map { .invalid(place, .string(level), $0) } }
        for (index, rule) in object.array("spec", "rules").enumerated() { errors += FlowRules.rule(rule, "spec.rules[\(index)]") }
        return errors
    }

    private static func rule(_ rule: JSONValue, _ field: String) -> [FieldError] {
        let subjects = rule["subjects"]?.arrayValue ?? []
        let (resources, paths) = (rule["resourceRules"]?.arrayValue ?? [], rule["nonResourceRules"]?.arrayValue ?? [])
        var errors: [FieldError] = []
        if subjects.isEmpty { errors.append(.required("\(field).subjects", "subjects must contain at least one value")) }
        for (index, subject) in subjects.enumerated() { errors += self.subject(subject, "\(field).subjects[\(index)]") }
        if resources.isEmpty, paths.isEmpty {
            errors.append(.required(field, "at least one of resourceRules and nonResourceRules has to be non-empty"))
        }
        for (index, rule) in resources.enumerated() { errors += resource(rule, "\(field).resourceRules[\(index)]") }
        for (index, rule) in paths.enumerated() { errors += path(rule, "\(field).nonResourceRules[\(index)]") }
        return errors
    }

    private static func subject(_ subject: JSONValue, _ field: String) -> [FieldError] {
        let fields = ["ServiceAccount": "serviceAccount", "User": "user", "Group": "group"]
        let kind = subject["kind"]?.stringValue ?? ""
        guard let own = fields[kind] else { return [.notSupported("\(field).kind", .string(kind), fields.keys.sorted())] }
        var errors: [FieldError] = []
        let place = "\(field).\(own)"
        if let value = subject[own], !value.isNull {
            let name = value["name"]?.stringValue ?? ""
            if name.isEmpty { errors.append(.required("\(place).name")) }
            if own == "serviceAccount" {
                if !name.isEmpty, name != "*" { errors += NameValidation.dnsSubdomain(name).map { .invalid("\(place).name", .string(name), $0) } }
                let namespace = value["namespace"]?.stringValue ?? ""
                if namespace.isEmpty {
                    errors.append(.required("\(place).namespace", "must specify namespace for service account"))
                } else {
                    errors += NameValidation.dnsLabel(namespace).map { .invalid("\(place).namespace", .string(namespace), $0) }
                }
            }
        } else {
            errors.append(.required(place, "\(own) is required when subject kind is '\(kind)'"))
        }
        for (other, name) in fields.sorted(by: { $0.key < $1.key }) where name != own && !(subject[name]?.isNull ?? true) {
            errors.append(.forbidden("\(field).\(name)", "\(name) is forbidden when subject kind is not '\(other)'"))
        }
        return errors
    }

    private static func texts(_ value: JSONValue?) -> [String] { (value?.arrayValue ?? []).compactMap(\.stringValue) }

    /// A list where `*` stands alone.
    private static func list(_ value: JSONValue?, _ field: String, missing: String, words: String) -> [FieldError] {
        let all = texts(value)
        if all.isEmpty { return [.required(field, missing)] }
        guard all.count > 1, all.contains("*") else { return [] }
        return [.invalid(field, value ?? .null, "if '*' is present, must not specify other \(words)")]
    }

    private static func verbs(_ rule: JSONValue, _ field: String) -> [FieldError] {
        let errors = list(rule["verbs"], "\(field).verbs", missing: "verbs must contain at least one value", words: "verbs")
        let given = texts(rule["verbs"])
        guard errors.isEmpty, !given.contains("*"), !given.allSatisfy(verbs.contains) else { return errors }
        return [.notSupported("\(field).verbs", rule["verbs"] ?? .null, verbs)]
    }

    private static func resource(_ rule: JSONValue, _ field: String) -> [FieldError] {
        var errors = verbs(rule, field)
        errors += list(
            rule["apiGroups"], "\(field).apiGroups", missing: "resource rules must supply at least one api group", words: "api groups")
        errors += list(
            rule["resources"], "\(field).resources", missing: "resource rules must supply at least one resource", words: "resources")
        let namespaces = texts(rule["namespaces"])
        if namespaces.isEmpty, rule["clusterScope"]?.boolValue != true {
            let why = "resource rules that are not cluster scoped must supply at least one namespace"
            errors.append(.required("\(field).namespaces", why))
        } else if namespaces.contains("*") {
            errors += list(rule["namespaces"], "\(field).namespaces", missing: "", words: "namespaces")
        } else {
            for (index, name) in namespaces.enumerated() {
                for why in NameValidation.dnsLabel(name) {
                    let words = "each member of this list must be '*' or a DNS-1123 label; \(why)"
                    errors.append(.invalid("\(field).namespaces[\(index)]", .string(name), words))
                }
            }
        }
        return errors
    }

    private static func path(_ rule: JSONValue, _ field: String) -> [FieldError] {
        let place = "\(field).nonResourceURLs"
        var errors = verbs(rule, field)
        errors += list(
            rule["nonResourceURLs"], place, missing: "nonResourceURLs must contain at least one value", words: "non-resource URLs")
        let paths = texts(rule["nonResourceURLs"])
        guard !paths.contains("*") else { return errors }
        for (index, path) in paths.enumerated() {
            if let why = pathProblem(path) { errors.append(.invalid("\(place)[\(index)]", .string(path), why)) }
        }
        return errors
    }

    private static func pathProblem(_ path: String) -> String? {
        if path.isEmpty { return "must not be empty" }
        if !path.hasPrefix("/") { return "must start with slash" }
        if path.contains(" ") { return "must not contain white-space" }
        if path.contains("//") { return "must not contain double slash" }
        let stars = path.utf8.count { $0 == UInt8(ascii: "*") }
        return stars > 1 || (stars == 1 && !path.hasSuffix("/*")) ? "wildcard can only do suffix matching" : nil
    }

    // MARK: Priority levels

    static let level: @Sendable (KubeObject) -> [FieldError] = { object in
        let type = object.string("spec", "type") ?? ""
        var errors: [FieldError] = []
        if (object.name == "exempt") != (type == "Exempt") {
            errors.append(.invalid("spec.type", .string(type), "type must be 'Exempt' if and only if name is 'exempt'"))
        }
        let limited = object["spec", "limited"].flatMap { $0.isNull ? nil : $0 }
        if type == "Exempt", limited != nil { errors.append(.forbidden("spec.limited", "must be nil if the type is not Limited")) }
        if let why = FlowRules.change(ofFixed: object) { errors.append(.invalid("spec", object["spec"] ?? .null, why)) }
        guard type == "Limited" else { return errors }
        if !(object["spec", "exempt"]?.isNull ?? true) { errors.append(.forbidden("spec.exempt", "must be nil if the type is Limited")) }
        guard let limited else { return errors + [.required("spec.limited", "must not be empty when type is Limited")] }
        return errors + response(limited["limitResponse"] ?? .null, "spec.limited.limitResponse")
    }

    private static func change(ofFixed object: KubeObject) -> String? {
        guard let fixed = FlowControlBootstrap.mandatoryLevels[object.name], var spec = object["spec"] else { return nil }
        guard object.name == "exempt" else { return spec == fixed ? nil : "spec of '\(object.name)' must equal the fixed value" }
        spec["exempt"] = fixed["exempt"]
        return spec == fixed ? nil : "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value"
    }

    private static func response(_ response: JSONValue, _ field: String) -> [FieldError] {
        let queuing = response["queuing"].flatMap { $0.isNull ? nil : $0 }
        switch response["type"]?.stringValue {
        case "Reject":
            return queuing == nil ? [] : [.forbidden("\(field).queuing", "must be nil if limited.limitResponse.type is not Limited")]
        case "Queue":
            guard let queuing else {
                return [.required("\(field).queuing", "must not be empty if limited.limitResponse.type is Limited")]
            }
            return hand(queuing, "\(field).queuing")
        default: return []
        }
    }

    /// How many hands there are must fit the hash that deals them. Source: apiserver `pkg/util/shufflesharding`.
    private static func hand(_ queuing: JSONValue, _ field: String) -> [FieldError] {
        let (queues, hand) = (queuing["queues"]?.integerValue ?? 64, queuing["handSize"]?.integerValue ?? 8)
        guard queues > 0, hand > 0 else { return [] }
        if hand > queues { return [.invalid("\(field).handSize", .integer(hand), "should not be greater than queues (\(queues))")] }
        guard (log2(Double(queues)) * Double(hand)).rounded(.up) > 60 else { return [] }
        let why = "required entropy bits of deckSize \(queues) and handSize \(hand) should not be greater than 60"
        return [.invalid("\(field).handSize", .integer(hand), why)]
    }
}
