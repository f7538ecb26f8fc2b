package import APIMachinery
package import JSONCore
package import LinuxKernel

/// The columns and cells that `kubectl get` shows, for the server's Table output and for kdash's own panes.
package enum TablePrinter {
    /// The columns of a kind; those with priority 1 belong to `-o wide`.
    package static func columns(for descriptor: ResourceDescriptor) -> [TableColumn] { layout(descriptor.groupKind).columns }

    /// One object's cells, in the order of the columns.
    package static func cells(_ object: KubeObject, descriptor: ResourceDescriptor, now: Timestamp) -> [JSONValue] {
        layout(descriptor.groupKind).cells(object, now)
    }

    static func layout(_ kind: GroupKind) -> TableLayout {
        switch (kind.group, kind.kind) {
        case ("", "Pod"): .pod
        case ("", "PodTemplate"): .podTemplate
        case ("", "Namespace"): .namespace
        case ("", "Node"): .node
        case ("", "Service"): .service
        case ("", "Endpoints"): .endpoints
        case ("", "ConfigMap"): .configMap
        case ("", "Secret"): .secret
        case ("", "Event"), ("events.k8s.io", "Event"): .event
        case ("apps", "Deployment"): .deployment
        case ("apps", "ReplicaSet"): .replicaSet
        case ("batch", "Job"): .job
        case ("coordination.k8s.io", "Lease"): .lease
        case ("discovery.k8s.io", "EndpointSlice"): .endpointSlice
        case ("rbac.authorization.k8s.io", "RoleBinding"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"): .roleBinding
        case ("rbac.authorization.k8s.io", _): .dated
        default: .aged
        }
    }
}
