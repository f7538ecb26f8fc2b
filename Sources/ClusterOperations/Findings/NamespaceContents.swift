import APIMachinery
import KubeClient
import KubeSchemas

/// The objects of a namespace, or of all of them, that the checks look at.
struct NamespaceContents: Sendable {
    /// The kinds that are looked at.
    static let kinds: [ListedKind] = [
        .pods, .deployments, .statefulSets, .daemonSets, .jobs, .cronJobs, .services, .ingresses, .claims, .autoscalers, .budgets, .policies, .accounts,
        .configMaps, .secrets,
    ]

    /// The kinds of which only the names are read: values of Secrets are nobody's business here.
    static let named: Set<ListedKind> = [.accounts, .configMaps, .secrets]

    /// The most objects of one kind that are read.
    static let maximumPerKind = 5000

    private var objects: [ListedKind: [KubeObject]] = [:]
    private var names: [ListedKind: Set<String>] = [:]
    /// What could not be read, and what was read only in part.
    private(set) var unread: [String] = []
    private var unreadKinds: Set<ListedKind> = []

    subscript(kind: ListedKind) -> [KubeObject] { objects[kind] ?? [] }

    /// Whether there is an object of that name; true when that could not be read: nothing is said of what is not known.
    func has(_ kind: ListedKind, _ name: String, in namespace: String?) -> Bool {
        unreadKinds.contains(kind) || names[kind]?.contains("\(namespace ?? "")/\(name)") == true
    }

    /// An object by its name.
    func object(_ kind: ListedKind, _ name: String, in namespace: String?) -> KubeObject? {
        self[kind].first { $0.name == name && $0.namespace == namespace }
    }

    /// Reads what is there; `namespace` nil for all.
    static func read(_ namespace: String?, _ client: KubeClient) async -> NamespaceContents {
        var contents = NamespaceContents()
        for kind in kinds {
            var found: [KubeObject] = []
            var options = ListOptions(limit: 500)
            do throws(APIStatus) {
                repeat {
                    let page =
                        try await named.contains(kind)
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
}
