package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas

/// What deleting an object does, known before it is asked.
package struct DeletionPlan: Sendable {
    /// How much is lost, which decides how it is asked.
    package enum Harm: Sendable, Hashable {
        /// A question is enough.
        case usual
        /// The name has to be typed.
        case great
    }

    /// The object.
    package var target: ObjectTarget
    /// What goes with it, by kind: `3 Pods, 1 ReplicaSet`; empty when nothing does.
    package var dependents: [(kind: String, count: Int)]
    /// What keeps it from being removed until somebody is done.
    package var finalizers: [String]
    /// Who will make another one; nil when nobody does.
    package var maker: OwnerReference?
    /// Whether it is being deleted already.
    package var isBeingDeleted: Bool
    /// What could not be read.
    package var unread: [String]

    /// Whether the name has to be typed before an object of a kind is deleted.
    package static func harm(_ kind: GroupKind, isForced: Bool) -> Harm {
        let great: Set = [
            GroupKind(group: "", kind: "Namespace"), GroupKind(group: "", kind: "PersistentVolume"),
            GroupKind(group: "apiextensions.k8s.io", kind: "CustomResourceDefinition"),
        ]
        return isForced || great.contains(kind) ? .great : .usual
    }

    /// More objects than this at once are asked for as one great harm.
    package static let manyObjects = 10

    /// Reads what goes with an object: what it owns, everything in it for a namespace, all objects of its kind for a definition.
    package static func read(_ target: ObjectTarget, _ kinds: ServedKinds, _ client: KubeClient) async throws(APIStatus) -> DeletionPlan {
        let object = try await target.read(client)
        var plan = DeletionPlan(
            target: ObjectTarget(object, resource: target.resource, kind: target.kind), dependents: [], finalizers: object.finalizers,
            maker: object.controllerRef, isBeingDeleted: object.isBeingDeleted, unread: [])
        switch target.groupKind {
        case GroupKind(group: "", kind: "Namespace"):
            plan.finalizers += object.array("spec", "finalizers").compactMap(\.stringValue)
            let index = await ObjectIndex.read(kinds, namespace: target.name, client)
            plan.count(index.entries, index.unread)
        case GroupKind(group: "apiextensions.k8s.io", kind: "CustomResourceDefinition"):
            let names = (object.string("spec", "group") ?? "", object.string("spec", "names", "plural") ?? "")
            guard let kind = kinds.kinds.first(where: { $0.resource.group == names.0 && $0.resource.resource == names.1 }) else { break }
            let index = await ObjectIndex.read(ServedKinds([kind]), namespace: nil, client)
            plan.count(index.entries, index.unread)
        case GroupKind(group: "", kind: "Pod"), GroupKind(group: "", kind: "Secret"), GroupKind(group: "", kind: "ConfigMap"): break
        default:
            let index = await ObjectIndex.read(kinds, namespace: target.namespace, client)
            plan.count(index.dependents(of: object.uid), index.unread)
        }
        return plan
    }

    private mutating func count(_ entries: [ObjectIndex.Entry], _ unread: [String]) {
        let counts = Dictionary(entries.map { ($0.target.kind, 1) }, uniquingKeysWith: +)
        dependents = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
        self.unread = unread
    }
}
