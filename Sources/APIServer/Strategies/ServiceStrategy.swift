internal import APIMachinery
internal import JSONCore

/// Services: each gets an address of the service range. Source: `pkg/registry/core/service/storage/alloc.go`.
struct ServiceStrategy: ResourceStrategy {
    var createsOnUpdate: Bool { true }
    var returnsDeletedObject: Bool { true }
    func nameProblems(_ name: String) -> [String] { NameValidation.dns1035Label(name) }

    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        complete(&object)
        object["status"] = ["loadBalancer": .object(JSONObject())]
    }

    func prepareForUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) {
        complete(&object)
        // An address once given stays, also when the client sends the object without it.
        if needsAddress(object), needsAddress(old), (object.string("spec", "clusterIP") ?? "").isEmpty {
            object["spec", "clusterIP"] = old["spec", "clusterIP"]
        }
        if needsAddress(object), (object["spec", "clusterIPs"]?.arrayValue ?? []).isEmpty {
            object["spec", "clusterIPs"] = old["spec", "clusterIPs"]
        }
    }

    private func complete(_ object: inout KubeObject) {
        if (object.string("spec", "type") ?? "").isEmpty { object["spec", "type"] = "ClusterIP" }
        if (object.string("spec", "sessionAffinity") ?? "").isEmpty { object["spec", "sessionAffinity"] = "None" }
        let type = object.string("spec", "type")
        if type != "ExternalName" {
            if object["spec", "ipFamilies"] == nil { object["spec", "ipFamilies"] = ["IPv4"] }
            if object["spec", "ipFamilyPolicy"] == nil { object["spec", "ipFamilyPolicy"] = "SingleStack" }
            if object["spec", "internalTrafficPolicy"] == nil { object["spec", "internalTrafficPolicy"] = "Cluster" }
        }
        if type == "NodePort" || type == "LoadBalancer", object["spec", "externalTrafficPolicy"] == nil {
            object["spec", "externalTrafficPolicy"] = "Cluster"
        }
        guard case .array(var ports)? = object["spec", "ports"] else { return }
        for index in ports.indices {
            if (ports[index]["protocol"]?.stringValue ?? "").isEmpty { ports[index]["protocol"] = "TCP" }
            let target = ports[index]["targetPort"]
            if target == nil || target == .integer(0) || target == .string("") { ports[index]["targetPort"] = ports[index]["port"] }
        }
        object["spec", "ports"] = .array(ports)
    }

    /// Whether a service of this kind has an address of the range.
    private func needsAddress(_ object: KubeObject) -> Bool {
        object.string("spec", "type") != "ExternalName" && object.string("spec", "clusterIP") != "None"
    }

    func claim(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) throws(APIStatus) {
        guard needsAddress(object) else {
            if object.string("spec", "clusterIP") == "None" { object["spec", "clusterIPs"] = ["None"] }
            return
        }
        let wanted = object.string("spec", "clusterIP") ?? ""
        let owner = "\(object.namespace ?? "")/\(object.name)"
        if let held = old?.string("spec", "clusterIP"), held == wanted, !wanted.isEmpty { return }
        let address: String
        do throws(ServiceAddressPool.Refusal) {
            address = try context.core.addresses.claim(wanted.isEmpty ? nil : wanted, owner: owner)
        } catch {
            throw .invalid(
                kind: context.endpoint.descriptor.groupKind, name: object.name,
                [.invalid("spec.clusterIPs", .array([.string(wanted)]), error.message)])
        }
        object["spec", "clusterIP"] = .string(address)
        object["spec", "clusterIPs"] = [.string(address)]
    }

    func release(_ object: KubeObject, _ context: WriteContext) {
        guard let address = object.string("spec", "clusterIP") else { return }
        context.core.addresses.release(address, owner: "\(object.namespace ?? "")/\(object.name)")
    }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors: [FieldError] = []
        let type = object.string("spec", "type") ?? ""
        let ports = object.array("spec", "ports")
        if type == "ExternalName" {
            if (object.string("spec", "externalName") ?? "").isEmpty { errors.append(.required("spec.externalName")) }
        } else if ports.isEmpty, object.string("spec", "clusterIP") != "None" {
            errors.append(.required("spec.ports"))
        }
        var names: Set<String> = []
        var numbers: Set<String> = []
        for (index, port) in ports.enumerated() {
            let field = "spec.ports[\(index)]"
            let name = port["name"]?.stringValue ?? ""
            if name.isEmpty, ports.count > 1 { errors.append(.required("\(field).name")) }
            if !name.isEmpty {
                for why in NameValidation.dnsLabel(name) { errors.append(.invalid("\(field).name", .string(name), why)) }
                if !names.insert(name).inserted { errors.append(.duplicate("\(field).name", .string(name))) }
            }
            let number = port["port"]?.integerValue ?? 0
            for why in ValueValidation.portNumber(number) { errors.append(.invalid("\(field).port", .integer(number), why)) }
            if !numbers.insert("\(port["protocol"]?.stringValue ?? "")\(number)").inserted { errors.append(.duplicate(field, port)) }
        }
        return errors
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors = validateCreate(object, context)
        if needsAddress(object), needsAddress(old), let address = old.string("spec", "clusterIP"), !address.isEmpty,
            object.string("spec", "clusterIP") != address
        {
            errors.append(.invalid("spec.clusterIPs[0]", .array([object["spec", "clusterIP"] ?? .null]), "may not change once set"))
        }
        return errors
    }
}
