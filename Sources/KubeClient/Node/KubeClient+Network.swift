package import APIMachinery
import JSONCore

/// What the network of a cluster of kdash's own does; other servers answer NotFound.
extension KubeClient {
    /// What connections are asked for.
    package enum NetworkScope: Sendable, Hashable {
        /// Those of one pod.
        case pod(namespace: String, name: String)
        /// Those that were opened to a service.
        case service(namespace: String, name: String)
        /// Those of all pods of a namespace; nil for all namespaces.
        case namespace(String?)

        var query: [QueryItem] {
            switch self {
            case .pod(let namespace, let name): [QueryItem("namespace", namespace), QueryItem("pod", name)]
            case .service(let namespace, let name): [QueryItem("namespace", namespace), QueryItem("service", name)]
            case .namespace(let namespace): namespace.map { [QueryItem("namespace", $0)] } ?? []
            }
        }
    }

    /// The connections that nodes track, and what policies did not let through in the last ten minutes.
    package func connections(_ scope: NetworkScope) async throws(APIStatus) -> NetworkConnections {
        let answer = try await call(APIRequest(path: "/kdash/v1/network/connections", query: scope.query))
        guard let found = NetworkConnections(answer) else { throw Self.brokenNetwork("connections") }
        return found
    }

    /// What the node would do with a new connection between two addresses, by the tables that it enforces.
    package func networkVerdict(
        from source: String, to destination: String, transport: String, port: Int64
    ) async throws(APIStatus) -> (egress: NetworkVerdict, ingress: NetworkVerdict) {
        let query = [
            QueryItem("source", source), QueryItem("destination", destination), QueryItem("transport", transport), QueryItem("port", "\(port)"),
        ]
        let answer = try await call(APIRequest(path: "/kdash/v1/network/verdict", query: query))
        guard let egress = NetworkVerdict(answer["egress"]), let ingress = NetworkVerdict(answer["ingress"]) else { throw Self.brokenNetwork("verdict") }
        return (egress, ingress)
    }

    /// The names that cluster DNS was asked for, the newest first: by one pod, by those of a namespace, or by all.
    package func names(_ scope: NetworkScope) async throws(APIStatus) -> [NameQuestion] {
        let answer = try await call(APIRequest(path: "/kdash/v1/network/names", query: scope.query))
        guard let listed = answer["questions"]?.arrayValue else { throw Self.brokenNetwork("names") }
        return listed.compactMap { NameQuestion($0) }
    }

    /// The packets of a pod from now on, as a pcap file that ends after 64 MiB; `port` keeps those from and to it.
    package func capture(namespace: String, pod: String, port: Int? = nil) async throws(APIStatus) -> any ByteSource {
        var query = [QueryItem("namespace", namespace), QueryItem("pod", pod)]
        if let port { query.append(QueryItem("port", "\(port)")) }
        return try await rawStream(APIRequest(path: "/kdash/v1/network/capture", query: query))
    }

    static func brokenNetwork(_ what: String) -> APIStatus { .internalError("the server's answer about the network's \(what) makes no sense") }
}
