internal import APIMachinery
internal import JSONCore

/// What is wrong with one version of a CustomResourceDefinition.
enum VersionValidation {
    static func errors(_ version: JSONValue, field: String) -> [FieldError] {
        var errors: [FieldError] = []
        if let warning = version["deprecationWarning"]?.stringValue {
            let place = "\(field).deprecationWarning"
            if version["deprecated"]?.boolValue != true {
                errors.append(.invalid(place, .string(warning), "can only be set for deprecated versions"))
            }
            if warning.isEmpty {
                errors.append(.invalid(place, .string(warning), "must not be empty"))
            } else if warning.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
                errors.append(.invalid(place, .string(warning), "must only contain printable UTF-8 characters"))
            }
        }
        let schemaField = "\(field).schema.openAPIV3Schema"
        let schema = version["schema"]?["openAPIV3Schema"] ?? .null
        if schema.isNull {
            errors.append(.required(schemaField, "schemas are required"))
        } else {
            errors += SchemaValidation.errors(schema, field: schemaField)
        }
        for (index, column) in (version["additionalPrinterColumns"]?.arrayValue ?? []).enumerated() {
            errors += path(column["jsonPath"], "\(field).additionalPrinterColumns[\(index)].jsonPath") { _ in nil }
        }
        errors += scale(version["subresources"]?["scale"], "\(field).subresources.scale")
        errors += selectable(version["selectableFields"]?.arrayValue ?? [], schema, "\(field).selectableFields")
        return errors
    }

    private static func path(_ value: JSONValue?, _ field: String, _ problem: (ValuePath) -> String?) -> [FieldError] {
        guard let text = value?.stringValue, !text.isEmpty else { return [] }
        guard text.hasPrefix(".") || text.hasPrefix("[") || text.hasPrefix("{") else {
            return [.invalid(field, .string(text), "must be a simple json path starting with .")]
        }
        do throws(ValuePathError) {
            let path = try ValuePath(parsing: text)
            return problem(path).map { [.invalid(field, .string(text), $0)] } ?? []
        } catch {
            return [.invalid(field, .string(text), "is an invalid path: \(error.message)")]
        }
    }

    private static func scale(_ scale: JSONValue?, _ field: String) -> [FieldError] {
        guard let scale, case .object = scale else { return [] }
        func check(_ name: String, below roots: [String]) -> [FieldError] {
            path(scale[name], "\(field).\(name)") { path in
                guard let fields = path.fields else { return "must be a json path without array notation" }
                guard fields.count > 1, roots.contains(fields[0]) else {
                    return roots.count == 1
                        ? "should be a json path under .\(roots[0])" : "should be a json path under either .\(roots.joined(separator: " or ."))"
                }
                return nil
            }
        }
        return check("specReplicasPath", below: ["spec"]) + check("statusReplicasPath", below: ["status"])
            + check("labelSelectorPath", below: ["spec", "status"])
    }

    /// Selectable fields are scalars that the schema describes.
    private static func selectable(_ fields: [JSONValue], _ schema: JSONValue, _ field: String) -> [FieldError] {
        var seen: Set<[String]> = []
        return fields.enumerated().flatMap { index, value in
            path(value["jsonPath"], "\(field)[\(index)].jsonPath") { path in
                guard let names = path.fields else { return "must be a simple json path without array notation" }
                guard seen.insert(names).inserted else { return "duplicates a field that is selectable already" }
                guard names.first != "metadata" else { return "must not point to fields in metadata" }
                var current = schema
                for name in names {
                    guard let next = current["properties"]?[name] else { return "must be a valid path: does not refer to a valid field" }
                    current = next
                }
                let type = current["type"]?.stringValue ?? ""
                guard ["string", "boolean", "integer"].contains(type) else { return "must point to a field of type string, boolean or integer" }
                return nil
            }
        }
    }
}
