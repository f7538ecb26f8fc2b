package import JSONCore

extension Discovery {
    /// The aggregated document of `/api` (`isCore`) or `/apis`: every group with its versions, resources and subresources, in one of
    /// ``aggregatedVersions``, which differ in nothing else.
    package static func aggregated(_ registry: SchemaRegistry, isCore: Bool, version: String = "v2") -> JSONValue {
        let groups = registry.groups.filter { $0.name.isEmpty == isCore }
        return [
            "kind": "APIGroupDiscoveryList", "apiVersion": .string("apidiscovery.k8s.io/\(version)"), "metadata": [:],
            "items": .array(groups.map { item($0, registry) }),
        ]
    }

    private static func item(_ group: SchemaRegistry.Group, _ registry: SchemaRegistry) -> JSONValue {
        let versions = group.versions.map { version -> JSONValue in
            let resources = registry.resources(of: GroupVersion(group: group.name, version: version))
            let entries = resources.sorted { $0.plural < $1.plural }.map { JSONValue.object(entry($0)) }
            return ["version": .string(version), "resources": .array(entries), "freshness": "Current"]
        }
        var metadata = JSONObject()
        if !group.name.isEmpty { metadata["name"] = .string(group.name) }
        metadata["creationTimestamp"] = .null
        return ["metadata": .object(metadata), "versions": .array(versions)]
    }

    private static func entry(_ resource: ResourceDescriptor) -> JSONObject {
        var object: JSONObject = [
            "resource": .string(resource.plural), "responseKind": kind(resource.gvk),
            "scope": resource.isNamespaced ? "Namespaced" : "Cluster", "singularResource": .string(resource.singular),
            "verbs": list(resource.verbs),
        ]
        if !resource.shortNames.isEmpty { object["shortNames"] = .array(resource.shortNames.map { .string($0) }) }
        if !resource.categories.isEmpty { object["categories"] = .array(resource.categories.map { .string($0) }) }
        let subresources = resource.subresources.sorted { $0.name < $1.name }.map { subresource -> JSONValue in
            ["subresource": .string(subresource.name), "responseKind": kind(subresource.kind), "verbs": list(subresource.verbs)]
        }
        if !subresources.isEmpty { object["subresources"] = .array(subresources) }
        return object
    }

    private static func kind(_ kind: GroupVersionKind) -> JSONValue {
        ["group": .string(kind.group), "version": .string(kind.version), "kind": .string(kind.kind)]
    }
}
