/// An API group and one of its versions; the core group is the empty string.
package struct GroupVersion: Sendable, Hashable, CustomStringConvertible {
    /// The group, empty for core.
    package var group: String
    /// The version, for example `v1`.
    package var version: String

    /// A group version from its parts.
    package init(group: String, version: String) {
        self.group = group
        self.version = version
    }

    /// Reads `v1` or `apps/v1`; nil when a part is empty or there is more than one slash.
    package init?(apiVersion: String) {
        guard let slash = apiVersion.utf8.firstIndex(of: UInt8(ascii: "/")) else {
            guard !apiVersion.isEmpty else { return nil }
            self.init(group: "", version: apiVersion)
            return
        }
        let version = apiVersion[apiVersion.utf8.index(after: slash)...]
        guard slash != apiVersion.startIndex, !version.isEmpty, !version.utf8.contains(UInt8(ascii: "/")) else { return nil }
        self.init(group: String(apiVersion[..<slash]), version: String(version))
    }

    /// The text of an object's `apiVersion` field.
    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// The same as ``apiVersion``.
    package var description: String { apiVersion }

    /// The path below which its resources are served, without a leading slash: `api/v1`, `apis/apps/v1`.
    package var urlPath: String { group.isEmpty ? "api/\(version)" : "apis/\(group)/\(version)" }
}

/// A kind in a group, whatever the version.
package struct GroupKind: Sendable, Hashable, CustomStringConvertible {
    /// The group, empty for core.
    package var group: String
    /// The kind, for example `Deployment`.
    package var kind: String

    /// A group kind from its parts.
    package init(group: String, kind: String) {
        self.group = group
        self.kind = kind
    }

    /// `Deployment.apps`, or `Pod` for core.
    package var description: String { group.isEmpty ? kind : "\(kind).\(group)" }
}

/// A resource in a group, whatever the version.
package struct GroupResource: Sendable, Hashable, CustomStringConvertible {
    /// The group, empty for core.
    package var group: String
    /// The plural resource name, for example `deployments`.
    package var resource: String

    /// A group resource from its parts.
    package init(group: String, resource: String) {
        self.group = group
        self.resource = resource
    }

    /// `deployments.apps`, or `pods` for core.
    package var description: String { group.isEmpty ? resource : "\(resource).\(group)" }
}

/// A kind in one version of a group.
package struct GroupVersionKind: Sendable, Hashable, CustomStringConvertible {
    /// The group, empty for core.
    package var group: String
    /// The version, for example `v1`.
    package var version: String
    /// The kind, for example `Deployment`.
    package var kind: String

    /// A kind from its parts.
    package init(group: String, version: String, kind: String) {
        self.group = group
        self.version = version
        self.kind = kind
    }

    /// A kind of a group version.
    package init(_ groupVersion: GroupVersion, kind: String) {
        self.init(group: groupVersion.group, version: groupVersion.version, kind: kind)
    }

    /// The group and version alone.
    package var groupVersion: GroupVersion { GroupVersion(group: group, version: version) }
    /// The group and kind alone.
    package var groupKind: GroupKind { GroupKind(group: group, kind: kind) }
    /// The text of the `apiVersion` field.
    package var apiVersion: String { groupVersion.apiVersion }
    /// `apps/v1, Kind=Deployment`, as Kubernetes prints it; core is `/v1, Kind=Pod`.
    package var description: String { "\(group)/\(version), Kind=\(kind)" }
}

/// A resource in one version of a group.
package struct GroupVersionResource: Sendable, Hashable, CustomStringConvertible {
    /// The group, empty for core.
    package var group: String
    /// The version, for example `v1`.
    package var version: String
    /// The plural resource name, for example `deployments`.
    package var resource: String

    /// A resource from its parts.
    package init(group: String, version: String, resource: String) {
        self.group = group
        self.version = version
        self.resource = resource
    }

    /// A resource of a group version.
    package init(_ groupVersion: GroupVersion, resource: String) {
        self.init(group: groupVersion.group, version: groupVersion.version, resource: resource)
    }

    /// The group and version alone.
    package var groupVersion: GroupVersion { GroupVersion(group: group, version: version) }
    /// The group and resource alone.
    package var groupResource: GroupResource { GroupResource(group: group, resource: resource) }
    /// `apps/v1, Resource=deployments`, as Kubernetes prints it.
    package var description: String { "\(group)/\(version), Resource=\(resource)" }
}
