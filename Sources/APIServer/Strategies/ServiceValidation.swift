internal import APIMachinery
internal import JSONCore

/// What is wrong with a Service. Source: `pkg/apis/core/validation/validation.go` ValidateService.
enum ServiceValidation {
    static func errors(_ object: KubeObject) -> [FieldError] {
        let type = object.string("spec", "type") ?? ""
        let ports = object.array("spec", "ports")
        let address = object.string("spec", "clusterIP") ?? ""
        var errors: [FieldError] = []
        if type == "ExternalName" {
            let name = object.string("spec", "externalName") ?? ""
            if name.isEmpty {
                errors.append(.required("spec.externalName"))
            } else {
                let bare = name.hasSuffix(".") ? String(name.dropLast()) : name
                for why in NameValidation.dnsSubdomain(bare) { errors.append(.invalid("spec.externalName", .string(name), why)) }
            }
            if !address.isEmpty { errors.append(.forbidden("spec.clusterIPs[0]", "may not be set for ExternalName services")) }
        } else {
            if ports.isEmpty, address != "None" { errors.append(.required("spec.ports")) }
            if address == "None", type != "ClusterIP" {
                errors.append(.invalid("spec.clusterIPs[0]", "None", "may not be set to 'None' for \(type) services"))
            }
            if !address.isEmpty, address != "None" {
                for why in ValueValidation.address(address) { errors.append(.invalid("spec.clusterIPs[0]", .string(address), why)) }
            }
        }
        errors += self.ports(ports, isExternal: ServiceStrategy.isExternal(object), type: type)
        if let selector = object["spec", "selector"]?.objectValue { errors += LabelValidation.labels(selector, field: "spec.selector") }
        return errors + reach(object, type)
    }

    private static func ports(_ ports: [JSONValue], isExternal: Bool, type: String) -> [FieldError] {
        var errors: [FieldError] = []
        var names: Set<String> = []
        var numbers: Set<String> = []
        var nodePorts: Set<String> = []
        for (index, port) in ports.enumerated() {
            let field = "spec.ports[\(index)]"
            let name = port["name"]?.stringValue ?? ""
            if name.isEmpty, ports.count > 1 { errors.append(.required("\(field).name")) }
            if !name.isEmpty {
                for why in NameValidation.dnsLabel(name) { errors.append(.invalid("\(field).name", .string(name), why)) }
                if !names.insert(name).inserted { errors.append(.duplicate("\(field).name", .string(name))) }
            }
            if let spoken = port["appProtocol"]?.stringValue {
                for why in LabelValidation.keyProblems(spoken) { errors.append(.invalid("\(field).appProtocol", .string(spoken), why)) }
            }
            let number = port["port"]?.integerValue ?? 0
            for why in ValueValidation.portNumber(number) { errors.append(.invalid("\(field).port", .integer(number), why)) }
            let transport = port["protocol"]?.stringValue ?? ""
            if !numbers.insert("\(transport)\(number)").inserted { errors.append(.duplicate(field, port)) }
            if let target = port["targetPort"]?.integerValue {
                for why in ValueValidation.portNumber(target) { errors.append(.invalid("\(field).targetPort", .integer(target), why)) }
            } else if let target = port["targetPort"]?.stringValue {
                for why in ValueValidation.portName(target) { errors.append(.invalid("\(field).targetPort", .string(target), why)) }
            }
            guard let node = port["nodePort"]?.integerValue, node != 0 else { continue }
            if !isExternal {
                errors.append(.forbidden("\(field).nodePort", "may not be used when `type` is '\(type)'"))
            } else if !nodePorts.insert("\(transport)\(node)").inserted {
                errors.append(.duplicate("\(field).nodePort", .integer(node)))
            }
        }
        return errors
    }

    /// Who may reach it, and how.
    private static func reach(_ object: KubeObject, _ type: String) -> [FieldError] {
        var errors: [FieldError] = []
        if object.string("spec", "sessionAffinity") == "None", let config = object["spec", "sessionAffinityConfig"], !config.isNull {
            errors.append(.forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None"))
        }
        for (index, address) in object.array("spec", "externalIPs").compactMap(\.stringValue).enumerated() {
            for why in ValueValidation.address(address) { errors.append(.invalid("spec.externalIPs[\(index)]", .string(address), why)) }
        }
        if let policy = object.string("spec", "externalTrafficPolicy"), !policy.isEmpty, !ServiceStrategy.isExternal(object),
            object.array("spec", "externalIPs").isEmpty
        {
            errors.append(
                .invalid("spec.externalTrafficPolicy", .string(policy), "may only be set for externally-accessible services"))
        }
        if type != "LoadBalancer" {
            for field in ["loadBalancerClass", "allocateLoadBalancerNodePorts", "loadBalancerSourceRanges"] {
                guard let value = object["spec", field], !value.isNull, value.arrayValue?.isEmpty != true else { continue }
                errors.append(.forbidden("spec.\(field)", "may only be used when `type` is 'LoadBalancer'"))
            }
        }
        for (index, range) in object.array("spec", "loadBalancerSourceRanges").compactMap(\.stringValue).enumerated() where CIDR(range) == nil {
            errors.append(.invalid("spec.loadBalancerSourceRanges[\(index)]", .string(range), CIDR.problem))
        }
        return errors
    }
}
