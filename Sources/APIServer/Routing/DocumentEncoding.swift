internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// Puts answers that no renderer made into the encoding a client asked for: statuses, scales, reviews, tokens.
enum DocumentEncoding {
    /// The answer in protobuf or YAML where the request prefers that and the answer is a JSON document that says its kind; else as it is.
    /// So is a kind that has no protobuf form.
    static func encoded(_ response: APIResponse, for request: APIRequest, _ registry: SchemaRegistry) -> APIResponse {
        guard let accept = request.accept, accept != "application/json", accept != "*/*", response.contentType == "application/json",
            case .bytes(let json) = response.body
        else { return response }
        let encoding = Negotiation.documentEncoding(accept)
        // best effort: what is no JSON has no other encoding.
        guard encoding != .json, let document = try? JSON.parse(json) else { return response }
        let kind = KubeObject(document).gvk
        // A Table and the metadata of objects are forms of meta.k8s.io. A renderer made them, in the encoding that was asked for together
        // with the form, which need not be that of other documents.
        guard !kind.kind.isEmpty, !kind.version.isEmpty, kind.group != "meta.k8s.io" else { return response }
        var response = response
        do throws(APIStatus) {
            switch encoding {
            case .json: return response
            case .yaml: response.body = .bytes(Array(YAML.encode(document).utf8))
            case .protobuf:
                guard let body = try ProtobufEncoder.encode(json: json, kind: kind, registry: registry) else { return response }
                response.body = .bytes(body)
            }
        } catch {
            return ResponseMaking.status(error)
        }
        response.contentType = encoding.contentType
        return response
    }
}
