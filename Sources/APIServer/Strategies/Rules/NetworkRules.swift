internal import APIMachinery
internal import JSONCore

/// Source: `pkg/apis/networking/validation/validation.go`.
extension KindRules {
    static let ingress = KindRules(
        check: { object in
            var errors: [FieldError] = []
            let rules = object.array("spec", "rules")
            let fallback = object["spec", "defaultBackend"]
            if rules.isEmpty, fallback?.isNull ?? true {
                errors.append(.invalid("spec", object["spec"] ?? .null, "either `defaultBackend` or `rules` must be specified"))
            }
            if let fallback, !fallback.isNull { errors += IngressRules.backend(fallback, "spec.defaultBackend") }
            for (index, rule) in rules.enumerated() { errors += IngressRules.rule(rule, "spec.rules[\(index)]") }
            for (index, entry) in object.array("spec", "tls").enumerated() {
                for (place, host) in (entry["hosts"]?.arrayValue ?? []).compactMap(\.stringValue).enumerated() {
                    for why in IngressRules.host(host) { errors.append(.invalid("spec.tls[\(index)].hosts[\(place)]", .string(host), why)) }
                }
            }
            if let name = object.string("spec", "ingressClassName") {
                for why in NameValidation.dnsSubdomain(name) { errors.append(.invalid("spec.ingressClassName", .string(name), why)) }
            }
            return errors
        },
        status: { object, _ in LoadBalancerStatus.errors(object) })

    static let ingressClass = KindRules(
        check: { object in
            let controller = object.string("spec", "controller") ?? ""
            guard !controller.isEmpty else { return [.required("spec.controller")] }
            let parts = controller.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            var errors: [FieldError] = []
            if parts.count != 2 || !NameValidation.dnsSubdomain(String(parts[0])).isEmpty || parts[1].isEmpty {
                errors.append(
                    .invalid("spec.controller", .string(controller), "must be a domain-prefixed path (such as \"acme.io/foo\")"))
            }
            let scope = object.string("spec", "parameters", "scope")
            let namespace = object.string("spec", "parameters", "namespace")
            if scope == "Namespace", namespace == nil {
                errors.append(.required("spec.parameters.namespace", "`parameters.scope` is set to 'Namespace'"))
            }
            if scope == "Cluster", namespace != nil {
                errors.append(.forbidden("spec.parameters.namespace", "`parameters.scope` is set to 'Cluster'"))
            }
            return errors
        },
        change: { object, old in WorkloadValidation.fixed(["spec", "controller"], object, old) })

    static let networkPolicy = KindRules(
        complete: { object in
            guard object.array("spec", "policyTypes").isEmpty else { return }
            object["spec", "policyTypes"] = object.array("spec", "egress").isEmpty ? ["Ingress"] : ["Ingress", "Egress"]
        },
        check: { object in
            var errors = RuleChecks.selector(object["spec", "podSelector"], "spec.podSelector")
            for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
                for (index, rule) in object.array("spec", direction).enumerated() {
                    let field = "spec.\(direction)[\(index)]"
                    for (place, port) in (rule["ports"]?.arrayValue ?? []).enumerated() {
                        errors += PolicyRules.port(port, "\(field).ports[\(place)]")
                    }
                    for (place, peer) in (rule[peers]?.arrayValue ?? []).enumerated() {
                        errors += PolicyRules.peer(peer, "\(field).\(peers)[\(place)]")
                    }
                }
            }
            let types = object.array("spec", "policyTypes")
            if types.count > 2 {
                errors.append(.invalid("spec.policyTypes", .array(types), "may not specify more than two policyTypes"))
            }
            return errors
        })

    static let endpointSlice = KindRules(
        check: { object in
            var errors: [FieldError] = []
            let type = object.string("addressType") ?? ""
            let endpoints = object.array("endpoints")
            if endpoints.count > 1000 { errors.append(.tooMany("endpoints", actual: endpoints.count, maximum: 1000)) }
            for (index, endpoint) in endpoints.enumerated() {
                let addresses = (endpoint["addresses"]?.arrayValue ?? []).compactMap(\.stringValue)
                let field = "endpoints[\(index)].addresses"
                if addresses.isEmpty { errors.append(.required(field, "must contain at least 1 address")) }
                if addresses.count > 100 { errors.append(.tooMany(field, actual: addresses.count, maximum: 100)) }
                for (place, address) in addresses.enumerated() {
                    let problems = type == "FQDN" ? NameValidation.dnsSubdomain(address) : EndpointAddress.problems(address)
                    for why in problems { errors.append(.invalid("\(field)[\(place)]", .string(address), why)) }
                    let isIPv6 = address.contains(":")
                    let isAddress = type != "FQDN" && ValueValidation.address(address).isEmpty
                    if isAddress, type == "IPv4", isIPv6 {
                        errors.append(.invalid("\(field)[\(place)]", .string(address), "must be an IPv4 address"))
                    }
                    if isAddress, type == "IPv6", !isIPv6 {
                        errors.append(.invalid("\(field)[\(place)]", .string(address), "must be an IPv6 address"))
                    }
                }
            }
            var names: Set<String> = []
            for (index, port) in object.array("ports").enumerated() {
                let name = port["name"]?.stringValue ?? ""
                if !names.insert(name).inserted { errors.append(.duplicate("ports[\(index)].name", .string(name))) }
                guard !name.isEmpty else { continue }
                for why in ValueValidation.portName(name) where name.utf8.count > 15 || name != name.lowercased() {
                    errors.append(.invalid("ports[\(index)].name", .string(name), why))
                }
            }
            return errors
        },
        change: { object, old in WorkloadValidation.fixed(["addressType"], object, old) })
}

/// The parts of an Ingress.
enum IngressRules {
    static func host(_ host: String) -> [String] {
        if host.hasPrefix("*.") { return NameValidation.dnsSubdomain(String(host.dropFirst(2))) }
        return NameValidation.dnsSubdomain(host)
    }

    static func rule(_ rule: JSONValue, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        if let host = rule["host"]?.stringValue, !host.isEmpty {
            if ValueValidation.address(host).isEmpty {
                errors.append(.invalid("\(field).host", .string(host), "must be a DNS name, not an IP address"))
            }
            for why in self.host(host) { errors.append(.invalid("\(field).host", .string(host), why)) }
        }
        for (index, path) in (rule["http", "paths"]?.arrayValue ?? []).enumerated() {
            let place = "\(field).http.paths[\(index)]"
            let text = path["path"]?.stringValue ?? ""
            switch path["pathType"]?.stringValue {
            case "Exact", "Prefix":
                if !text.hasPrefix("/") { errors.append(.invalid("\(place).path", .string(text), "must be an absolute path")) }
                for part in ["//", "/./", "/../", "%2f", "%2F"] where text.contains(part) {
                    errors.append(.invalid("\(place).path", .string(text), "must not contain '\(part)'"))
                }
                for end in ["/..", "/."] where text.hasSuffix(end) {
                    errors.append(.invalid("\(place).path", .string(text), "cannot end with '\(end)'"))
                }
            case "ImplementationSpecific":
                if !text.isEmpty, !text.hasPrefix("/") {
                    errors.append(.invalid("\(place).path", .string(text), "must be an absolute path"))
                }
            default: break
            }
            errors += backend(path["backend"] ?? .null, "\(place).backend")
        }
        return errors
    }

    static func backend(_ backend: JSONValue, _ field: String) -> [FieldError] {
        let service = backend["service"].flatMap { $0.isNull ? nil : $0 }
        let hasResource = !(backend["resource"]?.isNull ?? true)
        if service != nil, hasResource {
            return [.invalid(field, "", "cannot set both resource and service backends")]
        }
        guard let service else {
            return hasResource ? [] : [.invalid(field, "", "resource or service backend is required")]
        }
        var errors: [FieldError] = []
        let name = service["name"]?.stringValue ?? ""
        if !name.isEmpty {
            for why in NameValidation.dns1035Label(name) { errors.append(.invalid("\(field).service.name", .string(name), why)) }
        }
        let portName = service["port", "name"]?.stringValue ?? ""
        let number = service["port", "number"]?.integerValue ?? 0
        switch (portName.isEmpty, number == 0) {
        case (false, false): errors.append(.invalid(field, "", "cannot set both port name & port number"))
        case (true, true): errors.append(.required(field, "port name or number is required"))
        case (false, true):
            for why in ValueValidation.portName(portName) { errors.append(.invalid("\(field).service.port.name", .string(portName), why)) }
        case (true, false):
            for why in ValueValidation.portNumber(number) { errors.append(.invalid("\(field).service.port.number", .integer(number), why)) }
        }
        return errors
    }
}

/// The parts of a NetworkPolicy.
enum PolicyRules {
    static func port(_ port: JSONValue, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        let value = port["port"]
        if let number = value?.integerValue {
            for why in ValueValidation.portNumber(number) { errors.append(.invalid("\(field).port", .integer(number), why)) }
        } else if let name = value?.stringValue {
            for why in ValueValidation.portName(name) { errors.append(.invalid("\(field).port", .string(name), why)) }
        }
        guard let end = port["endPort"]?.integerValue else { return errors }
        if let number = value?.integerValue {
            if end < number { errors.append(.invalid("\(field).endPort", .integer(end), "must be greater than or equal to `port`")) }
            for why in ValueValidation.portNumber(end) { errors.append(.invalid("\(field).endPort", .integer(end), why)) }
        } else if value?.stringValue != nil {
            errors.append(.invalid("\(field).endPort", .integer(end), "may not be specified when `port` is non-numeric"))
        } else {
            errors.append(.invalid("\(field).endPort", .integer(end), "may not be specified when `port` is not specified"))
        }
        return errors
    }

    static func peer(_ peer: JSONValue, _ field: String) -> [FieldError] {
        var errors = RuleChecks.selector(peer["podSelector"], "\(field).podSelector")
        errors += RuleChecks.selector(peer["namespaceSelector"], "\(field).namespaceSelector")
        let hasSelector = ["podSelector", "namespaceSelector"].contains { !(peer[$0]?.isNull ?? true) }
        guard let block = peer["ipBlock"], !block.isNull else {
            return hasSelector ? errors : errors + [.required(field, "must specify a peer")]
        }
        if hasSelector { errors.append(.forbidden(field, "may not specify both ipBlock and another peer")) }
        let text = block["cidr"]?.stringValue ?? ""
        guard !text.isEmpty else { return errors + [.required("\(field).ipBlock.cidr")] }
        guard let range = CIDR(text) else {
            return errors + [.invalid("\(field).ipBlock.cidr", .string(text), CIDR.problem)]
        }
        for (index, except) in (block["except"]?.arrayValue ?? []).compactMap(\.stringValue).enumerated() {
            let place = "\(field).ipBlock.except[\(index)]"
            guard let inner = CIDR(except) else {
                errors.append(.invalid(place, .string(except), CIDR.problem))
                continue
            }
            if !range.strictlyContains(inner) { errors.append(.invalid(place, .string(except), "must be a strict subset of `cidr`")) }
        }
        return errors
    }
}
