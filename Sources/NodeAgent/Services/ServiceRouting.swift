import APIMachinery
import JSONCore
package import KubeSchemas
import LinuxKernel
package import PodNetwork

/// What a Service and its EndpointSlices mean for the network of one node: rules for its addresses, and names. Reads nothing else and does nothing.
/// Source: kube-proxy's endpoint selection (pkg/proxy/topology.go) and Kubernetes DNS-Based Service Discovery.
package struct ServiceRouting: Sendable {
    /// The node whose rules they are.
    package let nodeName: String
    package let ranges: ClusterRanges

    /// How many endpoints one port has at most; the lowest addresses count. Source: the capacity of an Endpoints object.
    static let endpointLimit = 1000

    package init(nodeName: String, ranges: ClusterRanges) {
        self.nodeName = nodeName
        self.ranges = ranges
    }

    private typealias Transport = PodNetwork.ServicePort.TransportProtocol

    // MARK: Rules

    /// The rules of a service; none for headless ones, for names of other names, and for the two addresses that the cluster answers at itself.
    package func ports(of service: Service, _ slices: [EndpointSlice]) -> [PodNetwork.ServicePort] {
        let spec = service.spec
        guard spec.type != "ExternalName", let address = IPv4Address(spec.clusterIP), isTranslated(address) else { return [] }
        let endpoints = SliceEndpoint.all(slices)
        let affinity = Self.affinity(spec)
        let external = externalAddresses(service)
        return spec.ports.flatMap { port -> [PodNetwork.ServicePort] in
            guard let transport = Transport(named: port.protocol), let number = UInt16(exactly: port.port), number > 0 else { return [] }
            func made(_ frontend: PodNetwork.ServicePort.Frontend, _ number: UInt16, policy: String) -> PodNetwork.ServicePort {
                .init(frontend, transport: transport, port: number, endpoints: choose(endpoints, port, policy: spec.text(policy)), affinity: affinity)
            }
            var result = [made(.cluster(address), number, policy: "internalTrafficPolicy")]
            result += external.map { made(.external($0), number, policy: "externalTrafficPolicy") }
            if spec.type != "ClusterIP", let node = UInt16(exactly: port.nodePort), node > 0 {
                result.append(made(.node, node, policy: "externalTrafficPolicy"))
            }
            return result
        }
    }

    private func isTranslated(_ address: IPv4Address) -> Bool { address != ranges.apiAddress && address != ranges.dnsAddress }

    /// Addresses from outside of the cluster that lead to the service. Nobody can take an address of the cluster with them.
    private func externalAddresses(_ service: Service) -> [IPv4Address] {
        let balanced = service.object.array("status", "loadBalancer", "ingress").compactMap { $0["ip"]?.stringValue }
        let addresses = (service.spec.externalIPs + (service.spec.type == "LoadBalancer" ? balanced : [])).compactMap { IPv4Address($0) }
        return Set(addresses.filter { !ranges.serviceCIDR.contains($0) && !ranges.podCIDR.contains($0) }).sorted()
    }

    /// The endpoints that connections to a port may go to: those that are ready, else those that end and still answer.
    private func choose(_ all: [SliceEndpoint], _ port: KubeSchemas.ServicePort, policy: String?) -> [PodNetwork.ServicePort.Endpoint] {
        let candidates = policy == "Local" ? all.filter { $0.nodeName == nodeName } : all
        func with(_ isWanted: (SliceEndpoint) -> Bool) -> Set<PodNetwork.ServicePort.Endpoint> {
            var found: Set<PodNetwork.ServicePort.Endpoint> = []
            for endpoint in candidates where isWanted(endpoint) {
                // The port's number may differ between slices: a named target port is looked up in each pod.
                for own in endpoint.ports where own.name == port.name && own.transport == port.protocol {
                    found.insert(.init(address: endpoint.address, port: own.number))
                }
            }
            return found
        }
        var chosen = with(\.isReady)
        if chosen.isEmpty { chosen = with { $0.isServing && $0.isTerminating } }
        return Array(chosen.sorted { ($0.address, $0.port) < ($1.address, $1.port) }.prefix(Self.endpointLimit))
    }

    private static func affinity(_ spec: ServiceSpec) -> Duration? {
        guard spec.text("sessionAffinity") == "ClientIP" else { return nil }
        let seconds = spec.value["sessionAffinityConfig"]?["clientIP"]?["timeoutSeconds"]?.integerValue ?? 10800
        return .seconds(min(max(seconds, 1), 86400))
    }

    // MARK: Names

    /// What the service has in DNS; nil when it has no address yet.
    package func names(of service: Service, _ slices: [EndpointSlice]) -> DNSService? {
        let spec = service.spec
        let kind: DNSService.Kind
        if spec.type == "ExternalName" {
            kind = .alias(spec.externalName)
        } else if spec.clusterIP == "None" {
            kind = .headless
        } else if let address = IPv4Address(spec.clusterIP) {
            kind = .address(address)
        } else {
            return nil
        }
        let ports = spec.ports.compactMap { port in
            UInt16(exactly: port.port).map { DNSService.Port(name: port.name, transport: port.protocol.lowercased(), number: $0) }
        }
        return DNSService(
            namespace: service.namespace ?? "default", name: service.name, kind: kind, ports: ports,
            endpoints: Self.named(slices, evenUnready: spec.publishNotReadyAddresses))
    }

    /// Endpoints with the ports of all slices that have them.
    private static func named(_ slices: [EndpointSlice], evenUnready: Bool) -> [DNSService.Endpoint] {
        struct Identity: Hashable {
            let address: IPv4Address
            let hostname: String?
        }
        var ports: [Identity: [DNSService.Port]] = [:]
        for endpoint in SliceEndpoint.all(slices) where endpoint.isReady || evenUnready {
            let identity = Identity(address: endpoint.address, hostname: endpoint.hostname?.lowercased())
            let own = endpoint.ports.map { DNSService.Port(name: $0.name, transport: $0.transport.lowercased(), number: $0.number) }
            ports[identity, default: []] += own.filter { !(ports[identity] ?? []).contains($0) }
        }
        return ports.map { DNSService.Endpoint(address: $0.address, hostname: $0.hostname, ports: $1) }
            .sorted { ($0.address, $0.hostname ?? "") < ($1.address, $1.hostname ?? "") }.prefix(endpointLimit).map { $0 }
    }
}
