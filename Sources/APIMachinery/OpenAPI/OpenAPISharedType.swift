import JSONCore

/// The components of values that no schema file describes.
enum OpenAPISharedType: String {
    case quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity"
    case intOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
    case time = "io.k8s.apimachinery.pkg.apis.meta.v1.Time"
    case microTime = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"
    case rawExtension = "io.k8s.apimachinery.pkg.runtime.RawExtension"
    case fieldsV1 = "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"

    func schema(_ dialect: OpenAPIDialect) -> JSONValue {
        var schema = schema
        // Swagger has no choice between types: text stands for both.
        if dialect == .v2, schema["oneOf"] != nil {
            schema["oneOf"] = nil
            schema["type"] = "string"
        }
        return schema
    }

    private var schema: JSONValue {
        switch self {
        case .quantity:
            [
                "description": "An amount: a number with an optional suffix such as m (thousandth), k, M, G, Ki, Mi or Gi.",
                "oneOf": [["type": "string"], ["type": "number"]],
            ]
        case .intOrString:
            [
                "description": "A whole number, or text such as a percentage or the name of a port.", "format": "int-or-string",
                "oneOf": [["type": "integer"], ["type": "string"]],
            ]
        case .time: ["description": "A moment to the second, as in RFC 3339.", "type": "string", "format": "date-time"]
        case .microTime: ["description": "A moment to the microsecond, as in RFC 3339.", "type": "string", "format": "date-time"]
        case .rawExtension: ["description": "An object of any kind, kept as it is.", "type": "object"]
        case .fieldsV1: ["description": "The fields that a manager owns.", "type": "object"]
        }
    }
}
