import JSONCore

/// How a document of one version of OpenAPI says the same things.
enum OpenAPIDialect {
    /// Swagger 2.0: one document for everything.
    case v2
    /// OpenAPI 3.0: one document for each group version.
    case v3

    /// What references to schemas start with.
    private var prefix: String { self == .v2 ? "#/definitions/" : "#/components/schemas/" }

    /// A reference to a schema.
    func reference(_ name: String) -> JSONValue { ["$ref": .string("\(prefix)\(name)")] }

    /// A reference with what else is known about the place. In v3 a reference can have no siblings, so it is wrapped.
    func wrapped(_ reference: JSONObject) -> JSONObject { self == .v3 ? ["allOf": [.object(reference)]] : reference }

    /// A parameter of a scalar type.
    func parameter(_ name: String, place: String, type: String, description: String, isRequired: Bool = false) -> JSONValue {
        var parameter: JSONObject = ["name": .string(name), "in": .string(place), "description": .string(description)]
        if isRequired { parameter["required"] = true }
        switch self {
        case .v2:
            parameter["type"] = .string(type)
            parameter["uniqueItems"] = true
        case .v3: parameter["schema"] = ["type": .string(type), "uniqueItems": true]
        }
        return .object(parameter)
    }
}
