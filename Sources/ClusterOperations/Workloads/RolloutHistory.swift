package import APIMachinery
package import JSONCore
import KubeSchemas
package import LinuxKernel

/// One template that a workload had.
package struct RolloutRevision: Sendable, Hashable {
    /// The number it got when it was last rolled out.
    package var number: Int64
    /// The ReplicaSet or ControllerRevision that keeps it.
    package var keeper: String
    /// The pod template.
    package var template: JSONValue
    /// When the keeper was made.
    package var createdAt: Timestamp?
    /// Why, where the user said so (`kubernetes.io/change-cause`).
    package var cause: String?
    /// Whether the workload has this template now.
    package var isCurrent: Bool

    /// The template as YAML, for reading and comparing.
    package var yaml: String { YAML.encode(template) }
}

/// The templates a Deployment, StatefulSet or DaemonSet had, the newest first.
package struct RolloutHistory: Sendable, Hashable {
    /// The revisions, the newest first.
    package var revisions: [RolloutRevision]

    /// The kinds that keep a history.
    package static func isKept(by kind: GroupKind) -> Bool { kind.group == "apps" && ["Deployment", "StatefulSet", "DaemonSet"].contains(kind.kind) }

    /// Reads the history out of the ReplicaSets (of a Deployment) or ControllerRevisions (of the others) that a workload owns.
    package init(of object: KubeObject, keepers: [KubeObject]) {
        let current = object["spec", "template"].map(Self.plain)
        let known = keepers.filter { keeper in keeper.ownerReferences.contains { $0.uid == object.uid } }.compactMap { Self.revision($0, current) }
        revisions = known.sorted { ($0.number, $0.keeper) > ($1.number, $1.keeper) }
        // Two keepers may hold equal templates; only the newest is what runs.
        if let first = revisions.firstIndex(where: \.isCurrent) {
            for index in revisions.indices where index != first { revisions[index].isCurrent = false }
        }
    }

    private static func revision(_ keeper: KubeObject, _ current: JSONValue?) -> RolloutRevision? {
        let template: JSONValue
        let number: Int64
        if keeper.kind == "ReplicaSet" {
            guard let found = keeper["spec", "template"], let text = keeper.annotations["deployment.kubernetes.io/revision"], let parsed = Int64(text)
            else { return nil }
            (template, number) = (found, parsed)
        } else {
            guard let found = keeper["data", "spec", "template"] else { return nil }
            (template, number) = (found, keeper.integer("revision") ?? 0)
        }
        let plain = plain(template)
        return RolloutRevision(
            number: number, keeper: keeper.name, template: plain, createdAt: keeper.creationTimestamp,
            cause: keeper.annotations["kubernetes.io/change-cause"], isCurrent: plain == current)
    }

    /// A template without what its keeper added.
    package static func plain(_ template: JSONValue) -> JSONValue {
        var plain = template
        plain["$patch"] = nil
        plain["metadata", "labels", "pod-template-hash"] = nil
        plain["metadata", "creationTimestamp"] = nil
        if plain["metadata", "labels"]?.objectValue?.isEmpty == true { plain["metadata", "labels"] = nil }
        return plain
    }

    /// The revision of a number.
    package subscript(number: Int64) -> RolloutRevision? { revisions.first { $0.number == number } }
}
