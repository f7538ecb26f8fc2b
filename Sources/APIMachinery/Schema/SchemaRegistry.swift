/// Every kind and type that schema files describe, and what was added to them. Made once, then only read, from any thread.
package final class SchemaRegistry: Sendable {
    /// One API group with its versions, in the order of preference.
    package struct Group: Sendable {
        /// The group's name, empty for core.
        package let name: String
        /// The versions that serve resources.
        package let versions: [String]
        /// Larger comes first in discovery.
        package let priority: Int
    }

    /// Every served resource: groups by priority, resources in the order of the files.
    package let resources: [ResourceDescriptor]
    /// Every group that serves resources, by priority.
    package let groups: [Group]
    /// Every type, in the order of the files; derived lists last.
    package let types: [TypeSchema]

    private let typesByName: [String: TypeSchema]
    private let typesByKind: [GroupVersionKind: TypeSchema]
    private let byResource: [GroupVersionResource: ResourceDescriptor]
    private let byKind: [GroupVersionKind: ResourceDescriptor]

    /// Reads schema files. Throws the first fault with its file and line.
    package init(schemas: [SchemaFile]) throws(SchemaError) {
        var builder = SchemaBuilder()
        try builder.build(schemas)
        types = builder.types
        resources = builder.resources
        groups = builder.groups
        typesByName = builder.typesByName
        typesByKind = builder.typesByKind
        byResource = Dictionary(builder.resources.map { ($0.gvr, $0) }) { first, _ in first }
        byKind = Dictionary(builder.resources.map { ($0.gvk, $0) }) { first, _ in first }
    }

    /// The kinds of another registry, and resources that came to be at run time. Groups that are new come last, by name.
    package init(_ base: SchemaRegistry, adding more: [ResourceDescriptor]) {
        types = base.types
        typesByName = base.typesByName
        var typesByKind = base.typesByKind
        var byResource = base.byResource
        var byKind = base.byKind
        var versions: [String: [String]] = [:]
        for resource in more {
            typesByKind[resource.gvk] = resource.type
            if let list = resource.listType { typesByKind[resource.listKind] = list }
            byResource[resource.gvr] = resource
            byKind[resource.gvk] = resource
            if versions[resource.group]?.contains(resource.version) != true { versions[resource.group, default: []].append(resource.version) }
        }
        self.typesByKind = typesByKind
        self.byResource = byResource
        self.byKind = byKind
        resources = base.resources + more
        let known = Set(base.groups.map(\.name))
        groups =
            base.groups.map { group in
                let added = (versions[group.name] ?? []).filter { !group.versions.contains($0) }
                return added.isEmpty ? group : Group(name: group.name, versions: VersionOrder.sorted(group.versions + added), priority: group.priority)
            }
            + versions.keys.filter { !known.contains($0) }.sorted().map { name in
                Group(name: name, versions: VersionOrder.sorted(versions[name] ?? []), priority: 1000)
            }
    }

    /// The resource of a group version and plural name; nil when it is not served.
    package func resource(_ gvr: GroupVersionResource) -> ResourceDescriptor? { byResource[gvr] }

    /// The resource that holds objects of a kind; nil when there is none.
    package func resource(kind: GroupVersionKind) -> ResourceDescriptor? { byKind[kind] }

    /// The preferred resource of a group and plural name, whatever the version.
    package func resource(_ resource: GroupResource) -> ResourceDescriptor? {
        resources.first { $0.group == resource.group && $0.plural == resource.resource }
    }

    /// The type of a full name such as `core.v1.PodSpec`.
    package func type(_ name: String) -> TypeSchema? { typesByName[name] }

    /// The type of a top-level kind, lists and options included. DeleteOptions and its like are found in every group version.
    package func type(kind: GroupVersionKind) -> TypeSchema? {
        if let type = typesByKind[kind] { return type }
        guard kind.kind.hasSuffix("Options") || kind.kind == "Status" else { return nil }
        return typesByName["meta.v1.\(kind.kind)"]
    }

    /// The resources of one group version, in the order of the files.
    package func resources(of groupVersion: GroupVersion) -> [ResourceDescriptor] {
        resources.filter { $0.group == groupVersion.group && $0.version == groupVersion.version }
    }

    /// Finds resources by what a person types: plural, singular, short name or kind, in any case, optionally followed by `.group`.
    package func resources(named text: String) -> [ResourceDescriptor] {
        let word = text.lowercased()
        let parts = word.split(separator: ".", maxSplits: 1).map(String.init)
        return resources.filter { resource in
            let names = [resource.plural, resource.singular, resource.kind.lowercased()] + resource.shortNames
            if names.contains(word) { return true }
            return parts.count == 2 && names.contains(parts[0]) && resource.group == parts[1]
        }
    }
}
