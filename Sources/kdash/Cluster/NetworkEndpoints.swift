import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import NodeAgent
import PodNetwork

/// `/kdash/v1/network/…`: what the network of the nodes carries and refuses, and why.
struct NetworkEndpoints: Sendable {
    /// A node's part of the network.
    struct Place: Sendable {
        /// Of the node and its pods.
        let addresses: IPv4Network
        let policies: PolicyEnforcer
        let captures: PacketCaptures
    }

    /// Of all nodes that have a network, at least one.
    let places: [Place]
    /// What cluster DNS was asked.
    let questions: DNSQueryLog
    /// The cluster's services.
    let services: Informer

    /// - Parameter path: what follows `/kdash/v1/network/`, decoded.
    func handle(_ request: APIRequest, _ path: [String]) async throws(APIStatus) -> APIResponse {
        switch (request.method, path) {
        case (.get, ["connections"]): return .json(try await connections(request).value)
        case (.get, ["verdict"]): return .json(try verdict(request))
        case (.get, ["names"]): return .json(try names(request))
        case (.get, ["capture"]): return try await capture(request)
        default: throw .badRequest("\(request.method.rawValue) \(request.path): /kdash/v1/network/connections, verdict, names or capture")
        }
    }

    /// Where an address is at home; nil for one from outside.
    private func place(of address: IPv4Address) -> Place? { places.first { $0.addresses.contains(address) } }

    /// The names of pods by address, as NAMESPACE/NAME: what a node says of its own pods counts.
    private var podNames: [IPv4Address: String] {
        var names: [IPv4Address: String] = [:]
        for place in places {
            for (address, name) in place.policies.names where names[address] == nil || place.addresses.contains(address) { names[address] = name }
        }
        return names
    }

    private func report(_ place: Place) -> ConnectionReport {
        let addresses = services.all().compactMap { service in
            service.string("spec", "clusterIP").flatMap { IPv4Address($0) }.map { ($0, "\(service.namespace ?? "")/\(service.name)") }
        }
        return ConnectionReport(
            policies: place.policies.table.enforced, names: podNames, services: Dictionary(addresses, uniquingKeysWith: { first, _ in first }))
    }

    private func connections(_ request: APIRequest) async throws(APIStatus) -> NetworkConnections {
        let filter: ConnectionReport.Filter
        switch (request.queryValue("namespace"), request.queryValue("pod"), request.queryValue("service")) {
        case (nil, nil, nil): filter = .all
        case (let namespace?, nil, nil): filter = .pods(inNamespace: namespace)
        case (let namespace?, let pod?, nil): filter = .pod("\(namespace)/\(pod)")
        case (let namespace?, nil, let service?): filter = .service("\(namespace)/\(service)")
        default: throw .badRequest("\(request.path): query parameters namespace, with it pod or service, or none are needed")
        }
        var parts: [NetworkConnections] = []
        for place in places {
            let table = place.policies.table
            do throws(PodNetworkError) {
                let (tracked, denied) = try await KernelThread.run("kdash-network") { () throws(PodNetworkError) in
                    (try table.connections(), try table.denied())
                }
                // One between two nodes is known to both, and told of the node where it begins.
                let own = tracked.filter { connection in
                    self.place(of: connection.original.source).map { $0.addresses == place.addresses } ?? true
                }
                parts.append(report(place).make(own, denied: denied, filter))
            } catch {
                throw .serviceUnavailable("\(error)")
            }
        }
        return NetworkConnections(merging: parts)
    }

    private func verdict(_ request: APIRequest) throws(APIStatus) -> JSONValue {
        guard let source = request.queryValue("source").flatMap({ IPv4Address($0) }),
            let destination = request.queryValue("destination").flatMap({ IPv4Address($0) }),
            let transport = ServicePort.TransportProtocol(named: request.queryValue("transport")), let port = request.queryValue("port").flatMap({ UInt16($0) })
        else { throw .badRequest("\(request.path): source and destination (IPv4 addresses), port, and TCP, UDP or SCTP as transport are needed") }
        let (near, far) = (place(of: source) ?? places[0], place(of: destination) ?? places[0])
        let egress = report(near).verdicts(from: source, to: destination, transport: transport.rawValue, port: port).egress
        let ingress = report(far).verdicts(from: source, to: destination, transport: transport.rawValue, port: port).ingress
        return ["egress": egress.value, "ingress": ingress.value]
    }

    private func names(_ request: APIRequest) throws(APIStatus) -> JSONValue {
        let names = podNames
        let (namespace, pod) = (request.queryValue("namespace"), request.queryValue("pod"))
        guard pod == nil || namespace != nil, request.queryValue("service") == nil else {
            throw .badRequest("\(request.path): query parameters namespace, with it pod, or none are needed")
        }
        let asked = questions.recent().compactMap { query -> NameQuestion? in
            let client = names[query.client] ?? query.client.description
            if let namespace, let pod, client != "\(namespace)/\(pod)" { return nil }
            if let namespace, !client.hasPrefix("\(namespace)/") { return nil }
            let (seconds, attoseconds) = query.duration.components
            return NameQuestion(
                time: query.time, client: client, name: query.name, type: query.type, code: query.code, answers: query.answers,
                microseconds: Int64(clamping: seconds) &* 1_000_000 &+ attoseconds / 1_000_000_000_000, source: query.source.rawValue)
        }
        return ["questions": .array(asked.map(\.value))]
    }

    private func capture(_ request: APIRequest) async throws(APIStatus) -> APIResponse {
        guard let namespace = request.queryValue("namespace"), let pod = request.queryValue("pod") else {
            throw .badRequest("\(request.path): query parameters namespace and pod are needed")
        }
        var port: UInt16?
        if let text = request.queryValue("port") {
            guard let number = UInt16(text), number > 0 else { throw .badRequest("query parameter port is \"\(text)\", which is no port") }
            port = number
        }
        guard let address = podNames.first(where: { $0.value == "\(namespace)/\(pod)" })?.key, let captures = place(of: address)?.captures else {
            throw .badRequest("pod \(namespace)/\(pod) has no network of its own here: it does not run, or is on its node's network")
        }
        return APIResponse(contentType: "application/vnd.tcpdump.pcap", body: .stream(try await captures.begin(address, port: port)))
    }
}
