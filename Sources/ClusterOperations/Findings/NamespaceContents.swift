import APIMachinery
import KubeClient
import KubeSchemas

/// The objects of a namespace, or of all of them, that the checks look at.
struct NamespaceContents: Sendable {
    /// A kind the checks look at, and whether only its names are read.
    enum Kind: CaseIterable {
        case pods, deployments, statefulSets, daemonSets, jobs, cronJobs, services, ingresses, claims, autoscalers, budgets, policies
        case accounts, configMaps, secrets

        var resource: GroupVersionResource {
            func of(_ group: String, _ resource: String, _ version: String = "v1") -> GroupVersionResource {
                GroupVersionResource(group: group, version: version, resource: resource)
            }
            return switch self {
            case .pods: of("", "pods")
            case .deployments: of("apps", "deployments")
            case .statefulSets: of("apps", "statefulsets")
            case .daemonSets: of("apps", "daemonsets")
            case .jobs: of("batch", "jobs")
            case .cronJobs: of("batch", "cronjobs")
            case .services: of("", "services")
            case .ingresses: of("networking.k8s.io", "ingresses")
            case .claims: of("", "persistentvolumeclaims")
            case .autoscalers: of("autoscaling", "horizontalpodautoscalers", "v2")
            case .budgets: of("policy", "poddisruptionbudgets")
            case .policies: of("networking.k8s.io", "networkpolicies")
            case .accounts: of("", "serviceaccounts")
            case .configMaps: of("", "configmaps")
            case .secrets: of("", "secrets")
            }
        }

        var kind: String {
            switch self {
            case .pods: "Pod"
            case .deployments: "Deployment"
            case .statefulSets: "StatefulSet"
            case .daemonSets: "DaemonSet"
            case .jobs: "Job"
            case .cronJobs: "CronJob"
            case .services: "Service"
            case .ingresses: "Ingress"
            case .claims: "PersistentVolumeClaim"
            case .autoscalers: "HorizontalPodAutoscaler"
            case .budgets: "PodDisruptionBudget"
            case .policies: "NetworkPolicy"
            case .accounts: "ServiceAccount"
            case .configMaps: "ConfigMap"
            case .secrets: "Secret"
            }
        }

        /// Values of Secrets are nobody's business here.
        var isNamesOnly: Bool { [.accounts, .configMaps, .secrets].contains(self) }

        /// The kinds that pods are made from.
        static let workloads: [Kind] = [.deployments, .statefulSets, .daemonSets, .jobs, .cronJobs]
    }

    /// The most objects of one kind that are read.
    static let maximumPerKind = 5000

    private var objects: [Kind: [KubeObject]] = [:]
    private var names: [Kind: Set<String>] = [:]
    /// What could not be read, and what was read only in part.
    private(set) var unread: [String] = []
    private var unreadKinds: Set<Kind> = []

    subscript(kind: Kind) -> [KubeObject] { objects[kind] ?? [] }

    /// Whether there is an object of that name; true when that could not be read: nothing is said of what is not known.
    func has(_ kind: Kind, _ name: String, in namespace: String?) -> Bool {
        unreadKinds.contains(kind) || names[kind]?.contains("\(namespace ?? "")/\(name)") == true
    }

    /// An object by its name.
    func object(_ kind: Kind, _ name: String, in namespace: String?) -> KubeObject? {
        self[kind].first { $0.name == name && $0.namespace == namespace }
    }

    /// Reads what is there; `namespace` nil for all.
    static func read(_ namespace: String?, _ client: KubeClient) async -> NamespaceContents {
        var contents = NamespaceContents()
        for kind in Kind.allCases {
            var found: [KubeObject] = []
            var options = ListOptions(limit: 500)
            do throws(APIStatus) {
                repeat {
                    let page =
                        try await kind.isNamesOnly
                        ? client.listMetadata(kind.resource, namespace: namespace, options) : client.list(kind.resource, namespace: namespace, options)
                    found += page.items
                    options.continueToken = page.continueToken
                } while options.continueToken != nil && found.count < maximumPerKind
                if options.continueToken != nil {
                    contents.unread.append("\(kind.resource.resource): only the first \(found.count) were read")
                    contents.unreadKinds.insert(kind)
                }
            } catch {
                contents.unread.append("\(kind.resource.resource): \(error.message)")
                contents.unreadKinds.insert(kind)
            }
            contents.names[kind] = Set(found.map { "\($0.namespace ?? "")/\($0.name)" })
            contents.objects[kind] = found
        }
        return contents
    }

    static func target(_ object: KubeObject, _ kind: Kind) -> ObjectTarget { ObjectTarget(object, resource: kind.resource, kind: kind.kind) }
}
