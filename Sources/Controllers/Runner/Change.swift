package import APIMachinery
package import JSONCore
package import KubeClient
package import KubeSchemas

/// One thing that a reconcile wants done. Changes are made in order; after the first that fails only statuses are still written.
package enum Change: Sendable, Hashable {
    /// Create an object. `reporter` gets the event about a created or refused pod.
    case create(GroupVersionResource, KubeObject, reporter: KubeObject?)
    /// Replace an object; its resourceVersion must still be the current one.
    case update(GroupVersionResource, KubeObject)
    /// Replace an object's subresource, for example its status.
    case updateSubresource(GroupVersionResource, KubeObject, String)
    /// Patch an object.
    case patch(ObjectName, PatchType, JSONValue)
    /// Delete an object if it still has the uid. `reporter` gets the event about a deleted pod.
    case delete(ObjectName, uid: String, DeleteOptions.Propagation, reporter: KubeObject?)
    /// Delete an object at once, without grace, if it still has the uid.
    case kill(ObjectName, uid: String)
    /// Delete everything of a resource in a namespace.
    case deleteAll(GroupVersionResource, namespace: String)
    /// Go on only if the server has nothing of a resource in a namespace.
    case requireEmpty(GroupVersionResource, namespace: String)
    /// Go on only if the server has no object of that name and uid (any uid when it is empty). Guards against caches of two resources that are not equally far.
    case requireAbsent(ObjectName, uid: String)
    /// Make the directory of a volume, unless it is there.
    case makeVolume(String)
    /// Remove the directory of a volume with all it holds.
    case removeVolume(String)
    /// Report something about an object.
    case event(about: KubeObject, EventBuilder.Kind, reason: String, message: String)
}

/// What a reconcile wants.
package struct Reconciliation: Sendable, Hashable {
    /// The changes, in order.
    package var changes: [Change]
    /// When to look again even if nothing changes; nil for never.
    package var again: Duration?

    /// Nothing, or the changes given.
    package init(_ changes: [Change] = [], again: Duration? = nil) {
        self.changes = changes
        self.again = again
    }

    /// Asks to look again after a duration; the earliest wish counts.
    package mutating func look(after duration: Duration) {
        again = again.map { min($0, duration) } ?? duration
    }
}
