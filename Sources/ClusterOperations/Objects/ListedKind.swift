import APIMachinery

/// The built-in kinds whose objects are listed to find out what refers to what.
enum ListedKind: CaseIterable {
    case pods, deployments, statefulSets, daemonSets, replicaSets, jobs, cronJobs
    case services, ingresses, policies, claims, volumes, autoscalers, budgets
    case accounts, configMaps, secrets, roleBindings, clusterRoleBindings

    /// Where its objects are, and what they are.
    private var entry: (group: String, version: String, resource: String, kind: String) {
        switch self {
        case .pods: ("", "v1", "pods", "Pod")
        case .deployments: ("apps", "v1", "deployments", "Deployment")
        case .statefulSets: ("apps", "v1", "statefulsets", "StatefulSet")
        case .daemonSets: ("apps", "v1", "daemonsets", "DaemonSet")
        case .replicaSets: ("apps", "v1", "replicasets", "ReplicaSet")
        case .jobs: ("batch", "v1", "jobs", "Job")
        case .cronJobs: ("batch", "v1", "cronjobs", "CronJob")
        case .services: ("", "v1", "services", "Service")
        case .ingresses: ("networking.k8s.io", "v1", "ingresses", "Ingress")
        case .policies: ("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy")
        case .claims: ("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
        case .volumes: ("", "v1", "persistentvolumes", "PersistentVolume")
        case .autoscalers: ("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
        case .budgets: ("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
        case .accounts: ("", "v1", "serviceaccounts", "ServiceAccount")
        case .configMaps: ("", "v1", "configmaps", "ConfigMap")
        case .secrets: ("", "v1", "secrets", "Secret")
        case .roleBindings: ("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
        case .clusterRoleBindings: ("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding")
        }
    }

    var resource: GroupVersionResource {
        let entry = entry
        return GroupVersionResource(group: entry.group, version: entry.version, resource: entry.resource)
    }

    var kind: String { entry.kind }

    var groupKind: GroupKind { GroupKind(group: entry.group, kind: entry.kind) }

    /// The kinds that pods are made from, apart from those that others of them make.
    static let workloads: [ListedKind] = [.deployments, .statefulSets, .daemonSets, .jobs, .cronJobs]
}

extension ObjectTarget {
    /// An object of a list, which does not name its kind.
    init(_ object: KubeObject, _ kind: ListedKind) { self.init(object, resource: kind.resource, kind: kind.kind) }
}
