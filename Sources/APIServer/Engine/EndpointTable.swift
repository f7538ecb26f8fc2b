internal import APIMachinery
internal import KubeSchemas

/// Every served resource by group, version and plural name. A kind with rules of its own has one row in `strategies`.
struct EndpointTable: Sendable {
    private var endpoints: [String: ResourceEndpoint] = [:]
    /// In the order of the schemas.
    private(set) var all: [ResourceEndpoint] = []

    /// The kinds with rules of their own: one file and one row each.
    static let strategies: [String: any ResourceStrategy] = [
        "/pods": PodStrategy(),
        "/namespaces": NamespaceStrategy(),
        "/nodes": NodeStrategy(),
        "/services": ServiceStrategy(),
        "/endpoints": EndpointsStrategy(),
        "/secrets": SecretStrategy(),
        "/configmaps": ConfigMapStrategy(),
        "/serviceaccounts": ServiceAccountStrategy(),
        "/events": EventStrategy(),
        "events.k8s.io/events": EventStrategy(),
        "apps/deployments": DeploymentStrategy(),
        "apps/replicasets": ReplicaSetStrategy(),
        "batch/jobs": JobStrategy(),
        "certificates.k8s.io/certificatesigningrequests": CertificateRequestStrategy(),
        "coordination.k8s.io/leases": LeaseStrategy(),
        "apiextensions.k8s.io/customresourcedefinitions": DefinitionStrategy(),
        "rbac.authorization.k8s.io/roles": RoleStrategy(),
        "rbac.authorization.k8s.io/clusterroles": RoleStrategy(),
        "rbac.authorization.k8s.io/rolebindings": RoleBindingStrategy(),
        "rbac.authorization.k8s.io/clusterrolebindings": RoleBindingStrategy(),
    ]

    /// The group versions that show objects which are stored in another one.
    static let conversions: [String: any VersionConversion] = [
        "autoscaling/v1/horizontalpodautoscalers": AutoscalerConversion(),
        "events.k8s.io/v1/events": EventConversion(),
    ]

    init(_ registry: SchemaRegistry) {
        for descriptor in registry.resources {
            let row = "\(descriptor.group)/\(descriptor.plural)"
            let strategy = Self.strategies[row] ?? GenericStrategy.of(descriptor)
            let endpoint = ResourceEndpoint(
                descriptor, strategy: strategy, conversion: Self.conversions[Self.name(descriptor.group, descriptor.version, descriptor.plural)])
            endpoints[Self.name(descriptor.group, descriptor.version, descriptor.plural)] = endpoint
            all.append(endpoint)
        }
    }

    /// The resource of a group version; nil when it is not served.
    subscript(group: String, version: String, resource: String) -> ResourceEndpoint? {
        endpoints[Self.name(group, version, resource)]
    }

    /// The resource of a kind; nil when it is not served.
    func endpoint(kind: GroupVersionKind) -> ResourceEndpoint? { all.first { $0.descriptor.gvk == kind } }

    private static func name(_ group: String, _ version: String, _ resource: String) -> String { "\(group)/\(version)/\(resource)" }
}
