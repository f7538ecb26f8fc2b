internal import APIMachinery
internal import KubeClient
internal import ObjectStore
internal import Synchronization

/// Whether namespaces exist and take new objects, parsed once per version of each.
final class NamespaceCache: Sendable {
    private struct Entry {
        var revision: Int64
        var isTerminating: Bool
    }

    private let store: ObjectStore
    private let entries = Mutex<[String: Entry]>([:])

    init(store: ObjectStore) { self.store = store }

    /// Throws NotFound when `namespace` does not exist, and Forbidden when it is on its way out.
    func admit(into namespace: String, _ resource: GroupResource, name: String) throws(APIStatus) {
        let key = ObjectKey(group: "", resource: "namespaces", namespace: nil, name: namespace)
        guard StagedObjects.objects[key] == nil else { return }
        let stored: StoredObject?
        do throws(StoreError) { stored = try store.get(key) } catch { throw StoreFailure.status(error) }
        guard let stored else {
            entries.withLock { $0[namespace] = nil }
            throw .notFound(GroupResource(group: "", resource: "namespaces"), namespace)
        }
        let known = entries.withLock { $0[namespace] }
        let entry: Entry
        if let known, known.revision == stored.revision {
            entry = known
        } else {
            let object = try ObjectCoding.decode(stored)
            entry = Entry(
                revision: stored.revision,
                isTerminating: object.isBeingDeleted || object.string("status", "phase") == "Terminating")
            entries.withLock { $0[namespace] = entry }
        }
        guard !entry.isTerminating else {
            var status = APIStatus.forbidden(
                resource, name, "unable to create new content in namespace \(namespace) because it is being terminated")
            status.details?.causes = [
                APIStatus.Cause(
                    reason: "NamespaceTerminating", message: "namespace \(namespace) is being terminated", field: "metadata.namespace")
            ]
            throw status
        }
    }
}
