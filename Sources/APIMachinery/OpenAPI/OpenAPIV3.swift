package import JSONCore

/// OpenAPI v3 documents, one for each group version, made from the registry alone.
package enum OpenAPIV3 {
    /// One document as it is served.
    package struct Document: Sendable {
        /// The group version it describes.
        package let groupVersion: GroupVersion
        /// The JSON text.
        package let bytes: [UInt8]
        /// What changes when the text changes.
        package let hash: String
        /// The path below `/openapi/v3/`: `api/v1`, `apis/apps/v1`.
        package var path: String { groupVersion.urlPath }
        /// The address that the index names: it may be kept for ever.
        package var url: String { "/openapi/v3/\(path)?hash=\(hash)" }
    }

    /// The media types of patches that the server takes for built-in kinds.
    package static let patchMediaTypes = [
        "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
    ]

    /// The document of a group version: components of every type its kinds reach, and a path for every verb.
    package static func document(for groupVersion: GroupVersion, registry: SchemaRegistry, version: String = "unversioned") -> JSONValue {
        var components = OpenAPIComponents(registry)
        var paths = OpenAPIPaths(registry)
        for resource in registry.resources(of: groupVersion) {
            paths.add(resource)
            components.add(resource.type)
            if let list = resource.listType { components.add(list) }
            for subresource in resource.subresources { if let type = subresource.type { components.add(type) } }
        }
        for name in ["meta.v1.Status", "meta.v1.DeleteOptions"] { if let type = registry.type(name) { components.add(type) } }
        return [
            "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": .string(version)], "paths": .object(paths.paths),
            "components": [
                "schemas": .object(components.schemas),
                "securitySchemes": [
                    "BearerToken": [
                        "type": "apiKey", "description": "Bearer Token authentication", "name": "authorization", "in": "header",
                    ]
                ],
            ],
        ]
    }

    /// The documents of every group version, encoded and hashed. Takes some milliseconds for all built-in kinds; keep the result.
    package static func documents(
        registry: SchemaRegistry, version: String = "unversioned", hash: ([UInt8]) -> String
    ) -> [Document] {
        registry.groups.flatMap { group in
            group.versions.map { name in
                let groupVersion = GroupVersion(group: group.name, version: name)
                let bytes = JSON.encode(document(for: groupVersion, registry: registry, version: version))
                return Document(groupVersion: groupVersion, bytes: bytes, hash: hash(bytes))
            }
        }
    }

    /// `/openapi/v3`: where each document is.
    package static func index(of documents: [Document]) -> JSONValue {
        var paths = JSONObject()
        for document in documents.sorted(by: { $0.path < $1.path }) {
            paths.append(unchecked: document.path, value: ["serverRelativeURL": .string(document.url)])
        }
        return ["paths": .object(paths)]
    }
}
