package import JSONCore

/// The documents that tell clients what is served, made from the registry alone.
package enum Discovery {
    /// The media type of aggregated discovery, as clients ask for it and as answers name it.
    package static func aggregatedMediaType(_ version: String) -> String {
        "application/json;g=apidiscovery.k8s.io;v=\(version);as=APIGroupDiscoveryList"
    }
    /// The versions of aggregated discovery, the best first.
    package static let aggregatedVersions = ["v2", "v2beta1"]

    /// `/api`: the versions of the core group. `serverAddress` is what clients reached, for example `127.0.0.1:6443`.
    package static func coreVersions(_ registry: SchemaRegistry, serverAddress: String) -> JSONValue {
        let versions = registry.groups.first { $0.name.isEmpty }?.versions ?? []
        return [
            "kind": "APIVersions", "versions": .array(versions.map { .string($0) }),
            "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": .string(serverAddress)]],
        ]
    }

    /// `/apis`: every group but core.
    package static func groupList(_ registry: SchemaRegistry) -> JSONValue {
        let groups = registry.groups.filter { !$0.name.isEmpty }
        return ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups.map { .object(group($0)) })]
    }

    /// `/apis/GROUP`; nil when there is no such group.
    package static func group(_ name: String, _ registry: SchemaRegistry) -> JSONValue? {
        guard !name.isEmpty, let found = registry.groups.first(where: { $0.name == name }) else { return nil }
        var document: JSONObject = ["kind": "APIGroup", "apiVersion": "v1"]
        for member in group(found) { document.append(unchecked: member.key, value: member.value) }
        return .object(document)
    }

    private static func group(_ group: SchemaRegistry.Group) -> JSONObject {
        let versions = group.versions.map { version -> JSONValue in
            ["groupVersion": .string("\(group.name)/\(version)"), "version": .string(version)]
        }
        return ["name": .string(group.name), "versions": .array(versions), "preferredVersion": versions.first ?? .null]
    }

    /// `/api/v1` or `/apis/GROUP/VERSION`; nil when nothing is served there. `storageHash` changes with the version that the objects
    /// of a resource are stored in.
    package static func resourceList(
        _ groupVersion: GroupVersion, _ registry: SchemaRegistry, storageHash: (ResourceDescriptor) -> String? = { _ in nil }
    ) -> JSONValue? {
        let resources = registry.resources(of: groupVersion)
        guard !resources.isEmpty else { return nil }
        var entries: [(name: String, value: JSONValue)] = []
        for resource in resources {
            var object = entry(resource)
            // Only what is stored has a version it is stored in.
            if resource.verbs.isSuperset(of: ["create", "list"]), let hash = storageHash(resource) { object["storageVersionHash"] = .string(hash) }
            entries.append((resource.plural, .object(object)))
            for subresource in resource.subresources {
                let name = "\(resource.plural)/\(subresource.name)"
                entries.append((name, .object(entry(subresource, of: resource, name: name))))
            }
        }
        entries.sort { $0.name < $1.name }
        return [
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(groupVersion.apiVersion),
            "resources": .array(entries.map(\.value)),
        ]
    }

    private static func entry(_ resource: ResourceDescriptor) -> JSONObject {
        var object: JSONObject = [
            "name": .string(resource.plural), "singularName": .string(resource.singular), "namespaced": .bool(resource.isNamespaced),
            "kind": .string(resource.kind), "verbs": list(resource.verbs),
        ]
        if !resource.shortNames.isEmpty { object["shortNames"] = .array(resource.shortNames.map { .string($0) }) }
        if !resource.categories.isEmpty { object["categories"] = .array(resource.categories.map { .string($0) }) }
        return object
    }

    private static func entry(_ subresource: Subresource, of resource: ResourceDescriptor, name: String) -> JSONObject {
        var object: JSONObject = ["name": .string(name), "singularName": "", "namespaced": .bool(resource.isNamespaced)]
        // The group and version are named only where the kind comes from another place.
        if subresource.kind.groupVersion != resource.groupVersion {
            if !subresource.kind.group.isEmpty { object["group"] = .string(subresource.kind.group) }
            object["version"] = .string(subresource.kind.version)
        }
        object["kind"] = .string(subresource.kind.kind)
        object["verbs"] = list(subresource.verbs)
        return object
    }

    static func list(_ verbs: Set<String>) -> JSONValue { .array(verbs.sorted().map { .string($0) }) }
}
