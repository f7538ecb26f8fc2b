internal import APIMachinery

/// The built-in kinds whose every answer warns that they are on their way out.
/// Source: the prerelease-lifecycle tags in `staging/src/k8s.io/api/core/v1/types.go`.
enum DeprecatedKinds {
    private static let warnings = [
        "/v1/componentstatuses": "v1 ComponentStatus is deprecated in v1.19+",
        "/v1/endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ]

    /// What a client is told who uses a kind; nil when it is not deprecated.
    static func warning(_ descriptor: ResourceDescriptor) -> String? {
        warnings["\(descriptor.group)/\(descriptor.version)/\(descriptor.plural)"]
    }
}
