internal import APIMachinery
internal import Crypto
internal import JSONCore
internal import KubeClient
internal import KubeSchemas
internal import LinuxKernel

/// Version, discovery and OpenAPI. Small documents are made when first asked for and kept;
/// the large OpenAPI ones, which clients keep by their hash, are made for each request.
final class ServerDocuments: Sendable {
    private typealias Document = DocumentCache.Document

    private let configuration: APIServerConfiguration
    private let cache: DocumentCache

    init(_ configuration: APIServerConfiguration) {
        self.configuration = configuration
        cache = DocumentCache(configuration.schemas)
    }

    /// Answers a GET of the path made of `segments`. Throws NotFound, MethodNotAllowed and NotAcceptable.
    func answer(_ request: APIRequest, _ segments: [String], _ core: ServerCore) throws(APIStatus) -> APIResponse {
        guard request.method == .get || request.method == .head else { throw .methodNotAllowed }
        // Taken once: the kinds may change while a document is made.
        let registry = try core.customs.current().registry
        switch segments.first {
        case nil: return ResponseMaking.json(["paths": .array(rootPaths(registry).map { .string($0) })])
        case "version" where segments.count == 1:
            return ResponseMaking.json(
                VersionDocument.make(program: configuration.programVersion, commit: configuration.gitCommit))
        case "api", "apis": return try discovery(request, segments, registry)
        case "openapi": return try openAPI(request, segments, registry)
        default: throw .unknownPath
        }
    }

    private func rootPaths(_ registry: SchemaRegistry) -> [String] {
        let groups = Set(registry.resources.map(\.groupVersion.urlPath)).sorted().map { "/\($0)" }
        return ["/api", "/apis"] + groups + [
            "/.well-known/openid-configuration", "/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/openid/v1/jwks", "/readyz", "/version",
        ]
    }

    // MARK: Discovery

    private func discovery(_ request: APIRequest, _ segments: [String], _ registry: SchemaRegistry) throws(APIStatus) -> APIResponse {
        let form = segments.count == 1 ? DiscoveryNegotiation.aggregatedVersion(request.accept) : nil
        let name = "\(segments.joined(separator: "/"))#\(form ?? "")"
        let document = try cache.document(name, registry) { () throws(APIStatus) -> JSONValue in
            let isCore = segments[0] == "api"
            if let form { return Discovery.aggregated(registry, isCore: isCore, version: form) }
            switch (segments.count, isCore) {
            case (1, true):
                return Discovery.coreVersions(registry, serverAddress: "\(configuration.serviceAddress):\(configuration.servicePort)")
            case (1, false): return Discovery.groupList(registry)
            case (2, true): return try resourceList(GroupVersion(group: "", version: segments[1]), registry)
            case (2, false):
                guard let group = Discovery.group(segments[1], registry) else { throw .unknownPath }
                return group
            case (3, false): return try resourceList(GroupVersion(group: segments[1], version: segments[2]), registry)
            default: throw .unknownPath
            }
        }
        return respond(
            document, request, contentType: form.map(Discovery.aggregatedMediaType) ?? "application/json",
            headers: segments.count == 1 ? [("vary", "Accept")] : [])
    }

    private func resourceList(_ groupVersion: GroupVersion, _ registry: SchemaRegistry) throws(APIStatus) -> JSONValue {
        guard let list = Discovery.resourceList(groupVersion, registry, storageHash: Self.storageHash) else {
            throw .unserved(groupVersion, resource: nil, registry)
        }
        return list
    }

    /// Source: apiserver `pkg/endpoints/discovery/storageversionhash.go`.
    private static func storageHash(_ resource: ResourceDescriptor) -> String? {
        var kind = resource.gvk
        switch kind.group {
        case "autoscaling": kind.version = "v2"
        case "events.k8s.io": kind.group = ""
        default: break
        }
        return Base64.encode(Array(SHA256.hash(data: Array("\(kind.group)/\(kind.version)/\(kind.kind)".utf8)).prefix(8)))
    }

    // MARK: OpenAPI

    private func openAPI(_ request: APIRequest, _ segments: [String], _ registry: SchemaRegistry) throws(APIStatus) -> APIResponse {
        if segments.count == 2, segments[1] == "v2" { return try swagger(request, registry) }
        guard DiscoveryNegotiation.takesJSON(request.accept) else { throw .notAcceptable(["application/json"]) }
        switch (segments.count, segments.dropFirst().first) {
        case (2, "v3"):
            let document = try cache.document("openapi/v3", registry) { () throws(APIStatus) in
                var hashes: [String: String] = [:]
                for groupVersion in OpenAPIV3.groupVersions(registry) {
                    hashes[groupVersion.urlPath] = cache.tag(groupVersion, registry) { bytes(groupVersion, registry) }
                }
                for path in OpenAPIV3.plainPaths(registry) { hashes[path] = try plainDocument(path, registry).tag }
                return OpenAPIV3.index(of: hashes)
            }
            return respond(document, request, contentType: "application/json", headers: [("vary", "Accept")])
        case (4, "v3") where segments[2] == "api": return try openAPI(GroupVersion(group: "", version: segments[3]), request, registry)
        case (5, "v3") where segments[2] == "apis":
            return try openAPI(GroupVersion(group: segments[3], version: segments[4]), request, registry)
        case (3..., "v3"):
            let path = segments.dropFirst(2).joined(separator: "/")
            let document = try plainDocument(path, registry)
            return openAPI(path, tag: document.tag, request) { document.bytes }
        default: throw .unknownPath
        }
    }

    /// The document of a path that is no group version's. Throws NotFound.
    private func plainDocument(_ path: String, _ registry: SchemaRegistry) throws(APIStatus) -> Document {
        try cache.document("openapi/v3/\(path)", registry) { () throws(APIStatus) in
            let document = OpenAPIV3.document(forPath: path, registry: registry, version: configuration.programVersion)
            guard let document else { throw .unknownPath }
            return document
        }
    }

    private func openAPI(
        _ groupVersion: GroupVersion, _ request: APIRequest, _ registry: SchemaRegistry
    ) throws(APIStatus) -> APIResponse {
        guard registry.groups.contains(where: { $0.name == groupVersion.group && $0.versions.contains(groupVersion.version) }) else {
            throw .unserved(groupVersion, resource: nil, registry)
        }
        let tag = cache.tag(groupVersion, registry) { bytes(groupVersion, registry) }
        return openAPI(groupVersion.urlPath, tag: tag, request) { bytes(groupVersion, registry) }
    }

    /// A document by its path: for ever with the right hash, elsewhere with a wrong one.
    private func openAPI(_ path: String, tag: String, _ request: APIRequest, _ bytes: () -> [UInt8]) -> APIResponse {
        var headers = [("vary", "Accept")]
        if let hash = request.queryValue("hash"), !hash.isEmpty {
            guard hash == tag else {
                let current = OpenAPIV3.url(path, hash: tag)
                return APIResponse(status: 301, contentType: "", headers: [("location", current)], body: .bytes([]))
            }
            headers += [("cache-control", "public, immutable"), ("expires", HTTPDate.format(Int(configuration.time.now().seconds) + 365 * 86400))]
        }
        if Self.isUnchanged(request, tag) { return notModified(tag, headers) }
        return respond(Document(bytes: bytes(), tag: tag), request, contentType: "application/json", headers: headers)
    }

    private func swagger(_ request: APIRequest, _ registry: SchemaRegistry) throws(APIStatus) -> APIResponse {
        let isBinary = DiscoveryNegotiation.takesSwaggerProtobuf(request.accept)
        guard isBinary || DiscoveryNegotiation.takesJSON(request.accept) else {
            throw .notAcceptable(["application/json", OpenAPIV2.protobufMediaType])
        }
        let headers = [("vary", "Accept")]
        let form = isBinary ? DocumentCache.Swagger.protobuf : .json
        if let tag = cache.tag(form, registry), Self.isUnchanged(request, tag) { return notModified(tag, headers) }
        let document = OpenAPIV2.document(registry: registry, version: KubernetesVersion.text)
        let bytes = isBinary ? OpenAPIV2.protobuf(document) : JSON.encode(document)
        let tag = cache.tag(form, registry) ?? ContentTag.of(bytes)
        cache.setTag(tag, of: form, registry)
        return respond(
            Document(bytes: bytes, tag: tag), request, contentType: isBinary ? OpenAPIV2.protobufMediaType : "application/json",
            headers: headers)
    }

    private func bytes(_ groupVersion: GroupVersion, _ registry: SchemaRegistry) -> [UInt8] {
        JSON.encode(OpenAPIV3.document(for: groupVersion, registry: registry, version: configuration.programVersion))
    }

    // MARK: Answers

    private static func isUnchanged(_ request: APIRequest, _ tag: String) -> Bool {
        request.headers.contains { $0.0 == "if-none-match" && EntityTag.matches($0.1, tag) }
    }

    private func notModified(_ tag: String, _ headers: [(String, String)]) -> APIResponse {
        APIResponse(status: 304, contentType: "", headers: headers + [("etag", "\"\(tag)\"")], body: .bytes([]))
    }

    private func respond(_ document: Document, _ request: APIRequest, contentType: String, headers: [(String, String)]) -> APIResponse {
        if Self.isUnchanged(request, document.tag) { return notModified(document.tag, headers) }
        return APIResponse(contentType: contentType, headers: headers + [("etag", "\"\(document.tag)\"")], body: .bytes(document.bytes))
    }
}

extension APIStatus {
    /// 404 for a path that nothing is served at; says which group version to use where one took its place.
    static func unserved(_ groupVersion: GroupVersion, resource: String?, _ registry: SchemaRegistry) -> APIStatus {
        guard let advice = RemovedVersions.advice(groupVersion, resource: resource, registry) else { return .unknownPath }
        return APIStatus(
            code: 404, reason: .notFound, message: "the server could not find the requested resource: \(advice)", details: Details())
    }
}
