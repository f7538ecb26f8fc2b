import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// The templates that a DaemonSet or StatefulSet had, as ControllerRevisions. Source: `pkg/controller/history`.
struct RevisionHistory {
    /// What the owner is, as far as its history is concerned.
    struct Owner {
        let object: KubeObject
        let selector: JSONValue
        let template: PodTemplateSpec
        /// Which label of a revision carries the hash.
        let hashLabel: String
        let collisions: Int64
        let limit: Int64
    }

    /// The revisions that the server has, oldest first.
    let all: [ControllerRevision]
    /// The one of the present template; it may still have to be made.
    let present: ControllerRevision
    /// Others of the same template, made by somebody else.
    let duplicates: [ControllerRevision]
    /// How often a name was taken by now.
    let collisions: Int64
    /// What makes the history complete.
    private(set) var changes: [Change] = []

    init(_ owner: Owner, _ caches: any Caches) {
        let (all, adoptions) = Self.find(owner, caches)
        let data = Self.data(owner.template)
        let equal = all.filter { $0.data == data }
        let highest = all.last?.revision ?? 0
        self.all = all
        duplicates = Array(equal.dropLast())
        if var known = equal.last {
            (present, collisions) = (known, owner.collisions)
            changes = adoptions
            if known.revision < highest {
                known.revision = highest + 1
                changes.append(.update(ControllerRevision.resource, known.object))
            }
            return
        }
        var collisions = owner.collisions
        var fresh = Self.make(owner, data, revision: highest + 1, collisions: collisions)
        // Bounded: every round tries another name, and a namespace does not hold this many of one owner.
        while collisions < owner.collisions + 32, caches.get(ObjectName(ControllerRevision.resource, fresh.object)) != nil {
            collisions += 1
            fresh = Self.make(owner, data, revision: highest + 1, collisions: collisions)
        }
        (present, self.collisions) = (fresh, collisions)
        changes = adoptions + [.create(ControllerRevision.resource, fresh.object, reporter: nil)]
    }

    /// The template that a revision keeps.
    static func template(of revision: ControllerRevision) -> PodTemplateSpec {
        var value = revision.data["spec", "template"] ?? [:]
        value["$patch"] = nil
        return PodTemplateSpec(value)
    }

    /// Deletions of what exceeds the limit; revisions that pods are made from stay.
    func truncation(_ owner: Owner, inUse: (ControllerRevision) -> Bool) -> [Change] {
        let idle = all.filter { $0.name != present.name && !$0.object.isBeingDeleted && !inUse($0) }
        let surplus = idle.count - Int(clamping: owner.limit)
        return surplus > 0 ? idle.prefix(surplus).map { Self.delete($0) } : []
    }

    static func delete(_ revision: ControllerRevision) -> Change {
        .delete(ObjectName(ControllerRevision.resource, revision.object), uid: revision.uid, .background, reporter: nil)
    }

    /// A patch that puts the template in place of any other.
    private static func data(_ template: PodTemplateSpec) -> JSONValue {
        var value = template.value
        value["$patch"] = "replace"
        return ["spec": ["template": value]]
    }

    private static func find(_ owner: Owner, _ caches: any Caches) -> ([ControllerRevision], [Change]) {
        let uid = owner.object.uid
        var found = caches.owned(by: uid, ControllerRevision.resource).filter { $0.controllerRef?.uid == uid }
        var adoptions: [Change] = []
        let selector = try? LabelSelector(value: owner.selector)  // best effort: admission refuses what cannot be read
        if let selector, !selector.isEmpty, !owner.object.isBeingDeleted {
            for orphan in caches.orphans(ControllerRevision.resource, namespace: owner.object.namespace ?? "")
            where !orphan.isBeingDeleted && selector.matches(orphan.labels) {
                found.append(orphan)
                adoptions.append(
                    .patch(
                        ObjectName(ControllerRevision.resource, orphan), .strategicMerge,
                        ["metadata": ["uid": .string(orphan.uid), "ownerReferences": [OwnerReference(controller: owner.object).value]]]))
            }
        }
        let revisions = found.map { ControllerRevision($0) }
        return (revisions.sorted { ($0.revision, $0.name) < ($1.revision, $1.name) }, adoptions)
    }

    private static func make(_ owner: Owner, _ data: JSONValue, revision: Int64, collisions: Int64) -> ControllerRevision {
        let hash = TemplateHash.text(data, collisions: collisions)
        var fresh = ControllerRevision(name: "\(owner.object.name.prefix(223))-\(hash)", namespace: owner.object.namespace)
        fresh.object.labels = owner.template.labels.merging([owner.hashLabel: hash]) { _, new in new }
        fresh.object.annotations = owner.object.annotations.filter { $0.key != "kubectl.kubernetes.io/last-applied-configuration" }
        fresh.object.ownerReferences = [OwnerReference(controller: owner.object)]
        fresh.object["data"] = data
        fresh.revision = revision
        return fresh
    }
}
