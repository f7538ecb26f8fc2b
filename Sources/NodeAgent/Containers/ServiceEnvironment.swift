import KubeSchemas

/// The variables by which programs find services that existed when they were started. Pure. Source: the kubelet's envvars package.
enum ServiceEnvironment {
    /// In the order of the services and their ports.
    static func variables(_ services: [Service]) -> [(name: String, value: String)] {
        var result: [(name: String, value: String)] = []
        for service in services {
            let address = service.spec.clusterIP
            guard !address.isEmpty, address != "None", let first = service.spec.ports.first else { continue }
            let prefix = variable(service.name)
            result.append(("\(prefix)_SERVICE_HOST", address))
            result.append(("\(prefix)_SERVICE_PORT", "\(first.port)"))
            for port in service.spec.ports where !port.name.isEmpty {
                result.append(("\(prefix)_SERVICE_PORT_\(variable(port.name))", "\(port.port)"))
            }
            for (index, port) in service.spec.ports.enumerated() {
                let scheme = port.protocol.lowercased()
                let url = "\(scheme)://\(address.contains(":") ? "[\(address)]" : address):\(port.port)"
                if index == 0 { result.append(("\(prefix)_PORT", url)) }
                let link = "\(prefix)_PORT_\(port.port)_\(port.protocol.uppercased())"
                result += [(link, url), ("\(link)_PROTO", scheme), ("\(link)_PORT", "\(port.port)"), ("\(link)_ADDR", address)]
            }
        }
        return result
    }

    private static func variable(_ name: String) -> String { String(name.uppercased().map { $0 == "-" ? "_" : $0 }) }
}
