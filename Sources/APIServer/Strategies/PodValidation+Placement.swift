internal import APIMachinery
internal import JSONCore

extension PodValidation {
    /// Where a pod may run and what it is near to.
    static func placement(_ spec: JSONValue, field: String) -> [FieldError] {
        let affinity = spec["affinity"]
        var errors: [FieldError] = []
        let nodes = "\(field).affinity.nodeAffinity"
        if let required = affinity?["nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"], !required.isNull {
            let place = "\(nodes).requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
            let terms = required["nodeSelectorTerms"]?.arrayValue ?? []
            if terms.isEmpty { errors.append(.required(place, "must have at least one node selector term")) }
            for (index, term) in terms.enumerated() { errors += nodeTerm(term, "\(place)[\(index)]") }
        }
        for (index, term) in list(affinity, "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution").enumerated() {
            let place = "\(nodes).preferredDuringSchedulingIgnoredDuringExecution[\(index)]"
            errors += weight(term, place) + nodeTerm(term["preference"] ?? .null, "\(place).preference")
        }
        for kind in ["podAffinity", "podAntiAffinity"] {
            for (index, term) in list(affinity, kind, "requiredDuringSchedulingIgnoredDuringExecution").enumerated() {
                errors += podTerm(term, "\(field).affinity.\(kind).requiredDuringSchedulingIgnoredDuringExecution[\(index)]")
            }
            for (index, term) in list(affinity, kind, "preferredDuringSchedulingIgnoredDuringExecution").enumerated() {
                let place = "\(field).affinity.\(kind).preferredDuringSchedulingIgnoredDuringExecution[\(index)]"
                errors += weight(term, place) + podTerm(term["podAffinityTerm"] ?? .null, "\(place).podAffinityTerm")
            }
        }
        return errors + spread(spec["topologySpreadConstraints"]?.arrayValue ?? [], "\(field).topologySpreadConstraints")
    }

    private static func list(_ affinity: JSONValue?, _ kind: String, _ name: String) -> [JSONValue] {
        affinity?[kind, name]?.arrayValue ?? []
    }

    private static func weight(_ term: JSONValue, _ field: String) -> [FieldError] {
        guard let weight = term["weight"]?.integerValue, !(1...100).contains(weight) else { return [] }
        return [.invalid("\(field).weight", .integer(weight), "must be in the range 1-100")]
    }

    private static func nodeTerm(_ term: JSONValue, _ field: String) -> [FieldError] {
        (term["matchExpressions"]?.arrayValue ?? []).enumerated().flatMap { index, requirement -> [FieldError] in
            let place = "\(field).matchExpressions[\(index)]"
            let values = requirement["values"]?.arrayValue ?? []
            var errors: [FieldError] = []
            switch requirement["operator"]?.stringValue {
            case "In", "NotIn":
                if values.isEmpty { errors.append(.required("\(place).values", "must be specified when `operator` is 'In' or 'NotIn'")) }
            case "Exists", "DoesNotExist":
                if !values.isEmpty {
                    errors.append(.forbidden("\(place).values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
                }
            case "Gt", "Lt":
                if values.count != 1 {
                    errors.append(.required("\(place).values", "must be specified single value when `operator` is 'Lt' or 'Gt'"))
                }
            default: break
            }
            let key = requirement["key"]?.stringValue ?? ""
            for why in LabelValidation.keyProblems(key) { errors.append(.invalid("\(place).key", .string(key), why)) }
            return errors
        }
    }

    private static func podTerm(_ term: JSONValue, _ field: String) -> [FieldError] {
        var errors = RuleChecks.selector(term["labelSelector"], "\(field).labelSelector")
        errors += RuleChecks.selector(term["namespaceSelector"], "\(field).namespaceSelector")
        for (index, name) in (term["namespaces"]?.arrayValue ?? []).compactMap(\.stringValue).enumerated() {
            for why in NameValidation.dnsLabel(name) { errors.append(.invalid("\(field).namespaces[\(index)]", .string(name), why)) }
        }
        errors += labelKeys(term, field)
        if (term["topologyKey"]?.stringValue ?? "").isEmpty { errors.append(.required("\(field).topologyKey", "can not be empty")) }
        return errors
    }

    /// Labels of the pod that are to narrow a selector down. In a pod they are merged into it already, so that a key that is there twice was
    /// in the selector before; a template's are merged once there is a pod. Source: ValidateMatchLabelKeysAndMismatchLabelKeys.
    private static func labelKeys(_ rule: JSONValue, _ field: String) -> [FieldError] {
        let shared = rule["matchLabelKeys"]?.arrayValue ?? []
        let unshared = rule["mismatchLabelKeys"]?.arrayValue ?? []
        let selector = rule["labelSelector"]
        var errors = keyNames(shared, "\(field).matchLabelKeys", selector) + keyNames(unshared, "\(field).mismatchLabelKeys", selector)
        var selected = Set((selector?["matchLabels"]?.objectValue?.keys.map { $0 }) ?? [])
        for key in (selector?["matchExpressions"]?.arrayValue ?? []).compactMap({ $0["key"]?.stringValue }) {
            if !selected.insert(key).inserted, let index = shared.lastIndex(of: .string(key)) {
                errors.append(.invalid("\(field)[\(index)]", .string(key), "exists in both matchLabelKeys and labelSelector"))
            }
        }
        for (index, key) in shared.enumerated() where unshared.contains(key) {
            errors.append(.invalid("\(field).matchLabelKeys[\(index)]", key, "exists in both matchLabelKeys and mismatchLabelKeys"))
        }
        return errors
    }

    private static func keyNames(_ keys: [JSONValue], _ field: String, _ selector: JSONValue?) -> [FieldError] {
        guard !keys.isEmpty else { return [] }
        guard let selector, !selector.isNull else { return [.forbidden(field, "must not be specified when labelSelector is not set")] }
        return keys.enumerated().flatMap { index, key in
            LabelValidation.keyProblems(key.stringValue ?? "").map { .invalid("\(field)[\(index)]", key, $0) }
        }
    }

    private static func spread(_ constraints: [JSONValue], _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        var seen: Set<String> = []
        for (index, constraint) in constraints.enumerated() {
            let place = "\(field)[\(index)]"
            let key = constraint["topologyKey"]?.stringValue ?? ""
            let policy = constraint["whenUnsatisfiable"]?.stringValue ?? ""
            if !seen.insert("{\(key), \(policy)}").inserted {
                errors.append(.duplicate("\(place).{topologyKey, whenUnsatisfiable}", .string("{\(key), \(policy)}")))
            }
            if constraint["minDomains"]?.integerValue != nil, policy != "DoNotSchedule" {
                errors.append(
                    .invalid(
                        "\(place).minDomains", constraint["minDomains"] ?? .null,
                        "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not \(policy)"))
            }
            errors += RuleChecks.selector(constraint["labelSelector"], "\(place).labelSelector") + labelKeys(constraint, place)
        }
        return errors
    }

    /// Names, addresses and rights of a pod.
    static func surroundings(_ spec: JSONValue, field: String) -> [FieldError] {
        var errors: [FieldError] = []
        let servers = spec["dnsConfig", "nameservers"]?.arrayValue ?? []
        if spec["dnsPolicy"]?.stringValue == "None", servers.isEmpty {
            errors.append(.required("\(field).dnsConfig.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None"))
        }
        if servers.count > 3 {
            errors.append(.invalid("\(field).dnsConfig.nameservers", .array(servers), "must not have more than 3 nameservers"))
        }
        for (index, server) in servers.compactMap(\.stringValue).enumerated() {
            for why in ValueValidation.address(server) {
                errors.append(.invalid("\(field).dnsConfig.nameservers[\(index)]", .string(server), why))
            }
        }
        for (index, alias) in (spec["hostAliases"]?.arrayValue ?? []).enumerated() {
            for (place, name) in (alias["hostnames"]?.arrayValue ?? []).compactMap(\.stringValue).enumerated() {
                for why in NameValidation.dnsSubdomain(name) {
                    errors.append(.invalid("\(field).hostAliases[\(index)].hostnames[\(place)]", .string(name), why))
                }
            }
        }
        if spec["hostNetwork"]?.boolValue == true {
            for kind in ["containers", "initContainers"] {
                for (index, container) in (spec[kind]?.arrayValue ?? []).enumerated() {
                    for (place, port) in (container["ports"]?.arrayValue ?? []).enumerated() where port["hostPort"] != port["containerPort"] {
                        errors.append(
                            .invalid(
                                "\(field).\(kind)[\(index)].ports[\(place)].hostPort", port["hostPort"] ?? .integer(0),
                                "must match `containerPort` when `hostNetwork` is true"))
                    }
                }
            }
        }
        return errors + sysctls(spec["securityContext", "sysctls"]?.arrayValue ?? [], "\(field).securityContext.sysctls")
    }

    private static func sysctls(_ list: [JSONValue], _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        var seen: Set<String> = []
        for (index, entry) in list.enumerated() {
            let name = entry["name"]?.stringValue ?? ""
            guard !name.isEmpty else { continue }
            let place = "\(field)[\(index)].name"
            if !isSysctl(name) {
                let why =
                    "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
                errors.append(.invalid(place, .string(name), why))
            } else if !seen.insert(name.replacing("/", with: ".")).inserted {
                errors.append(.duplicate(place, .string(name)))
            }
        }
        return errors
    }

    private static func isSysctl(_ name: String) -> Bool {
        func isInner(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
        guard name.utf8.count <= 253 else { return false }
        return name.utf8.split(omittingEmptySubsequences: false, whereSeparator: { $0 == 46 || $0 == 47 }).allSatisfy { part in
            guard let first = part.first, let last = part.last, isInner(first), isInner(last) else { return false }
            return part.allSatisfy { isInner($0) || $0 == 45 || $0 == 95 }
        }
    }
}
