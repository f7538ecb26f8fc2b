internal import APIMachinery
internal import KubeClient

/// Puts answers that no renderer made into the encoding a client asked for: statuses, scales, reviews, tokens.
enum DocumentEncoding {
    /// The answer as protobuf where the request prefers it and the answer is a complete JSON document of a built-in kind; else as it is.
    static func encoded(_ response: APIResponse, for request: APIRequest, _ registry: SchemaRegistry) -> APIResponse {
        guard let accept = request.accept, accept.utf8.count > "application/json".utf8.count, response.contentType == "application/json",
            case .bytes(let json) = response.body, Negotiation.documentEncoding(accept) == .protobuf
        else { return response }
        // best effort: a document that cannot be written as protobuf is answered in JSON, which says so in its content type.
        guard let kind = ProtobufEncoder.kind(of: json), kind.group != "meta.k8s.io",
            let body = try? ProtobufEncoder.encode(json: json, kind: kind, registry: registry)
        else { return response }
        var response = response
        response.contentType = ResponseEncoding.protobuf.contentType
        response.body = .bytes(body)
        return response
    }
}
