import APIMachinery
import JSONCore
import KubeSchemas

/// Who decides how many pods of an owner there are, and the number, as `/scale` shows it: of built-in workloads and of custom resources.
/// Source: `pkg/controller/disruption/disruption.go` finders.
struct DisruptionOwners: Sendable {
    /// What is known of an owner.
    enum Scale: Sendable, Hashable {
        case replicas(Int64, uid: String)
        /// There is no such object.
        case unknown
        case failed(String)
    }

    /// The built-in kinds with replicas.
    static let scaled = [
        ReplicaSet.resource, Deployment.resource, GroupVersionResource(group: "apps", version: "v1", resource: "statefulsets"),
        GroupVersionResource(group: "", version: "v1", resource: "replicationcontrollers"),
    ]

    private let resources: [GroupKind: GroupVersionResource]

    init(_ registry: SchemaRegistry) {
        resources = Dictionary(registry.resources.map { ($0.groupKind, $0.gvr) }) { first, _ in first }
    }

    /// How many pods an owner wants; of a ReplicaSet that is its Deployment's affair, when it has one.
    func scale(of owner: OwnerReference, namespace: String?, _ caches: any Caches) -> Scale {
        guard let version = GroupVersion(apiVersion: owner.apiVersion) else {
            return .failed("unexpected GroupVersion string: \(owner.apiVersion)")
        }
        if let custom = caches.customKinds.first(where: { $0.kind == owner.kind && $0.resource.group == version.group }) {
            return scale(of: owner, namespace: namespace, custom, caches)
        }
        guard let resource = resources[GroupKind(group: version.group, kind: owner.kind)] else {
            return .failed("no matches for kind \(owner.kind.goQuoted) in version \(owner.apiVersion.goQuoted)")
        }
        guard Self.scaled.contains(resource) else { return .failed(Self.withoutScale(resource)) }
        guard let object = caches.get(ObjectName(resource, namespace: namespace, name: owner.name)), object.uid == owner.uid else { return .unknown }
        if resource == ReplicaSet.resource, let parent = object.controllerRef, parent.kind == "Deployment" {
            return scale(of: parent, namespace: namespace, caches)
        }
        return .replicas(object.integer("spec", "replicas") ?? 1, uid: object.uid)
    }

    private func scale(of owner: OwnerReference, namespace: String?, _ kind: CustomResourceKind, _ caches: any Caches) -> Scale {
        guard let path = kind.replicas else { return .failed(Self.withoutScale(kind.resource)) }
        let name = ObjectName(kind.resource, namespace: kind.isNamespaced ? namespace : nil, name: owner.name)
        guard let object = caches.get(name), object.uid == owner.uid else { return .unknown }
        guard let replicas = object.value.value(at: path[...])?.integerValue else {
            return .failed("Internal error occurred: the spec replicas field \".\(path.joined(separator: "."))\" does not exist")
        }
        return .replicas(replicas, uid: object.uid)
    }

    private static func withoutScale(_ resource: GroupVersionResource) -> String {
        "\(GroupResource(group: resource.group, resource: resource.resource)) does not implement the scale subresource"
    }
}
