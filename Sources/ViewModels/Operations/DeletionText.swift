import APIMachinery
import ClusterOperations

/// What a deletion does, in words.
enum DeletionText {
    /// What there is to know before an object is deleted.
    static func body(_ plan: DeletionPlan, isForced: Bool) -> [[TextSpan]] {
        var body: [[TextSpan]] = []
        if plan.isBeingDeleted { body.append([TextSpan("It is being deleted already.", .warning)]) }
        if let maker = plan.maker { body.append([TextSpan("\(maker.kind) \(maker.name)", .accent), TextSpan(" makes another one.")]) }
        if plan.dependents.isEmpty {
            body.append([TextSpan("Nothing goes with it.", .dim)])
        } else {
            body.append([TextSpan("With it go \(counts(plan.dependents)).", .warning)])
        }
        if !plan.finalizers.isEmpty {
            body.append([TextSpan("It stays until its finalizers are done: \(plan.finalizers.joined(separator: ", ")).", .dim)])
        }
        if isForced { body.append([TextSpan("It gets no time to end; what it had open may be broken.", .warning)]) }
        if !plan.unread.isEmpty { body.append([TextSpan("Not everything could be read: \(plan.unread[0])", .warning)]) }
        return body
    }

    private static func plural(_ kind: String) -> String {
        kind.hasSuffix("cy") ? "\(kind.dropLast())ies" : kind.hasSuffix("s") ? "\(kind)es" : "\(kind)s"
    }

    /// `3 Pods, 1 ReplicaSet and 2 other kinds`.
    static func counts(_ counts: [(kind: String, count: Int)]) -> String {
        let shown = counts.prefix(6).map { "\($0.count) \($0.count == 1 ? $0.kind : plural($0.kind))" }
        let rest = counts.dropFirst(6).reduce(0) { $0 + $1.count }
        return shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) other objects" : "")
    }
}
