package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas

/// Who refers to an object by name: pods and what pods are made from, ingresses, claims, bindings and the like.
package struct UsedBy: Sendable {
    /// One object that refers to it, and where in it.
    package struct Use: Sendable, Hashable {
        /// Who refers.
        package var user: ObjectTarget
        /// Where: `env DB_PASSWORD of container app`.
        package var places: [String]
    }

    /// The users, in order of kind, namespace and name.
    package var uses: [Use]
    /// What could not be read.
    package var unread: [String]

    /// The kinds that others refer to by name.
    package static func isReferred(_ kind: GroupKind) -> Bool { readers[kind] != nil }

    /// The kinds whose objects may refer to one of a kind.
    package static func readers(of kind: GroupKind) -> [GroupVersionResource] { (readers[kind] ?? []).map(\.resource) }

    private static let templated: [ListedKind] = [.pods, .deployments, .statefulSets, .daemonSets, .replicaSets, .jobs, .cronJobs]
    private static let readers: [GroupKind: [ListedKind]] = [
        GroupKind(group: "", kind: "ConfigMap"): templated, GroupKind(group: "", kind: "Secret"): templated + [.ingresses, .accounts],
        GroupKind(group: "", kind: "ServiceAccount"): templated + [.roleBindings, .clusterRoleBindings],
        GroupKind(group: "", kind: "PersistentVolumeClaim"): templated, GroupKind(group: "scheduling.k8s.io", kind: "PriorityClass"): templated,
        GroupKind(group: "node.k8s.io", kind: "RuntimeClass"): templated, GroupKind(group: "", kind: "Service"): [.ingresses, .statefulSets],
        GroupKind(group: "networking.k8s.io", kind: "IngressClass"): [.ingresses],
        GroupKind(group: "storage.k8s.io", kind: "StorageClass"): [.claims, .volumes, .statefulSets],
        GroupKind(group: "", kind: "PersistentVolume"): [.claims],
        GroupKind(group: "rbac.authorization.k8s.io", kind: "Role"): [.roleBindings],
        GroupKind(group: "rbac.authorization.k8s.io", kind: "ClusterRole"): [.roleBindings, .clusterRoleBindings],
    ]

    /// Reads who refers to an object. Throws BadRequest for a kind nobody refers to by name.
    package static func read(_ target: ObjectTarget, _ client: KubeClient) async throws(APIStatus) -> UsedBy {
        guard let readers = readers[target.groupKind] else { throw .badRequest("nobody refers to a \(target.kind) by its name") }
        var uses: [Use] = []
        var unread: [String] = []
        for reader in readers {
            var options = ListOptions(limit: 500)
            // Cluster-scoped bindings name namespaced subjects, too.
            let namespace = reader == .clusterRoleBindings ? nil : target.namespace
            do throws(APIStatus) {
                repeat {
                    let page = try await client.list(reader.resource, namespace: namespace, options)
                    uses += page.items.compactMap { object in
                        let places = places(target, in: object, reader)
                        return places.isEmpty ? nil : Use(user: ObjectTarget(object, reader), places: places)
                    }
                    options.continueToken = page.continueToken
                } while options.continueToken != nil
            } catch {
                unread.append("\(reader.resource.resource): \(error.message)")
            }
        }
        return UsedBy(uses: uses, unread: unread)
    }

    private static func places(_ target: ObjectTarget, in object: KubeObject, _ reader: ListedKind) -> [String] {
        let name = target.name
        switch reader {
        case .ingresses: return ingress(target, object)
        case .accounts:
            return ["secrets", "imagePullSecrets"].filter { field in object.array(field).contains { $0["name"]?.stringValue == name } }
        case .claims:
            let field = target.kind == "StorageClass" ? "storageClassName" : "volumeName"
            return object.string("spec", field) == name ? [field] : []
        case .volumes: return object.string("spec", "storageClassName") == name ? ["storageClassName"] : []
        case .roleBindings, .clusterRoleBindings:
            let binding = RoleBinding(object)
            if target.kind != "ServiceAccount" { return binding.roleKind == target.kind && binding.roleName == name ? ["roleRef"] : [] }
            let isSubject = binding.subjects.contains { $0.kind == "ServiceAccount" && $0.name == name && $0.namespace == target.namespace }
            return isSubject ? ["subject of \(binding.roleKind) \(binding.roleName)"] : []
        default:
            guard let path = PodTemplate.specPath(reader.groupKind) else { return [] }
            return PodReferences.places(target, in: object.value.value(at: path[...]) ?? .null) + (reader == .statefulSets ? statefulSet(target, object) : [])
        }
    }

    private static func ingress(_ target: ObjectTarget, _ object: KubeObject) -> [String] {
        switch target.kind {
        case "Secret":
            return object.array("spec", "tls").filter { $0["secretName"]?.stringValue == target.name }.map {
                "tls of \(($0["hosts"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: ", "))"
            }
        case "IngressClass": return object.string("spec", "ingressClassName") == target.name ? ["ingressClassName"] : []
        default:
            let isDefault = object.string("spec", "defaultBackend", "service", "name") == target.name
            return (isDefault ? ["the default backend"] : [])
                + object.array("spec", "rules").flatMap { rule in
                    (rule["http", "paths"]?.arrayValue ?? []).filter { $0["backend", "service", "name"]?.stringValue == target.name }.map {
                        "\(rule["host"]?.stringValue ?? "any host")\($0["path"]?.stringValue ?? "/")"
                    }
                }
        }
    }

    private static func statefulSet(_ target: ObjectTarget, _ object: KubeObject) -> [String] {
        switch target.kind {
        case "Service": object.string("spec", "serviceName") == target.name ? ["serviceName"] : []
        case "StorageClass":
            object.array("spec", "volumeClaimTemplates").filter { $0["spec", "storageClassName"]?.stringValue == target.name }.map {
                "claim template \($0["metadata", "name"]?.stringValue ?? "")"
            }
        default: []
        }
    }
}
