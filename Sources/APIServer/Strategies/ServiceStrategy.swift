internal import APIMachinery
internal import JSONCore
internal import ObjectStore

/// Services: each gets an address of the service range, and ports of the nodes where it is to be reached on them.
/// Source: `pkg/registry/core/service/storage/{alloc,storage}.go`, `pkg/registry/core/service/strategy.go`.
struct ServiceStrategy: ResourceStrategy {
    var createsOnUpdate: Bool { true }
    var returnsDeletedObject: Bool { true }
    func nameProblems(_ name: String) -> [String] { NameValidation.dns1035Label(name) }

    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) {
        if (object.string("spec", "type") ?? "").isEmpty { object["spec", "type"] = "ClusterIP" }
        if (object.string("spec", "sessionAffinity") ?? "").isEmpty { object["spec", "sessionAffinity"] = "None" }
        let type = object.string("spec", "type")
        if object.string("spec", "sessionAffinity") == "ClientIP" {
            if object["spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"] == nil {
                object["spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"] = 10800
            }
        } else if let old, old.string("spec", "sessionAffinity") == "ClientIP" {
            object["spec", "sessionAffinityConfig"] = nil
        }
        if type == "LoadBalancer", object["spec", "allocateLoadBalancerNodePorts"] == nil {
            object["spec", "allocateLoadBalancerNodePorts"] = true
        }
        if let old { drop(&object, old) }
        if type != "ExternalName" {
            if object["spec", "ipFamilies"] == nil { object["spec", "ipFamilies"] = ["IPv4"] }
            if object["spec", "ipFamilyPolicy"] == nil { object["spec", "ipFamilyPolicy"] = "SingleStack" }
            if object["spec", "internalTrafficPolicy"] == nil { object["spec", "internalTrafficPolicy"] = "Cluster" }
        }
        if Self.isExternal(object), object["spec", "externalTrafficPolicy"] == nil { object["spec", "externalTrafficPolicy"] = "Cluster" }
        guard case .array(var ports)? = object["spec", "ports"] else { return }
        for index in ports.indices {
            if (ports[index]["protocol"]?.stringValue ?? "").isEmpty { ports[index]["protocol"] = "TCP" }
            let target = ports[index]["targetPort"]
            if target == nil || target == .integer(0) || target == .string("") { ports[index]["targetPort"] = ports[index]["port"] }
        }
        object["spec", "ports"] = .array(ports)
    }

    /// What only another type has goes with the type, unless the client set it anew. Source: `dropTypeDependentFields`.
    private func drop(_ object: inout KubeObject, _ old: KubeObject) {
        func clear(_ field: String) {
            if object["spec", field] == old["spec", field] { object["spec", field] = nil }
        }
        let type = object.string("spec", "type")
        guard type != old.string("spec", "type") else { return }
        if type == "ExternalName" {
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"] { clear(field) }
        }
        if !Self.isExternal(object) {
            for field in ["externalTrafficPolicy", "healthCheckNodePort"] { clear(field) }
            if case .array(var ports)? = object["spec", "ports"] {
                let before = NodePortPool.ports(old)
                for index in ports.indices where ports[index]["nodePort"]?.integerValue.map(before.contains) ?? false {
                    ports[index]["nodePort"] = nil
                }
                object["spec", "ports"] = .array(ports)
            }
        }
        if type != "LoadBalancer" { for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] { clear(field) } }
    }

    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        object["status"] = ["loadBalancer": .object(JSONObject())]
    }

    func prepareForUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) {
        // What was given stays, also when the client sends the object without it.
        if needsAddress(object), needsAddress(old), (object.string("spec", "clusterIP") ?? "").isEmpty {
            object["spec", "clusterIP"] = old["spec", "clusterIP"]
        }
        if needsAddress(object), (object["spec", "clusterIPs"]?.arrayValue ?? []).isEmpty {
            object["spec", "clusterIPs"] = old["spec", "clusterIPs"]
        }
        guard Self.isExternal(object), Self.isExternal(old), case .array(var ports)? = object["spec", "ports"] else { return }
        for index in ports.indices where (ports[index]["nodePort"]?.integerValue ?? 0) == 0 {
            let same = old.array("spec", "ports").first {
                $0["port"] == ports[index]["port"] && $0["protocol"] == ports[index]["protocol"]
            }
            if let port = same?["nodePort"]?.integerValue, !NodePorts.used(ports).contains(port) { ports[index]["nodePort"] = .integer(port) }
        }
        object["spec", "ports"] = .array(ports)
    }

    private enum NodePorts {
        static func used(_ ports: [JSONValue]) -> Set<Int64> { Set(ports.compactMap { $0["nodePort"]?.integerValue }) }
    }

    /// Whether a service of this type can be reached from outside through the nodes.
    static func isExternal(_ object: KubeObject) -> Bool {
        let type = object.string("spec", "type")
        return type == "NodePort" || type == "LoadBalancer"
    }

    /// Whether a service of this kind has an address of the range.
    private func needsAddress(_ object: KubeObject) -> Bool {
        object.string("spec", "type") != "ExternalName" && object.string("spec", "clusterIP") != "None"
    }

    func claim(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) throws(APIStatus) {
        guard context.subresource == nil else { return }
        let owner = "\(object.namespace ?? "")/\(object.name)"
        try claimAddress(&object, old: old, owner, context)
        try claimPorts(&object, old: old, owner, context)
    }

    private func claimAddress(
        _ object: inout KubeObject, old: KubeObject?, _ owner: String, _ context: WriteContext
    ) throws(APIStatus) {
        guard needsAddress(object) else {
            if object.string("spec", "clusterIP") == "None" { object["spec", "clusterIPs"] = ["None"] }
            return
        }
        let wanted = object.string("spec", "clusterIP") ?? ""
        if let held = old?.string("spec", "clusterIP"), held == wanted, !wanted.isEmpty { return }
        let address: String
        do throws(ServiceAddressPool.Refusal) {
            let (namespace, name, store) = (object.namespace ?? "", object.name, context.core.store)
            address = try context.core.addresses.claim(wanted.isEmpty ? nil : wanted, owner: owner) {
                ServiceAddressObject.isFree($0, namespace: namespace, name: name, store)
            }
        } catch {
            throw .invalid(
                kind: context.endpoint.descriptor.groupKind, name: object.name,
                [.invalid("spec.clusterIPs", .array([.string(wanted)]), error.message)])
        }
        object["spec", "clusterIP"] = .string(address)
        object["spec", "clusterIPs"] = [.string(address)]
    }

    private func claimPorts(
        _ object: inout KubeObject, old: KubeObject?, _ owner: String, _ context: WriteContext
    ) throws(APIStatus) {
        guard Self.isExternal(object), case .array(var ports)? = object["spec", "ports"] else { return }
        let allocates = object.bool("spec", "allocateLoadBalancerNodePorts") ?? true
        let held = old.map { Set(NodePortPool.ports($0)) } ?? []
        for index in ports.indices {
            let wanted = ports[index]["nodePort"]?.integerValue ?? 0
            if held.contains(wanted) || (wanted == 0 && !allocates) { continue }
            let field = "spec.ports[\(index)].nodePort"
            func refusal(_ why: String) -> APIStatus {
                .invalid(kind: context.endpoint.descriptor.groupKind, name: object.name, [.invalid(field, .integer(wanted), why)])
            }
            let range = NodePortPool.range
            guard wanted == 0 || range.contains(wanted) else {
                throw refusal(
                    "provided port is not in the valid range. The range of valid ports is \(range.lowerBound)-\(range.upperBound)")
            }
            guard let port = context.core.nodePorts.claim(wanted, owner: owner) else {
                throw refusal(wanted == 0 ? "failed to allocate a nodePort: range is full" : "provided port is already allocated")
            }
            ports[index]["nodePort"] = .integer(port)
        }
        object["spec", "ports"] = .array(ports)
    }

    func release(_ object: KubeObject, _ context: WriteContext) {
        let owner = "\(object.namespace ?? "")/\(object.name)"
        if let address = object.string("spec", "clusterIP") { context.core.addresses.release(address, owner: owner) }
        for port in NodePortPool.ports(object) { context.core.nodePorts.release(port, owner: owner) }
    }

    /// The IPAddress of a service comes and goes with its address.
    func companions(_ object: KubeObject, old: KubeObject?, _ context: WriteContext) -> [ObjectWrite] {
        let (now, before) = (ServiceAddressObject.address(of: object), old.flatMap { ServiceAddressObject.address(of: $0) })
        guard now != before, let namespace = object.namespace else { return [] }
        let (name, store) = (object.name, context.core.store)
        return [
            now.flatMap { ServiceAddressObject.creation($0, namespace: namespace, name: name, store, now: context.now) },
            before.flatMap { ServiceAddressObject.removal($0, namespace: namespace, name: name, store) },
        ].compactMap { $0 }
    }

    func departing(_ object: KubeObject, _ context: WriteContext) -> [ObjectWrite] {
        guard let address = ServiceAddressObject.address(of: object), let namespace = object.namespace else { return [] }
        return ServiceAddressObject.removal(address, namespace: namespace, name: object.name, context.core.store).map { [$0] } ?? []
    }

    func didUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) {
        guard let before = ServiceAddressObject.address(of: old), before != ServiceAddressObject.address(of: object) else { return }
        context.core.addresses.release(before, owner: "\(old.namespace ?? "")/\(old.name)")
    }

    func prepareForStatusUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) { LoadBalancerStatus.complete(&object) }

    func validateSubresource(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        context.subresource == "status" ? LoadBalancerStatus.serviceErrors(object, old: old) : []
    }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] { ServiceValidation.errors(object) }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors = ServiceValidation.errors(object)
        if needsAddress(object), needsAddress(old), let address = old.string("spec", "clusterIP"), !address.isEmpty,
            object.string("spec", "clusterIP") != address
        {
            errors.append(.invalid("spec.clusterIPs[0]", .array([object["spec", "clusterIP"] ?? .null]), "may not change once set"))
        }
        let isBalanced = object.string("spec", "type") == "LoadBalancer" && old.string("spec", "type") == "LoadBalancer"
        if isBalanced, object["spec", "loadBalancerClass"] != old["spec", "loadBalancerClass"] {
            errors.append(.invalid("spec.loadBalancerClass", object["spec", "loadBalancerClass"] ?? .null, "may not change once set"))
        }
        return errors
    }
}
