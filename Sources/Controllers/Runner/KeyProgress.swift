import APIMachinery

/// What a key's runs have written and its caches may not show yet.
struct KeyProgress: Sendable {
    private(set) var revisions: [GroupVersionResource: Int64] = [:]
    private(set) var deleted: [ObjectName: String] = [:]
    /// Why the last run could not make a pod.
    var refusal: APIStatus?

    /// Uids that the key must not see any more. What is deleted with grace is not among them: it has a revision to wait for.
    var hidden: Set<String> { Set(deleted.values) }
    var isEmpty: Bool { revisions.isEmpty && deleted.isEmpty && refusal == nil }

    mutating func add(_ written: WrittenChanges) {
        for (resource, revision) in written.revisions { revisions[resource] = max(revisions[resource] ?? 0, revision) }
        deleted.merge(written.deleted) { _, new in new }
    }

    /// The caches have reached every revision; deleted objects stay hidden until the caches lack them.
    mutating func caughtUp(_ caches: any Caches) {
        revisions = [:]
        deleted = deleted.filter { caches.get($0.key)?.uid == $0.value }
    }
}
