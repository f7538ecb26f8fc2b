import APIMachinery
import KubeSchemas
import LinuxKernel

/// What a namespace that is being deleted says about its progress. Source: `pkg/controller/namespace/deletion/status_condition_utils.go`.
struct NamespaceConditions {
    /// How many objects of each resource wait for something.
    var remaining: [GroupVersionResource: Int] = [:]
    /// How many objects wait for each finalizer.
    var finalizers: [String: Int] = [:]

    /// Counts objects that are being deleted.
    mutating func count(_ objects: [KubeObject], of resource: GroupVersionResource) {
        guard !objects.isEmpty else { return }
        remaining[resource, default: 0] += objects.count
        for finalizer in objects.flatMap(\.finalizers) { finalizers[finalizer, default: 0] += 1 }
    }

    /// Whether something could not be deleted, and that is so until a try shows otherwise.
    static func isFailing(_ conditions: [Condition]) -> Bool {
        conditions.contains { $0.type == contentFailure && $0.status == "True" }
    }

    private static let contentFailure = "NamespaceDeletionContentFailure"

    /// The conditions with what could not be deleted. As long as as much fails they stay: errors that differ from try to try would make
    /// each the reason of the next.
    static func failing(_ conditions: [Condition], _ failures: [APIStatus], now: Timestamp) -> [Condition] {
        let beginning = "Failed to delete all resource types, \(failures.count) remaining: "
        if let told = conditions.first(where: { $0.type == contentFailure }), told.status == "True", told.message.hasPrefix(beginning) {
            return conditions
        }
        var conditions = conditions
        let message = beginning + failures.map(\.message).sorted().joined(separator: ", ")
        conditions.put(Condition(type: contentFailure, status: true, reason: "ContentDeletionFailed", message: String(message.prefix(32768)), since: now))
        return conditions
    }

    /// The conditions that a namespace had, brought up to date. Kinds are known by their schemas, so that nothing is ever left unfound or unread.
    /// `isTrying` says that something is about to be deleted: whether that fails is not known yet.
    func updated(_ conditions: [Condition], isTrying: Bool = false, now: Timestamp) -> [Condition] {
        var conditions = conditions
        func put(_ type: String, _ isTrue: Bool, _ reason: String, _ message: String) {
            conditions.put(Condition(type: type, status: isTrue, reason: reason, message: message, since: now))
        }
        put("NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered")
        put("NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions", "All legacy kube types successfully parsed")
        if !isTrying || !Self.isFailing(conditions) {
            put(Self.contentFailure, false, "ContentDeleted", "All content successfully deleted, may be waiting on finalization")
        }
        if remaining.isEmpty {
            put("NamespaceContentRemaining", false, "ContentRemoved", "All content successfully removed")
        } else {
            let list = remaining.map { "\($0.key.resource).\($0.key.group) has \($0.value) resource instances" }.sorted()
            put("NamespaceContentRemaining", true, "SomeResourcesRemain", "Some resources are remaining: \(list.joined(separator: ", "))")
        }
        if finalizers.isEmpty {
            put("NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", "All content-preserving finalizers finished")
        } else {
            let list = finalizers.map { "\($0.key) in \($0.value) resource instances" }.sorted()
            let message = "Some content in the namespace has finalizers remaining: \(list.joined(separator: ", "))"
            put("NamespaceFinalizersRemaining", true, "SomeFinalizersRemain", message)
        }
        return conditions
    }
}
