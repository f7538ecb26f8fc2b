internal import APIMachinery
internal import KubeClient

/// The form in which objects are answered.
enum ResponseForm: Sendable, Hashable {
    /// The object as it is.
    case object
    /// A `meta.k8s.io/v1` Table, or its beta form.
    case table(version: String)
    /// Metadata only.
    case metadata

    /// The content type of a single answer.
    var contentType: String { "application/json" }
}

/// Chooses the response form from an Accept header. Source: apiserver `pkg/endpoints/handlers/negotiation`.
enum Negotiation {
    /// The media types named in a 406.
    static let accepted = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]
    /// The media types named in a 415 for whole objects.
    static let bodyTypes = accepted

    /// What a client accepts.
    struct Choice: Sendable, Hashable {
        var form: ResponseForm = .object
        /// Whether the answer is written as YAML.
        var isYAML = false
    }

    /// The first acceptable entry, in the order given; quality values below 1 only order what is equal elsewhere and are ignored.
    static func choose(_ request: APIRequest) throws(APIStatus) -> Choice {
        guard let accept = request.accept, !accept.isEmpty, accept != "application/json", accept != "*/*" else { return Choice() }
        for entry in accept.split(separator: ",") {
            let media = MediaType(entry)
            guard
                media.type == "application/json" || media.type == "*/*" || media.type == "application/*" || media.type == "application/yaml"
            else { continue }
            let isYAML = media.type == "application/yaml"
            guard let kind = media.parameters["as"] else { return Choice(isYAML: isYAML) }
            let version = media.parameters["v"] ?? "v1"
            guard media.parameters["g"] == "meta.k8s.io", version == "v1" || version == "v1beta1" else { continue }
            switch kind {
            case "Table": return Choice(form: .table(version: version), isYAML: isYAML)
            case "PartialObjectMetadata", "PartialObjectMetadataList":
                guard version == "v1" else { continue }
                return Choice(form: .metadata, isYAML: isYAML)
            default: continue
            }
        }
        throw .notAcceptable(accepted)
    }
}

/// A media type with its parameters, in lower case but for parameter values.
struct MediaType: Sendable, Hashable {
    var type: String
    var parameters: [String: String] = [:]

    init(_ text: some StringProtocol) {
        var parts = text.split(separator: ";").makeIterator()
        type = parts.next().map { String(Substring($0).trimmingSpaces()).lowercased() } ?? ""
        while let part = parts.next() {
            let pair = Substring(part).split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            parameters[String(pair[0].trimmingSpaces()).lowercased()] = String(pair[1].trimmingSpaces())
        }
    }
}
