package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas

/// What draining a node does to each of its pods, known before anything is done.
package struct DrainPlan: Sendable {
    /// What becomes of one pod.
    package enum Fate: Sendable, Hashable {
        /// It is evicted, and somebody makes another one elsewhere.
        case evicted
        /// It is evicted for good: nobody makes another one.
        case lost
        /// It has ended and is only removed.
        case removed
        /// It stays; why.
        case stays(String)
    }

    /// One pod of the node.
    package struct Pod: Sendable {
        /// Which pod.
        package var target: ObjectTarget
        /// What becomes of it.
        package var fate: Fate
        /// The emptyDir volumes whose data goes with it.
        package var localData: [String]
        /// The budgets that refuse its eviction at the moment.
        package var refusedBy: [String]

        /// Whether draining has to do with it.
        package var goes: Bool { if case .stays = fate { false } else { true } }
    }

    /// The node.
    package var node: ObjectTarget
    /// Whether new pods stay away already.
    package var isCordoned: Bool
    /// Its pods, those that go first.
    package var pods: [Pod]
    /// What could not be read: without budgets nobody knows what they refuse.
    package var unread: [String]

    /// The pods that are evicted or removed.
    package var going: [Pod] { pods.filter(\.goes) }

    /// Reads what is on a node. Throws NotFound when it is gone.
    package static func read(_ target: ObjectTarget, _ client: KubeClient) async throws(APIStatus) -> DrainPlan {
        let node = try await target.read(client)
        let field = FieldSelector.Requirement(field: "spec.nodeName", value: target.name)
        var pods: [KubeObject] = []
        var options = ListOptions(fields: FieldSelector(requirements: [field]), limit: 500)
        repeat {
            let page = try await client.list(KubeSchemas.Pod.resource, namespace: nil, options)
            pods += page.items
            options.continueToken = page.continueToken
        } while options.continueToken != nil
        var unread: [String] = []
        var budgets: [KubeObject] = []
        do throws(APIStatus) {
            budgets = try await client.list(budgetResource, namespace: nil).items
        } catch {
            unread.append("disruption budgets: \(error.message)")
        }
        let planned = pods.map { plan($0, budgets) }.sorted { ($0.goes ? 0 : 1, $0.target.text) < ($1.goes ? 0 : 1, $1.target.text) }
        return DrainPlan(
            node: ObjectTarget(node, resource: target.resource, kind: target.kind), isCordoned: node.bool("spec", "unschedulable") ?? false,
            pods: planned, unread: unread)
    }

    private static let budgetResource = GroupVersionResource(group: "policy", version: "v1", resource: "poddisruptionbudgets")

    private static func plan(_ object: KubeObject, _ budgets: [KubeObject]) -> Pod {
        let pod = KubeSchemas.Pod(object)
        let local = object.array("spec", "volumes").filter { $0["emptyDir"]?.objectValue != nil }.compactMap { $0["name"]?.stringValue }
        let fate: Fate
        if object.annotations["kubernetes.io/config.mirror"] != nil {
            fate = .stays("the node itself runs it from a file")
        } else if pod.isTerminated {
            fate = .removed
        } else if let owner = object.controllerRef {
            fate = owner.kind == "DaemonSet" ? .stays("it is of DaemonSet \(owner.name), which ignores cordons") : .evicted
        } else {
            fate = .lost
        }
        let isAsked = fate == .evicted || fate == .lost
        let refusing = budgets.filter { budget in
            guard isAsked, budget.namespace == object.namespace, (budget.integer("status", "disruptionsAllowed") ?? 0) <= 0 else { return false }
            guard let value = budget["spec", "selector"], let selector = try? LabelSelector(value: value) else { return false }
            return selector.matches(object.labels)
        }
        return Pod(
            target: ObjectTarget(object, resource: KubeSchemas.Pod.resource, kind: "Pod"), fate: fate, localData: local, refusedBy: refusing.map(\.name))
    }
}
