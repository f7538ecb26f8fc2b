import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import NodeAgent
import PodNetwork

/// `/kdash/v1/network/…`: what the network of the nodes carries and refuses, and why.
struct NetworkEndpoints: Sendable {
    let policies: PolicyEnforcer
    let captures: PacketCaptures
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

    private var report: ConnectionReport {
        let addresses = services.all().compactMap { service in
            service.string("spec", "clusterIP").flatMap { IPv4Address($0) }.map { ($0, "\(service.namespace ?? "")/\(service.name)") }
        }
        return ConnectionReport(
            policies: policies.table.enforced, names: policies.names, services: Dictionary(addresses, uniquingKeysWith: { first, _ in first }))
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
        let table = policies.table
        do throws(PodNetworkError) {
            let (tracked, denied) = try await KernelThread.run("kdash-network") { () throws(PodNetworkError) in
                (try table.connections(), try table.denied())
            }
            return report.make(tracked, denied: denied, filter)
        } catch {
            throw .serviceUnavailable("\(error)")
        }
    }

    private func verdict(_ request: APIRequest) throws(APIStatus) -> JSONValue {
        guard let source = request.queryValue("source").flatMap({ IPv4Address($0) }),
            let destination = request.queryValue("destination").flatMap({ IPv4Address($0) }),
            let transport = ServicePort.TransportProtocol(named: request.queryValue("transport")), let port = request.queryValue("port").flatMap({ UInt16($0) })
        else { throw .badRequest("\(request.path): source and destination (IPv4 addresses), port, and TCP, UDP or SCTP as transport are needed") }
        let verdicts = report.verdicts(from: source, to: destination, transport: transport.rawValue, port: port)
        return ["egress": verdicts.egress.value, "ingress": verdicts.ingress.value]
    }

    private func names(_ request: APIRequest) throws(APIStatus) -> JSONValue {
        let names = policies.names
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
        guard let address = policies.names.first(where: { $0.value == "\(namespace)/\(pod)" })?.key else {
            throw .badRequest("pod \(namespace)/\(pod) has no network of its own here: it does not run, or is on its node's network")
        }
        return APIResponse(contentType: "application/vnd.tcpdump.pcap", body: .stream(try await captures.begin(address, port: port)))
    }
}
