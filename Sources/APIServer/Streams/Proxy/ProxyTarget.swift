internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// Where a proxied request goes. Source: `pkg/registry/core/{pod,service,node}/`, their ResourceLocation.
enum ProxyTarget: Sendable {
    /// An address of a pod, an endpoint or a node.
    case address(host: String, port: Int, isTLS: Bool)
    /// The node's own agent.
    case agent(node: String, any NodeConnection)

    /// `[scheme:]name[:port]`.
    struct Name: Sendable, Equatable {
        var isTLS = false
        var name: String
        /// A number or a name; empty for none.
        var port = ""

        /// Nil for anything else. Source: apimachinery `pkg/util/net/port_split.go` SplitSchemeNamePort.
        init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            switch parts.count {
            case 1: name = parts[0]
            case 2: (name, port) = (parts[0], parts[1])
            case 3:
                guard ["", "http", "https"].contains(parts[0]) else { return nil }
                (isTLS, name, port) = (parts[0] == "https", parts[1], parts[2])
            default: return nil
            }
            if name.isEmpty { return nil }
        }
    }

    /// Finds what a path means. Throws NotFound, BadRequest and ServiceUnavailable.
    static func resolve(_ path: ResourcePath, _ core: ServerCore) throws(APIStatus) -> ProxyTarget {
        let text = path.name ?? ""
        let kind = path.resource == "pods" ? "pod" : path.resource == "services" ? "service" : "node"
        guard path.group.isEmpty, ["pods", "services", "nodes"].contains(path.resource) else { throw .unknownPath }
        guard let name = Name(text) else { throw .badRequest("invalid \(kind) request \(text.goQuoted)") }
        switch path.resource {
        case "pods": return try pod(name, path.namespace, core)
        case "services": return try service(name, path.namespace, core, text)
        default: return try node(name, core)
        }
    }

    private static func object(_ resource: String, _ namespace: String?, _ name: String, _ core: ServerCore) throws(APIStatus) -> KubeObject {
        guard let found = try core.object(resource, namespace: namespace, name: name) else {
            throw .notFound(GroupResource(group: "", resource: resource), name)
        }
        return found
    }

    /// An address of this cluster: loopback and the like are the daemon's own.
    private static func checked(_ address: String, _ port: Int, _ isTLS: Bool) throws(APIStatus) -> ProxyTarget {
        let first = address.split(separator: ".").first.flatMap { Int($0) }
        let isSixGlobal = address.contains(":") && address != "::1" && address != "::" && !address.lowercased().hasPrefix("fe80")
        guard isSixGlobal || (first.map { $0 != 127 && $0 != 0 && $0 < 224 } ?? false), !address.hasPrefix("169.254.") else {
            throw .badRequest("address not allowed")
        }
        return .address(host: address, port: port, isTLS: isTLS)
    }

    // MARK: Pods

    private static func pod(_ name: Name, _ namespace: String?, _ core: ServerCore) throws(APIStatus) -> ProxyTarget {
        let pod = try object("pods", namespace, name.name, core)
        guard let address = pod.string("status", "podIP"), !address.isEmpty else {
            throw .serviceUnavailable("pod \(name.name.goQuoted) has no address yet: its phase is \(pod.string("status", "phase") ?? "unknown")")
        }
        let containers = pod.array("spec", "containers")
        if name.port.isEmpty {
            let declared = containers.lazy.compactMap { $0["ports"]?.arrayValue?.first?["containerPort"]?.integerValue }.first
            return try checked(address, declared.map { Int($0) } ?? (name.isTLS ? 443 : 80), name.isTLS)
        }
        if let number = PodPorts.parse(name.port) { return try checked(address, Int(number), name.isTLS) }
        for container in containers {
            for port in container["ports"]?.arrayValue ?? [] where port["name"]?.stringValue == name.port {
                return try checked(address, Int(port["containerPort"]?.integerValue ?? 0), name.isTLS)
            }
        }
        throw .badRequest("pod \(name.name.goQuoted) has no port \(name.port.goQuoted)")
    }

    // MARK: Services

    private static func service(_ name: Name, _ namespace: String?, _ core: ServerCore, _ text: String) throws(APIStatus) -> ProxyTarget {
        var port = name.port
        let service = try object("services", namespace, name.name, core)
        if let number = Int64(port) {
            guard let found = service.array("spec", "ports").first(where: { $0["port"]?.integerValue == number }) else {
                throw .serviceUnavailable("no service port \(number) found for service \(name.name.goQuoted)")
            }
            port = found["name"]?.stringValue ?? ""
        }
        let backends = try backends(of: name.name, namespace, core)
        guard !backends.isEmpty else { throw .serviceUnavailable("no endpoints available for service \(name.name.goQuoted)") }
        let matching = backends.filter { $0.portName == port }
        guard let chosen = matching.randomElement() else {
            throw .serviceUnavailable("no endpoints available for service \(text.goQuoted)")
        }
        return try checked(chosen.address, chosen.port, name.isTLS)
    }

    private struct Backend {
        let address: String
        let portName: String
        let port: Int
    }

    /// Every ready endpoint: of the Endpoints, or of slices where a service has only those.
    private static func backends(of name: String, _ namespace: String?, _ core: ServerCore) throws(APIStatus) -> [Backend] {
        var found: [Backend] = []
        for subset in try core.object("endpoints", namespace: namespace, name: name)?.value["subsets"]?.arrayValue ?? [] {
            let addresses = (subset["addresses"]?.arrayValue ?? []).compactMap { $0["ip"]?.stringValue }
            found += pairs(addresses, subset["ports"]?.arrayValue ?? [])
        }
        guard found.isEmpty else { return found }
        for slice in try core.objects(group: "discovery.k8s.io", "endpointslices", namespace: namespace) {
            guard slice.labels["kubernetes.io/service-name"] == name, slice.string("addressType") != "FQDN" else { continue }
            let ready = slice.array("endpoints").filter { $0["conditions", "ready"]?.boolValue ?? true }
            found += pairs(ready.flatMap { $0["addresses"]?.arrayValue ?? [] }.compactMap(\.stringValue), slice.array("ports"))
        }
        return found
    }

    private static func pairs(_ addresses: [String], _ ports: [JSONValue]) -> [Backend] {
        addresses.flatMap { address in
            ports.compactMap { port in
                guard let number = port["port"]?.integerValue, (1...65535).contains(number), port["protocol"]?.stringValue ?? "TCP" == "TCP"
                else { return nil }
                return Backend(address: address, portName: port["name"]?.stringValue ?? "", port: Int(number))
            }
        }
    }

    // MARK: Nodes

    /// Where the agents of other clusters listen. Source: `pkg/cluster/ports/ports.go` KubeletPort.
    private static let agentPort: UInt16 = 10250

    /// Whether the name of a node means its agent, not another port of it.
    static func isAgent(_ name: Name) -> Bool { name.port.isEmpty || PodPorts.parse(name.port) == agentPort }

    private static func node(_ name: Name, _ core: ServerCore) throws(APIStatus) -> ProxyTarget {
        let node = try object("nodes", nil, name.name, core)
        if isAgent(name) {
            guard let connection = core.nodes.connection(named: name.name) else {
                throw .serviceUnavailable("node \(name.name.goQuoted) cannot be reached: its agent is not running")
            }
            return .agent(node: name.name, connection)
        }
        guard let port = PodPorts.parse(name.port) else { throw .badRequest("invalid node request: \(name.port.goQuoted) is not a port") }
        let addresses = node.array("status", "addresses")
        guard let address = addresses.first(where: { $0["type"]?.stringValue == "InternalIP" })?["address"]?.stringValue else {
            throw .serviceUnavailable("node \(name.name.goQuoted) has no InternalIP")
        }
        return try checked(address, Int(port), name.isTLS)
    }
}
