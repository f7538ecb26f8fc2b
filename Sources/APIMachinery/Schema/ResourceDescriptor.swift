/// A part of a resource with its own path, such as `status` or `scale`.
package struct Subresource: Sendable {
    /// The last path segment.
    package let name: String
    /// The kind that is read and written there.
    package let kind: GroupVersionKind
    /// The verbs it has.
    package let verbs: Set<String>
    /// The type of that kind; nil when no schema describes it.
    package let type: TypeSchema?

    /// A subresource from its parts.
    package init(name: String, kind: GroupVersionKind, verbs: Set<String>, type: TypeSchema?) {
        self.name = name
        self.kind = kind
        self.verbs = verbs
        self.type = type
    }
}

/// A served resource: its names, scope, verbs and type.
package final class ResourceDescriptor: Sendable, CustomStringConvertible {
    /// The group, empty for core.
    package let group: String
    /// The version.
    package let version: String
    /// The plural name, as in paths.
    package let plural: String
    /// The singular name, as people type it.
    package let singular: String
    /// The kind.
    package let kind: String
    /// Short names, as people type them.
    package let shortNames: [String]
    /// Categories, such as `all`.
    package let categories: [String]
    /// Whether objects live in namespaces.
    package let isNamespaced: Bool
    /// The verbs it has.
    package let verbs: Set<String>
    /// Its subresources, in the order of the schema file.
    package let subresources: [Subresource]
    /// Field selector labels besides `metadata.name` and `metadata.namespace`.
    package let selectableFields: Set<String>
    /// The type of its objects.
    package let type: TypeSchema
    /// The type of its lists; nil when it cannot be listed.
    package let listType: TypeSchema?

    /// A resource from its parts.
    package init(
        kind: GroupVersionKind, plural: String, singular: String, shortNames: [String], categories: [String], isNamespaced: Bool,
        verbs: Set<String>, subresources: [Subresource], selectableFields: Set<String>, type: TypeSchema, listType: TypeSchema?
    ) {
        self.group = kind.group
        self.version = kind.version
        self.kind = kind.kind
        self.plural = plural
        self.singular = singular
        self.shortNames = shortNames
        self.categories = categories
        self.isNamespaced = isNamespaced
        self.verbs = verbs
        self.subresources = subresources
        self.selectableFields = selectableFields
        self.type = type
        self.listType = listType
    }

    /// The group and version.
    package var groupVersion: GroupVersion { GroupVersion(group: group, version: version) }
    /// The group, version and plural name.
    package var gvr: GroupVersionResource { GroupVersionResource(group: group, version: version, resource: plural) }
    /// The group, version and kind.
    package var gvk: GroupVersionKind { GroupVersionKind(group: group, version: version, kind: kind) }
    /// The group and plural name.
    package var groupResource: GroupResource { GroupResource(group: group, resource: plural) }
    /// The group and kind.
    package var groupKind: GroupKind { GroupKind(group: group, kind: kind) }
    /// The kind of its lists: `PodList`.
    package var listKind: GroupVersionKind { listType?.gvk ?? GroupVersionKind(group: group, version: version, kind: "\(kind)List") }
    /// The same as ``gvr``.
    package var description: String { gvr.description }

    /// The subresource of a name; nil when there is none.
    package func subresource(_ name: String) -> Subresource? { subresources.first { $0.name == name } }
}
