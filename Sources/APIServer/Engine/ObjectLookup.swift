internal import APIMachinery
internal import ObjectStore
internal import Synchronization

/// Objects that the server itself asks for again and again, decoded once per version.
final class ObjectLookup: Sendable {
    private struct Entry {
        var revision: Int64
        var object: KubeObject
    }

    /// So many objects are kept; they are class and account objects, of which a cluster has few.
    private static let limit = 2048

    private let store: ObjectStore
    private let entries = Mutex<[ObjectKey: Entry]>([:])

    init(store: ObjectStore) { self.store = store }

    /// The object as it is now; nil when there is none.
    func get(group: String = "", _ resource: String, namespace: String? = nil, name: String) throws(APIStatus) -> KubeObject? {
        let key = ObjectKey(group: group, resource: resource, namespace: namespace, name: name)
        if let staged = StagedObjects.objects[key] { return staged }
        let stored: StoredObject?
        do throws(StoreError) { stored = try store.get(key) } catch { throw StoreFailure.status(error) }
        guard let stored else {
            entries.withLock { $0[key] = nil }
            return nil
        }
        return try decoded(stored)
    }

    /// Every object of a resource, of one namespace when it is given, in the order of names.
    func list(group: String = "", _ resource: String, namespace: String? = nil) throws(APIStatus) -> [KubeObject] {
        let listing: Listing
        let prefix = ObjectKey.prefix(group: group, resource: resource, namespace: namespace)
        do throws(StoreError) {
            listing = try store.list(prefix: prefix)
        } catch {
            throw StoreFailure.status(error)
        }
        var objects: [KubeObject] = []
        for item in listing.items { objects.append(try decoded(item)) }
        let staged = StagedObjects.objects
        guard !staged.isEmpty else { return objects }
        return objects + staged.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }.map(\.value)
    }

    private func decoded(_ stored: StoredObject) throws(APIStatus) -> KubeObject {
        if let known = entries.withLock({ $0[stored.key] }), known.revision == stored.revision { return known.object }
        let object = try ObjectCoding.decode(stored)
        entries.withLock { entries in
            if entries.count >= Self.limit { entries = [:] }
            entries[stored.key] = Entry(revision: stored.revision, object: object)
        }
        return object
    }
}
