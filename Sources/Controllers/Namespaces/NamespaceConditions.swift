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

    /// The conditions that a namespace had, brought up to date. Kinds are known by their schemas, so that nothing is ever left unfound or unread.
    func updated(_ conditions: [Condition], now: Timestamp) -> [Condition] {
        var conditions = conditions
        func put(_ type: String, _ isTrue: Bool, _ reason: String, _ message: String) {
            conditions.put(Condition(type: type, status: isTrue, reason: reason, message: message, since: now))
        }
        put("NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered")
        put("NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions", "All legacy kube types successfully parsed")
        put("NamespaceDeletionContentFailure", false, "ContentDeleted", "All content successfully deleted, may be waiting on finalization")
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
