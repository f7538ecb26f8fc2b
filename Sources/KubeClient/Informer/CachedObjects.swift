import APIMachinery
import JSONCore

/// An informer's objects, kept as their JSON bytes, since ten thousand decoded trees would cost five times as much.
///
/// Trees that were asked for stay until they are those of ``treeLimit`` bytes; then all are dropped together. Of a process that has become quiet
/// the bytes are packed too.
struct CachedObjects {
    /// An object's place in the cache.
    struct Key: Hashable, Comparable {
        var namespace: String
        var name: String

        static func < (left: Key, right: Key) -> Bool {
            (left.namespace, left.name) < (right.namespace, right.name)
        }
    }

    /// In bytes of JSON. A tree takes about four times as much memory as its JSON, and a cache at rest keeps what it has: 3 MiB, which
    /// are some 1,200 pods, cost 12 MiB for good.
    static let treeLimit = 3 << 20

    private struct Entry {
        var uid: String
        var bytes: [UInt8]
        /// What `bytes` are unpacked; 0 when they are not packed.
        var unpackedSize: Int32 = 0
    }

    /// Fewer objects, and smaller ones, are not worth the work.
    private static let leastPacked = (count: 64, bytes: 256)

    private var entries: [Key: Entry] = [:]
    private var trees: [Key: KubeObject] = [:]
    private var treeBytes = 0
    private var packing: JSONPacking?
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
        guard let bytes = unpacked(entry), let value = try? JSON.parse(bytes, limits: .unlimitedSize) else {
            preconditionFailure("the cache holds only bytes it encoded itself")
        }
        let object = KubeObject(value)
        remember(object, key, weight: bytes.count)
        return object
    }

    /// What the bytes of all objects weigh.
    var weight: Int { entries.values.reduce(0) { $0 + $1.bytes.count } }

    private func unpacked(_ entry: Entry) -> [UInt8]? {
        entry.unpackedSize == 0 ? entry.bytes : packing?.unpack(entry.bytes, size: Int(entry.unpackedSize))
    }

    mutating func keys(index: String, value: String) -> [Key] {
        (indexes[index]?[value] ?? []).sorted()
    }

    mutating func addIndex(_ name: String, _ indexer: @escaping @Sendable (KubeObject) -> [String]) {
        indexers[name] = indexer
        indexes[name] = [:]
        for key in keys {
            guard let object = object(key) else { continue }
            for value in indexer(object) { indexes[name, default: [:]][value, default: []].insert(key) }
        }
    }

    /// Keeps an object, without the list of who owns its fields: nobody who reads a cache asks for it, it would double what the cache
    /// weighs, and a server puts it back when the object is sent without.
    mutating func set(_ object: KubeObject) {
        var object = object
        object["metadata", "managedFields"] = nil
        let key = Self.key(object)
        unindex(key)
        // Copied, so that it is as large as its content: a buffer that has grown has up to as much again to spare.
        let bytes = JSON.encode(object.value).withUnsafeBytes { [UInt8]($0) }
        for (name, indexer) in indexers {
            for value in indexer(object) { indexes[name, default: [:]][value, default: []].insert(key) }
        }
        entries[key] = Entry(uid: object.uid, bytes: bytes)
        remember(object, key, weight: bytes.count)
    }

    mutating func remove(_ key: Key) {
        unindex(key)
        entries[key] = nil
        trees[key] = nil
    }

    /// Drops the trees, which are made again when they are asked for.
    mutating func forgetTrees() {
        trees = [:]
        treeBytes = 0
    }

    /// The objects that ``pack(_:)`` would make smaller; none when they are few.
    func unpackedKeys() -> [Key] {
        let keys = entries.compactMap { $0.value.unpackedSize == 0 && $0.value.bytes.count >= Self.leastPacked.bytes ? $0.key : nil }
        return keys.count < Self.leastPacked.count ? [] : keys
    }

    /// Packs the bytes of these objects, as far as they are still here.
    mutating func pack(_ keys: some Collection<Key>) {
        let found = keys.compactMap { key in entries[key].flatMap { $0.unpackedSize == 0 ? (key: key, bytes: $0.bytes) : nil } }
        guard let first = found.first else { return }
        let packing = packing ?? JSONPacking(model: first.bytes)
        self.packing = packing
        for (each, packed) in zip(found, packing.pack(found.map(\.bytes))) {
            guard let packed else { continue }
            entries[each.key]?.bytes = packed
            entries[each.key]?.unpackedSize = Int32(clamping: each.bytes.count)
        }
    }

    /// Keeps a tree. What it weighs is counted again each time it is replaced, which only drops the trees of a busy cache sooner.
    private mutating func remember(_ object: KubeObject, _ key: Key, weight: Int) {
        if treeBytes + weight > Self.treeLimit {
            trees.removeAll(keepingCapacity: true)
            treeBytes = 0
        }
        trees[key] = object
        treeBytes += weight
    }

    /// What an object was indexed under is worked out again from what it was: kept beside it, it would weigh as much as a small object.
    private mutating func unindex(_ key: Key) {
        guard !indexers.isEmpty, let old = object(key) else { return }
        for (name, indexer) in indexers {
            for value in indexer(old) {
                indexes[name]?[value]?.remove(key)
                if indexes[name]?[value]?.isEmpty == true { indexes[name]?[value] = nil }
            }
        }
    }
}
