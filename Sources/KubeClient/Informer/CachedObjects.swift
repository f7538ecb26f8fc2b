import APIMachinery
import JSONCore

/// An informer's objects, kept as their JSON bytes, since ten thousand decoded trees would cost five times as much.
///
/// Trees that were asked for stay until ``treeLimit`` of them have gathered; then all are dropped together.
struct CachedObjects {
    /// An object's place in the cache.
    struct Key: Hashable, Comparable {
        var namespace: String
        var name: String

        static func < (left: Key, right: Key) -> Bool {
            (left.namespace, left.name) < (right.namespace, right.name)
        }
    }

    static let treeLimit = 2048

    private struct Entry {
        var uid: String
        var bytes: [UInt8]
        var indexed: [String: [String]]
    }

    private var entries: [Key: Entry] = [:]
    private var trees: [Key: KubeObject] = [:]
    private var indexers: [String: @Sendable (KubeObject) -> [String]] = [:]
    private var indexes: [String: [String: Set<Key>]] = [:]

    var count: Int { entries.count }
    var keys: [Key] { entries.keys.sorted() }

    static func key(_ object: KubeObject) -> Key {
        Key(namespace: object.namespace ?? "", name: object.name)
    }

    func uid(_ key: Key) -> String? {
        entries[key]?.uid
    }

    mutating func object(_ key: Key) -> KubeObject? {
        if let tree = trees[key] { return tree }
        guard let entry = entries[key] else { return nil }
        guard let value = try? JSON.parse(entry.bytes, limits: .unlimitedSize) else {
            preconditionFailure("the cache holds only bytes it encoded itself")
        }
        let object = KubeObject(value)
        remember(object, key)
        return object
    }

    mutating func keys(index: String, value: String) -> [Key] {
        (indexes[index]?[value] ?? []).sorted()
    }

    mutating func addIndex(_ name: String, _ indexer: @escaping @Sendable (KubeObject) -> [String]) {
        indexers[name] = indexer
        indexes[name] = [:]
        for key in keys {
            guard let object = object(key) else { continue }
            let values = indexer(object)
            entries[key]?.indexed[name] = values
            for value in values { indexes[name, default: [:]][value, default: []].insert(key) }
        }
    }

    /// Keeps an object, without the list of who owns its fields: nobody who reads a cache asks for it, it would double what the cache
    /// weighs, and a server puts it back when the object is sent without.
    mutating func set(_ object: KubeObject) {
        var object = object
        object["metadata", "managedFields"] = nil
        let key = Self.key(object)
        unindex(key)
        var entry = Entry(uid: object.uid, bytes: JSON.encode(object.value), indexed: [:])
        for (name, indexer) in indexers {
            let values = indexer(object)
            entry.indexed[name] = values
            for value in values { indexes[name, default: [:]][value, default: []].insert(key) }
        }
        entries[key] = entry
        remember(object, key)
    }

    mutating func remove(_ key: Key) {
        unindex(key)
        entries[key] = nil
        trees[key] = nil
    }

    private mutating func remember(_ object: KubeObject, _ key: Key) {
        if trees.count >= Self.treeLimit { trees.removeAll(keepingCapacity: true) }
        trees[key] = object
    }

    private mutating func unindex(_ key: Key) {
        guard let entry = entries[key] else { return }
        for (name, values) in entry.indexed {
            for value in values {
                indexes[name]?[value]?.remove(key)
                if indexes[name]?[value]?.isEmpty == true { indexes[name]?[value] = nil }
            }
        }
    }
}
