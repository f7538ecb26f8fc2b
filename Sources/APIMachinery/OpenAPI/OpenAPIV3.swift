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
    }

    /// What every resource answers with besides its own types.
    static let answerTypes = ["meta.v1.Status", "meta.v1.DeleteOptions"]

    /// The media types of patches that the server takes. Clients read here that custom kinds have no strategic merge.
    static func patchMediaTypes(_ resource: ResourceDescriptor) -> [String] {
        let merge = resource.type.custom == nil ? ["application/strategic-merge-patch+json"] : []
        return ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"] + merge
    }

    /// The document of a group version: components of every type its kinds reach, and a path for every verb.
    package static func document(for groupVersion: GroupVersion, registry: SchemaRegistry, version: String = "unversioned") -> JSONValue {
        var components = OpenAPIComponents(registry)
        var paths = OpenAPIPaths(registry)
        for resource in registry.resources(of: groupVersion) {
            paths.add(resource)
            components.add(resource)
        }
        for name in answerTypes { if let type = registry.type(name) { components.add(type) } }
        return whole(paths: paths.paths, schemas: components.schemas, version: version)
    }

    /// The documents of every group version, encoded and hashed. Takes some milliseconds for all built-in kinds; keep the result.
    package static func documents(
        registry: SchemaRegistry, version: String = "unversioned", hash: ([UInt8]) -> String
    ) -> [Document] {
        groupVersions(registry).map { groupVersion in
            let bytes = JSON.encode(document(for: groupVersion, registry: registry, version: version))
            return Document(groupVersion: groupVersion, bytes: bytes, hash: hash(bytes))
        }
    }

    /// Every group version that has a document.
    package static func groupVersions(_ registry: SchemaRegistry) -> [GroupVersion] {
        registry.groups.flatMap { group in group.versions.map { GroupVersion(group: group.name, version: $0) } }
    }

    /// The address of a document that may be kept for ever.
    package static func url(_ path: String, hash: String) -> String { "/openapi/v3/\(path)?hash=\(hash)" }

    /// `/openapi/v3`: where each document is, from the paths of documents and their hashes.
    package static func index(of hashes: [String: String]) -> JSONValue {
        var paths = JSONObject()
        for (path, hash) in hashes.sorted(by: { $0.key < $1.key }) {
            paths.append(unchecked: path, value: ["serverRelativeURL": .string(url(path, hash: hash))])
        }
        return ["paths": .object(paths)]
    }
}
