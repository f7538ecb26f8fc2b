package import JSONCore

/// The OpenAPI v2 (Swagger) document of everything that is served, made from the registry alone.
package enum OpenAPIV2 {
    /// The document: a definition of every type that is read or written, and a path for every verb. Takes some milliseconds and
    /// is more than a megabyte of text.
    package static func document(registry: SchemaRegistry, version: String = "unversioned") -> JSONValue {
        var components = OpenAPIComponents(registry, dialect: .v2)
        var paths = OpenAPIPaths(registry, dialect: .v2)
        for resource in registry.resources {
            paths.add(resource)
            components.add(resource)
        }
        for name in OpenAPIV3.answerTypes { if let type = registry.type(name) { components.add(type) } }
        return [
            "swagger": "2.0", "info": ["title": "Kubernetes", "version": .string(version)], "paths": .object(paths.paths),
            "definitions": .object(components.schemas),
            "securityDefinitions": [
                "BearerToken": [
                    "type": "apiKey", "description": "Bearer Token authentication", "name": "authorization", "in": "header",
                ]
            ],
            "security": [["BearerToken": []]],
        ]
    }
}
