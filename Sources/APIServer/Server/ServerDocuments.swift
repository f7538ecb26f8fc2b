internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import Synchronization

/// Everything that is no resource: version, health, discovery and OpenAPI. Small documents are made when first asked for and kept;
/// the large OpenAPI ones, which clients keep by their hash, are made for each request.
final class ServerDocuments: Sendable {
    private struct Document: Sendable {
        var bytes: [UInt8]
        var tag: String
    }

    private let configuration: APIServerConfiguration
    private let cache = Mutex<[String: Document]>([:])

    init(_ configuration: APIServerConfiguration) { self.configuration = configuration }

    /// Answers a GET of the path made of `segments`. Throws NotFound, MethodNotAllowed and NotAcceptable.
    func answer(_ request: APIRequest, _ segments: [String], _ core: ServerCore) throws(APIStatus) -> APIResponse {
        guard request.method == .get || request.method == .head else { throw .methodNotAllowed }
        switch segments.first {
        case nil: return ResponseMaking.json(["paths": .array(rootPaths(core).map { .string($0) })])
        case "version" where segments.count == 1:
            return ResponseMaking.json(
                KubernetesVersion.document(program: configuration.programVersion, commit: configuration.gitCommit))
        case "healthz", "livez", "readyz": return try health(request, segments, core)
        case "api", "apis": return try discovery(request, segments, core)
        case "openapi": return try openAPI(request, segments, core)
        default: throw .unknownPath
        }
    }

    private func rootPaths(_ core: ServerCore) -> [String] {
        let groups = Set(core.endpoints.all.map(\.descriptor.groupVersion.urlPath)).sorted().map { "/\($0)" }
        return ["/api", "/apis"] + groups + ["/healthz", "/livez", "/openapi/v3", "/readyz", "/version"]
    }

    /// Alive is who answers; ready is who can read the store.
    private func health(_ request: APIRequest, _ segments: [String], _ core: ServerCore) throws(APIStatus) -> APIResponse {
        let known = ["ping", "store"]
        if segments.count > 1 {
            guard segments.count == 2, known.contains(segments[1]) else { throw .unknownPath }
            return ResponseMaking.text("ok")
        }
        guard request.queryValue("verbose") != nil else { return ResponseMaking.text("ok") }
        let lines = known.map { "[+]\($0) ok\n" }.joined()
        return ResponseMaking.text("\(lines)\(segments[0]) check passed\n")
    }

    private func discovery(_ request: APIRequest, _ segments: [String], _ core: ServerCore) throws(APIStatus) -> APIResponse {
        let isAggregated = segments.count == 1 && AggregatedDiscovery.isAccepted(request.accept)
        let name = "\(segments.joined(separator: "/"))\(isAggregated ? "#aggregated" : "")"
        let document = try cached(name) { () throws(APIStatus) -> JSONValue in
            let isCore = segments[0] == "api"
            switch (segments.count, isCore) {
            case (1, true):
                let address = "\(configuration.serviceAddress):\(configuration.servicePort)"
                return isAggregated
                    ? Discovery.aggregated(core.registry, isCore: true)
                    : Discovery.coreVersions(core.registry, serverAddress: address)
            case (1, false): return isAggregated ? Discovery.aggregated(core.registry, isCore: false) : Discovery.groupList(core.registry)
            case (2, true):
                return try Self.found(Discovery.resourceList(GroupVersion(group: "", version: segments[1]), core.registry))
            case (2, false): return try Self.found(Discovery.group(segments[1], core.registry))
            case (3, false):
                return try Self.found(Discovery.resourceList(GroupVersion(group: segments[1], version: segments[2]), core.registry))
            default: throw .unknownPath
            }
        }
        return respond(
            document, request, contentType: isAggregated ? Discovery.aggregatedMediaType : "application/json",
            headers: segments.count == 1 ? [("vary", "Accept")] : [])
    }

    private func openAPI(_ request: APIRequest, _ segments: [String], _ core: ServerCore) throws(APIStatus) -> APIResponse {
        if segments.count == 2, segments[1] == "v2" {
            throw .notAcceptable(["OpenAPI v3 at /openapi/v3"])
        }
        guard segments.count >= 2, segments[1] == "v3" else { throw .unknownPath }
        if let accept = request.accept, !accept.contains("json"), !accept.contains("*") {
            throw .notAcceptable(["application/json"])
        }
        let program = configuration.programVersion
        if segments.count == 2 {
            let document = try cached("openapi/v3") { () throws(APIStatus) in
                OpenAPIV3.index(of: OpenAPIV3.documents(registry: core.registry, version: program, hash: ContentTag.of))
            }
            return respond(document, request, contentType: "application/json", headers: [])
        }
        let version: GroupVersion
        switch (segments[2], segments.count) {
        case ("api", 4): version = GroupVersion(group: "", version: segments[3])
        case ("apis", 5): version = GroupVersion(group: segments[3], version: segments[4])
        default: throw .unknownPath
        }
        guard core.registry.groups.contains(where: { $0.name == version.group && $0.versions.contains(version.version) }) else {
            throw .unknownPath
        }
        let bytes = JSON.encode(OpenAPIV3.document(for: version, registry: core.registry, version: program))
        let document = Document(bytes: bytes, tag: ContentTag.of(bytes))
        var headers = [("vary", "Accept")]
        if let hash = request.queryValue("hash"), !hash.isEmpty {
            guard hash == document.tag else {
                let current = "/openapi/v3/\(version.urlPath)?hash=\(document.tag)"
                return APIResponse(status: 301, contentType: "", headers: [("location", current)], body: .bytes([]))
            }
            headers.append(("cache-control", "public, immutable"))
        }
        return respond(document, request, contentType: "application/json", headers: headers)
    }

    private static func found(_ value: JSONValue?) throws(APIStatus) -> JSONValue {
        guard let value else { throw .unknownPath }
        return value
    }

    private func cached(_ name: String, _ make: () throws(APIStatus) -> JSONValue) throws(APIStatus) -> Document {
        if let document = cache.withLock({ $0[name] }) { return document }
        let bytes = JSON.encode(try make())
        let document = Document(bytes: bytes, tag: ContentTag.of(bytes))
        cache.withLock { $0[name] = document }
        return document
    }

    private func respond(_ document: Document, _ request: APIRequest, contentType: String, headers: [(String, String)]) -> APIResponse {
        let tag = "\"\(document.tag)\""
        let all = headers + [("etag", tag)]
        if request.headers.contains(where: { $0.0 == "if-none-match" && $0.1 == tag }) {
            return APIResponse(status: 304, contentType: "", headers: all, body: .bytes([]))
        }
        return APIResponse(contentType: contentType, headers: all, body: .bytes(document.bytes))
    }
}

/// The aggregated form of discovery.
enum AggregatedDiscovery {
    /// Whether a client takes it, before it takes anything else that is served.
    static func isAccepted(_ accept: String?) -> Bool {
        for entry in (accept ?? "").split(separator: ",") {
            let media = MediaType(entry)
            guard media.type == "application/json" || media.type == "*/*" else { continue }
            if media.parameters["as"] == "APIGroupDiscoveryList", media.parameters["g"] == "apidiscovery.k8s.io" {
                if media.parameters["v"] == "v2" { return true }
                continue
            }
            return false
        }
        return false
    }
}
