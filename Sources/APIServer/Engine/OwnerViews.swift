internal import APIMachinery
internal import JSONCore

/// How the owners of fields that are recorded in several versions of a built-in kind see a change: each in the words of its own version.
/// Versions of a custom kind have the same fields and need none of it. Source: structured-merge-diff `merge/update.go`, whose converter
/// is apimachinery `pkg/util/managedfields/internal/versionconverter.go`.
struct OwnerViews: Sendable {
    private let endpoints: EndpointTable
    private let endpoint: ResourceEndpoint

    /// The kinds that are served in versions of different fields.
    private static let resources = Set(EndpointTable.conversions.keys.compactMap { $0.split(separator: "/").last.map(String.init) })

    /// Nil for kinds whose versions all have the same fields.
    init?(_ endpoint: ResourceEndpoint, _ core: ServerCore) {
        guard endpoint.custom == nil, Self.resources.contains(endpoint.descriptor.plural) else { return nil }
        endpoints = core.endpoints
        self.endpoint = endpoint
    }

    /// The change between two objects of the endpoint's stored form, as `apiVersion` sees it; nil for a version that is not served.
    func comparison(_ apiVersion: String, stored old: JSONValue, _ new: JSONValue) -> FieldComparison? {
        guard let version = GroupVersion(apiVersion: apiVersion),
            let other = endpoints[version.group, version.version, endpoint.descriptor.plural]
        else { return nil }
        func seen(_ value: JSONValue) -> JSONValue { other.conversion?.served(value) ?? value }
        return FieldComparison(from: seen(old), to: seen(new), type: other.descriptor.type)
    }

    /// What owners see of a change between two objects of the endpoint's stored form.
    var ofStored: FieldManager.View { { comparison($0, stored: $1, $2) } }

    /// What owners see of a change between two objects of the endpoint's served form.
    var ofServed: FieldManager.View {
        guard let conversion = endpoint.conversion else { return ofStored }
        return { comparison($0, stored: conversion.stored($1), conversion.stored($2)) }
    }
}
