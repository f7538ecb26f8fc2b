internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// How an object is to be deleted. Source: meta/v1 DeleteOptions.
struct DeleteOptions: Sendable {
    /// What happens to dependents.
    enum Propagation: String, Sendable {
        case orphan = "Orphan"
        case background = "Background"
        case foreground = "Foreground"
    }

    var gracePeriodSeconds: Int64?
    var propagation: Propagation?
    /// Whether dependents are asked to go by the older way of saying so, to which an object that stays for now is answered with 202.
    var asksDependentsToGo = false
    var uid: String?
    var resourceVersion: String?
    var isDryRun = false

    init() {}

    /// Reads the body, or the query when there is none. Throws BadRequest and Invalid.
    init(_ request: APIRequest, registry: SchemaRegistry) throws(APIStatus) {
        var value: JSONValue
        if request.body.isEmpty {
            value = try Self.query(request)
        } else {
            value = try BodyDecoder.parse(request, registry: registry).value
            guard case .object = value else { throw .badRequest("the body of a delete must be DeleteOptions, found \(value.kindName)") }
            let kind = value["kind"]?.stringValue ?? "DeleteOptions"
            guard kind == "DeleteOptions" || kind.isEmpty else {
                throw .badRequest("\(kind) in the body of a delete cannot be handled as DeleteOptions")
            }
            // Options of the wrong type must not pass for none: what they would have spared is gone afterwards.
            if let type = registry.type(kind: GroupVersionKind(group: "", version: "v1", kind: "DeleteOptions")) {
                value = try SchemaDecoder.decode(value, as: type, validation: .ignore).0
            }
        }
        var errors: [FieldError] = []
        if let grace = value["gracePeriodSeconds"]?.integerValue { gracePeriodSeconds = grace < 0 ? 1 : grace }
        if let text = value["propagationPolicy"]?.stringValue, !text.isEmpty {
            propagation = Propagation(rawValue: text)
            if propagation == nil {
                errors.append(.notSupported("propagationPolicy", .string(text), ["Foreground", "Background", "Orphan"]))
            }
        }
        if let orphans = value["orphanDependents"]?.boolValue {
            if propagation != nil {
                let why = "orphanDependents and deletionPropagation cannot be both set"
                errors.append(.invalid("propagationPolicy", value["propagationPolicy"] ?? .null, why))
            } else {
                propagation = orphans ? .orphan : .background
                asksDependentsToGo = !orphans
            }
        }
        uid = value["preconditions", "uid"]?.stringValue
        resourceVersion = value["preconditions", "resourceVersion"]?.stringValue
        for entry in (value["dryRun"]?.arrayValue ?? []).compactMap(\.stringValue) + request.queryValues("dryRun") where !entry.isEmpty {
            if entry == "All" { isDryRun = true } else { errors.append(.notSupported("dryRun", .string(entry), ["All"])) }
        }
        guard errors.isEmpty else {
            throw .invalid(kind: GroupKind(group: "meta.k8s.io", kind: "DeleteOptions"), name: "", errors)
        }
    }

    private static func query(_ request: APIRequest) throws(APIStatus) -> JSONValue {
        var value = JSONObject()
        if let text = request.queryValue("gracePeriodSeconds"), !text.isEmpty {
            guard let grace = Int64(text) else { throw .badRequest("gracePeriodSeconds \"\(text)\" is not an integer") }
            value["gracePeriodSeconds"] = .integer(grace)
        }
        if let text = request.queryValue("propagationPolicy") { value["propagationPolicy"] = .string(text) }
        if request.queryValue("orphanDependents") != nil { value["orphanDependents"] = .bool(request.queryFlag("orphanDependents")) }
        return .object(value)
    }
}
