import APIMachinery
import JSONCore

extension TableLayout {
    static let service = TableLayout("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "wide:Selector") { object, now in
        let service = Service(object)
        let spec = service.spec
        let ports = spec.ports.map { $0.nodePort > 0 ? "\($0.port):\($0.nodePort)/\($0.protocol)" : "\($0.port)/\($0.protocol)" }
        return [
            .string(object.name), .string(spec.type), .orNone(spec.clusterIP), .string(externalAddress(of: service)),
            .orNone(ports.joined(separator: ",")), .age(object, now), .string(SelectorText.labels(spec.selector)),
        ]
    }

    static let endpoints = TableLayout("Name", "Endpoints", "Age") { object, now in
        var addresses: [String] = []
        for subset in object.array("subsets") {
            let ips = (subset["addresses"]?.arrayValue ?? []).compactMap { $0["ip"]?.stringValue }
            let ports = (subset["ports"]?.arrayValue ?? []).compactMap { $0["port"]?.integerValue }
            for ip in ips { addresses += ports.isEmpty ? [ip] : ports.map { "\(ip):\($0)" } }
        }
        return [.string(object.name), .orNone(shortened(addresses)), .age(object, now)]
    }

    static let endpointSlice = TableLayout("Name", "AddressType", "Ports", "Endpoints", "Age") { object, now in
        let ports = object.array("ports").map { $0["port"]?.integerValue.map { String($0) } ?? "*" }
        let addresses = object.array("endpoints").flatMap { ($0["addresses"]?.arrayValue ?? []).compactMap(\.stringValue) }
        func orUnset(_ text: String) -> JSONValue { .string(text.isEmpty ? "<unset>" : text) }
        return [
            .string(object.name), .string(object.string("addressType") ?? ""), orUnset(shortened(ports)),
            orUnset(shortened(addresses)), .age(object, now),
        ]
    }

    /// The first three, and how many more.
    private static func shortened(_ items: [String]) -> String {
        let first = items.prefix(3).joined(separator: ",")
        return items.count > 3 ? "\(first) + \(items.count - 3) more..." : first
    }

    private static func externalAddress(of service: Service) -> String {
        let spec = service.spec
        switch spec.type {
        case "ExternalName": return spec.externalName
        case "LoadBalancer":
            let ingress = service.object.array("status", "loadBalancer", "ingress")
            let given = ingress.compactMap { $0["ip"]?.stringValue ?? $0["hostname"]?.stringValue } + spec.externalIPs
            return given.isEmpty ? "<pending>" : given.joined(separator: ",")
        default: return spec.externalIPs.isEmpty ? "<none>" : spec.externalIPs.joined(separator: ",")
        }
    }
}
