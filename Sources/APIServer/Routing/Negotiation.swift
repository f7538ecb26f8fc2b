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
}

/// How an answer is written.
enum ResponseEncoding: Sendable, Hashable {
    case json
    case yaml
    case protobuf

    /// The content type of a single answer.
    var contentType: String {
        switch self {
        case .json: "application/json"
        case .yaml: "application/yaml"
        case .protobuf: "application/vnd.kubernetes.protobuf"
        }
    }

    /// The content type of a watch. YAML has no form for streams, so such a watch is answered in JSON.
    var watchContentType: String {
        switch self {
        case .json, .yaml: "application/json"
        case .protobuf: "application/vnd.kubernetes.protobuf;stream=watch"
        }
    }
}

/// Chooses the response form from an Accept header.
/// Source: apiserver `pkg/endpoints/handlers/negotiation/negotiate.go`, `pkg/endpoints/handlers/rest.go` AllowsMediaTypeTransform.
enum Negotiation {
    /// The media types named in a 406.
    static let accepted = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]
    /// The media types named in a 415 for whole objects.
    static let bodyTypes = accepted
    /// Those of objects that have no protobuf form.
    static let textTypes = ["application/json", "application/yaml"]

    /// What a client accepts.
    struct Choice: Sendable, Hashable {
        var form: ResponseForm = .object
        var encoding: ResponseEncoding = .json

        /// Whether the answer is written as YAML.
        var isYAML: Bool { encoding == .yaml }
    }

    /// The first entry that can be answered. A kind `hasProtobuf` unless a CustomResourceDefinition describes it or its schema has fields
    /// without numbers; the metadata of such objects has it all the same. A Table has none. Throws NotAcceptable, also when metadata is asked
    /// for in the form of a list and the answer `isList` not, or the other way round; nil takes either.
    static func choose(_ request: APIRequest, hasProtobuf: Bool = true, isList: Bool? = nil) throws(APIStatus) -> Choice {
        guard let accept = request.accept, !accept.isEmpty, accept != "application/json", accept != "*/*" else { return Choice() }
        for media in MediaType.accepted(accept) {
            guard let encoding = encoding(media) else { continue }
            guard media.asksForForm else {
                if encoding == .protobuf, !hasProtobuf { continue }
                return Choice(encoding: encoding)
            }
            let version = media.parameters["v"] ?? "v1"
            guard media.parameters["g"] == "meta.k8s.io", version == "v1" || version == "v1beta1" else { continue }
            switch media.parameters["as"] {
            case "Table" where encoding != .protobuf: return Choice(form: .table(version: version), encoding: encoding)
            case "PartialObjectMetadata" where version == "v1":
                guard isList != true else { throw .notAcceptable("you requested PartialObjectMetadata, but the requested object is a list") }
                return Choice(form: .metadata, encoding: encoding)
            case "PartialObjectMetadataList" where version == "v1":
                guard isList != false else {
                    throw .notAcceptable("you requested PartialObjectMetadataList, but the requested object is not a list")
                }
                return Choice(form: .metadata, encoding: encoding)
            default: continue
            }
        }
        throw .notAcceptable(hasProtobuf ? accepted : textTypes)
    }

    /// How documents that have one form only are written, such as a Status: by the first entry that asks for no other form.
    static func documentEncoding(_ accept: String?) -> ResponseEncoding {
        guard let accept else { return .json }
        for media in MediaType.accepted(accept) where !media.asksForForm {
            if let encoding = encoding(media) { return encoding }
        }
        return .json
    }

    private static func encoding(_ media: MediaType) -> ResponseEncoding? {
        let encoding: ResponseEncoding? =
            switch media.type {
            case "application/json", "*/*", "application/*": .json
            case "application/yaml": .yaml
            case "application/vnd.kubernetes.protobuf": .protobuf
            default: nil
            }
        guard let stream = media.parameters["stream"], !stream.isEmpty else { return encoding }
        return stream == "watch" && encoding != .yaml ? encoding : nil
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

    /// The entries of an Accept header: larger quality first, then named types before wildcards, else in the order given.
    /// Source: `goautoneg`'s ParseAccept.
    static func accepted(_ header: String) -> [MediaType] {
        let entries = header.split(separator: ",").map { MediaType($0) }
        guard entries.contains(where: { $0.parameters["q"] != nil || $0.type.hasSuffix("*") }) else { return entries }
        return entries.enumerated().sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }.map(\.element)
    }

    /// Whether the entry asks for another form than the object's own.
    var asksForForm: Bool { ["as", "g", "v"].contains { parameters[$0] != nil } }

    /// Thousandths of quality, the wildcards below whole numbers.
    private var weight: Int {
        let quality = parameters["q"].flatMap { Double($0) } ?? 1
        let thousandths = quality.isFinite ? Int(min(max(quality, 0), 1) * 1000) : 1000
        return thousandths * 4 - (type == "*/*" ? 2 : type.hasSuffix("/*") ? 1 : 0)
    }
}
