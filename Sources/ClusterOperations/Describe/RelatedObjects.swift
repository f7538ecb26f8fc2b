import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// Objects that belong to the understanding of another one.
package enum Relation: String, Sendable, CaseIterable {
    case replicaSets, controllerRevisions, jobs, pods, endpointSlices, roleBindings, clusterRoleBindings, quotas, limitRanges
}

/// Where an object's related ones are found, and which of those found are.
struct RelatedSource: Sendable {
    var relation: Relation
    var resource: GroupVersionResource
    var namespace: String?
    var labels = LabelSelector.everything
    var fields = FieldSelector.everything
    var isRelated: @Sendable (KubeObject) -> Bool = { _ in true }

    /// What helps to understand an object. A selector that is missing or cannot be read gives no pods rather than all.
    static func sources(of object: KubeObject, _ resource: GroupVersionResource) -> [RelatedSource] {
        candidates(object, resource).filter { !$0.labels.matchesNothing }
    }

    private static func candidates(_ object: KubeObject, _ resource: GroupVersionResource) -> [RelatedSource] {
        let (namespace, uid, name) = (object.namespace, object.uid, object.name)
        func owned(_ relation: Relation, _ resource: GroupVersionResource, _ selector: LabelSelector = .everything) -> RelatedSource {
            RelatedSource(relation: relation, resource: resource, namespace: namespace, labels: selector) { other in
                other.ownerReferences.contains { $0.uid == uid }
            }
        }
        switch (resource.group, object.kind) {
        case ("apps", "Deployment"):
            let selector = selector(object, "spec", "selector")
            return [
                owned(.replicaSets, ReplicaSet.resource, selector),
                RelatedSource(relation: .pods, resource: Pod.resource, namespace: namespace, labels: selector),
            ]
        case ("apps", "StatefulSet"), ("apps", "DaemonSet"):
            let selector = selector(object, "spec", "selector")
            let revisions = GroupVersionResource(group: "apps", version: "v1", resource: "controllerrevisions")
            return [owned(.controllerRevisions, revisions, selector), owned(.pods, Pod.resource, selector)]
        case ("apps", "ReplicaSet"), ("batch", "Job"):
            return [owned(.pods, Pod.resource, selector(object, "spec", "selector"))]
        case ("", "ReplicationController"): return [owned(.pods, Pod.resource)]
        case ("batch", "CronJob"): return [owned(.jobs, Job.resource)]
        case ("policy", "PodDisruptionBudget"):
            return [RelatedSource(relation: .pods, resource: Pod.resource, namespace: namespace, labels: selector(object, "spec", "selector"))]
        case ("networking.k8s.io", "NetworkPolicy"):
            return [
                RelatedSource(relation: .pods, resource: Pod.resource, namespace: namespace, labels: selector(object, "spec", "podSelector"))
            ]
        case ("", "Service"):
            let label = LabelSelector.Requirement(key: EndpointSlice.serviceNameLabel, operator: .equals, values: [name])
            return [
                RelatedSource(
                    relation: .endpointSlices, resource: EndpointSlice.resource, namespace: namespace, labels: LabelSelector(requirements: [label]))
            ]
        case ("", "PersistentVolumeClaim"):
            return [
                RelatedSource(relation: .pods, resource: Pod.resource, namespace: namespace) { pod in
                    Pod(pod).spec.volumes.contains { $0.claimName(of: Pod(pod)) == name }
                }
            ]
        case ("", "Node"):
            let field = FieldSelector.Requirement(field: "spec.nodeName", value: name)
            return [RelatedSource(relation: .pods, resource: Pod.resource, fields: FieldSelector(requirements: [field]))]
        case ("", "Namespace"):
            return [
                RelatedSource(relation: .quotas, resource: core("resourcequotas"), namespace: name),
                RelatedSource(relation: .limitRanges, resource: core("limitranges"), namespace: name),
            ]
        case ("", "ServiceAccount"):
            return bindings(in: namespace) { binding in
                RoleBinding(binding).subjects.contains { $0.kind == "ServiceAccount" && $0.name == name && $0.namespace == namespace }
            }
        case (RoleBinding.resource.group, "Role"):
            return Array(bindings(in: namespace) { RoleBinding($0).roleKind == "Role" && RoleBinding($0).roleName == name }.prefix(1))
        case (RoleBinding.resource.group, "ClusterRole"):
            return bindings(in: nil) { RoleBinding($0).roleKind == "ClusterRole" && RoleBinding($0).roleName == name }
        default: return []
        }
    }

    private static func bindings(in namespace: String?, _ isRelated: @escaping @Sendable (KubeObject) -> Bool) -> [RelatedSource] {
        [
            RelatedSource(relation: .roleBindings, resource: RoleBinding.resource, namespace: namespace, isRelated: isRelated),
            RelatedSource(relation: .clusterRoleBindings, resource: RoleBinding.clusterResource, isRelated: isRelated),
        ]
    }

    private static func core(_ resource: String) -> GroupVersionResource { GroupVersionResource(group: "", version: "v1", resource: resource) }

    private static func selector(_ object: KubeObject, _ path: String...) -> LabelSelector {
        // An object without a selector has no pods by one; `.null` reads as everything.
        guard let value = object.value.value(at: path[...]), value.objectValue != nil else { return .nothing }
        return (try? LabelSelector(value: value)) ?? .nothing
    }
}
