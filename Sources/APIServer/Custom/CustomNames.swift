internal import APIMachinery
internal import JSONCore

/// The names of a kind that a CustomResourceDefinition asks for or was given.
struct CustomNames: Sendable, Hashable {
    var plural = ""
    var singular = ""
    var shortNames: [String] = []
    var kind = ""
    var listKind = ""
    var categories: [String] = []

    init() {}

    /// Reads `spec.names` or `status.acceptedNames`; what is missing is empty.
    init(_ value: JSONValue?) {
        func texts(_ field: String) -> [String] { (value?[field]?.arrayValue ?? []).compactMap(\.stringValue) }
        plural = value?["plural"]?.stringValue ?? ""
        singular = value?["singular"]?.stringValue ?? ""
        shortNames = texts("shortNames")
        kind = value?["kind"]?.stringValue ?? ""
        listKind = value?["listKind"]?.stringValue ?? ""
        categories = texts("categories")
    }

    /// The JSON object.
    var value: JSONValue {
        var object = JSONObject()
        if !categories.isEmpty { object["categories"] = .array(categories.map { .string($0) }) }
        object["kind"] = .string(kind)
        if !listKind.isEmpty { object["listKind"] = .string(listKind) }
        object["plural"] = .string(plural)
        if !shortNames.isEmpty { object["shortNames"] = .array(shortNames.map { .string($0) }) }
        if !singular.isEmpty { object["singular"] = .string(singular) }
        return .object(object)
    }

    /// The names that no other resource of the group may have.
    var resources: Set<String> { Set([plural, singular] + shortNames).subtracting([""]) }
    /// The kinds that no other resource of the group may have.
    var kinds: Set<String> { Set([kind, listKind]).subtracting([""]) }
}
