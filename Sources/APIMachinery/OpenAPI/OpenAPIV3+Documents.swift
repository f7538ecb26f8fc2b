package import JSONCore

/// The documents of what is no resource: discovery, the version, the keys of service accounts.
/// Source: apiserver `pkg/server/routes`, `pkg/endpoints/discovery`; `pkg/routes/openidmetadata.go`.
extension OpenAPIV3 {
    /// The paths below `/openapi/v3/` that have such a document, for example `apis/apps`.
    package static func plainPaths(_ registry: SchemaRegistry) -> [String] {
        let groups = registry.groups.map(\.name).filter { isBuiltin($0, registry) }
        return [".well-known/openid-configuration", "api", "apis"] + groups.map { "apis/\($0)" } + ["openid/v1/jwks", "version"]
    }

    /// The document of one of ``plainPaths(_:)``; nil for any other path.
    package static func document(forPath path: String, registry: SchemaRegistry, version: String = "unversioned") -> JSONValue? {
        let operation: (path: String, words: String, id: String, tag: String, media: String, type: String)
        switch path {
        case ".well-known/openid-configuration":
            operation = (
                "/\(path)/", "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
                "getServiceAccountIssuerOpenIDConfiguration", "WellKnown", "application/json", ""
            )
        case "openid/v1/jwks":
            operation = (
                "/\(path)/", "get service account issuer OpenID JSON Web Key Set (contains public token verification keys)",
                "getServiceAccountIssuerOpenIDKeyset", "openid", "application/jwk-set+json", ""
            )
        case "version":
            operation = (
                "/version/", "get the version information for this server", "getCodeVersion", "version", "application/json", infoName
            )
        case "api":
            operation = ("/api/", "get available API versions", "getCoreAPIVersions", "core", "application/json", "meta.v1.APIVersions")
        case "apis":
            operation = ("/apis/", "get available API versions", "getAPIVersions", "apis", "application/json", "meta.v1.APIGroupList")
        default:
            guard path.hasPrefix("apis/"), case let group = String(path.dropFirst(5)), isBuiltin(group, registry) else { return nil }
            let tag = String(group.prefix { $0 != "." })
            operation = (
                "/\(path)/", "get information of a group", "get\(tag.prefix(1).uppercased())\(tag.dropFirst())APIGroup", tag,
                "application/json", "meta.v1.APIGroup"
            )
        }
        var components = OpenAPIComponents(registry)
        var answer: JSONValue = ["type": "string", "default": ""]
        var extra = JSONObject()
        if operation.type == infoName {
            answer = ["$ref": .string("#/components/schemas/\(infoName)")]
            extra[infoName] = info
        } else if let type = registry.type(operation.type) {
            components.add(type)
            answer = ["$ref": .string("#/components/schemas/\(type.componentName)")]
        }
        let get: JSONValue = [
            "tags": [.string(operation.tag)], "description": .string(operation.words), "operationId": .string(operation.id),
            "responses": [
                "200": ["description": "OK", "content": .object([operation.media: ["schema": answer]])],
                "401": ["description": "Unauthorized"],
            ],
        ]
        return whole(paths: [operation.path: ["get": get]], schemas: extra.isEmpty ? components.schemas : extra, version: version)
    }

    /// The frame of every document.
    static func whole(paths: JSONObject, schemas: JSONObject, version: String) -> JSONValue {
        var components = JSONObject()
        if !schemas.isEmpty { components["schemas"] = .object(schemas) }
        components["securitySchemes"] = [
            "BearerToken": ["type": "apiKey", "description": "Bearer Token authentication", "name": "authorization", "in": "header"]
        ]
        return [
            "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": .string(version)], "paths": .object(paths),
            "components": .object(components),
        ]
    }

    private static func isBuiltin(_ group: String, _ registry: SchemaRegistry) -> Bool {
        !group.isEmpty && registry.resources.contains { $0.group == group && $0.type.custom == nil }
    }

    private static let infoName = "io.k8s.apimachinery.pkg.version.Info"

    private static let info: JSONValue = {
        let fields = [
            "buildDate", "compiler", "gitCommit", "gitTreeState", "gitVersion", "goVersion", "major", "minor", "platform",
        ]
        var properties = JSONObject()
        for field in fields { properties[field] = ["type": "string", "default": ""] }
        return [
            "description": "Which version of the API the server speaks, and how it was built.", "type": "object",
            "required": .array(fields.map { .string($0) }), "properties": .object(properties),
        ]
    }()
}
