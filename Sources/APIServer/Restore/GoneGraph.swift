internal import APIMachinery
internal import JSONCore
internal import KubeSchemas
internal import LinuxKernel
internal import ObjectStore

/// A deleted object and what its deletion took with it, as the history tells: all it owned, or all that was in a namespace.
struct GoneGraph: Sendable {
    /// One object that went.
    struct Member: Sendable {
        let key: ObjectKey
        /// As it was before anybody asked for its deletion, in the form it was stored in.
        let object: KubeObject
    }

    private typealias Gone = (version: ObjectVersion, object: KubeObject)

    /// More objects than this do not come back at once, nor more bytes.
    static let (maximumObjects, maximumBytes) = (2000, 64 << 20)
    /// So many deletions are looked through for those that belong to it.
    private static let maximumDeletions = 20_000
    /// How long after its owner's end an object may go and still count as taken with it.
    private static let collection = Duration.seconds(600)
    private static let page = 500

    /// The object that was deleted.
    private(set) var root: Member
    /// What went with it, owners before what they owned.
    private(set) var others: [Member] = []

    /// Reads it. Throws NotFound when the deletion of the object of that uid is not kept, and TooLarge.
    init(of key: ObjectKey, uid: String, resource: GroupResource, _ store: ObjectStore) throws(APIStatus) {
        guard let deletion = try Self.deletion(of: key, uid: uid, store), let final = try Self.state(of: deletion) else {
            var status = APIStatus.notFound(resource, key.name)
            status.message = "the deletion of \(resource.resource) \(key.name.goQuoted) with uid \(uid.goQuoted) is not kept"
            throw status
        }
        root = Member(key: key, object: try Self.before(deletion, final, store))
        let isNamespace = resource == GroupResource(group: "", resource: "namespaces")
        let gone = try Self.gone(around: deletion, final, isNamespace: isNamespace, store)
        let found = isNamespace ? gone.filter { $0.version.key.namespace == key.name } : Self.owned(by: uid, gone, namespace: key.namespace)
        guard found.count < Self.maximumObjects else {
            throw .tooLarge(
                "\(found.count) objects went with \(resource.resource) \(key.name.goQuoted): at most \(Self.maximumObjects) come back in one transaction")
        }
        var bytes = 0
        for (version, object) in found {
            bytes += version.object?.bytes.count ?? 0
            others.append(Member(key: version.key, object: try Self.before(version, object, store)))
        }
        guard bytes <= Self.maximumBytes else {
            throw .tooLarge(
                "what went with \(resource.resource) \(key.name.goQuoted) has \(bytes >> 20) MiB: at most \(Self.maximumBytes >> 20) come back in one transaction"
            )
        }
        orderByOwners()
    }

    // MARK: - Reading

    private static func reading<Value>(_ body: () throws(StoreError) -> Value) throws(APIStatus) -> Value {
        do throws(StoreError) { return try body() } catch { throw StoreFailure.status(error) }
    }

    private static func state(of version: ObjectVersion) throws(APIStatus) -> KubeObject? {
        try version.object.map { (stored) throws(APIStatus) in try ObjectCoding.decode(stored) }
    }

    private static func deletion(of key: ObjectKey, uid: String, _ store: ObjectStore) throws(APIStatus) -> ObjectVersion? {
        var before = Int64.max
        while true {
            let versions = try reading { () throws(StoreError) in try store.history(of: key, before: before, limit: page) }
            for version in versions where version.isDeletion {
                if try state(of: version)?.uid == uid { return version }
            }
            guard let last = versions.last else { return nil }
            before = last.revision
        }
    }

    /// The state before the deletion was asked for, with the finalizers that it had; the last one when that is not kept.
    private static func before(_ deletion: ObjectVersion, _ final: KubeObject, _ store: ObjectStore) throws(APIStatus) -> KubeObject {
        guard final.isBeingDeleted else { return final }
        let versions = try reading { () throws(StoreError) in
            try store.history(of: deletion.key, before: deletion.revision, limit: 50, bytes: 4 << 20)
        }
        for version in versions where !version.isDeletion {
            guard let object = try state(of: version) else { continue }
            guard object.uid == final.uid else { break }
            if !object.isBeingDeleted { return object }
        }
        return final
    }

    /// The deletions from when the object's own was asked for until its dependents were collected, each object's last one.
    private static func gone(
        around deletion: ObjectVersion, _ final: KubeObject, isNamespace: Bool, _ store: ObjectStore
    ) throws(APIStatus) -> [Gone] {
        let grace = Duration.seconds(final.deletionGracePeriodSeconds ?? 0)
        let asked = final.deletionTimestamp.map { min($0.advanced(by: .zero - grace), deletion.time) } ?? deletion.time
        let end = try reading { () throws(StoreError) in try store.revision(at: deletion.time.advanced(by: collection)) }
        var before = isNamespace ? deletion.revision : end + 1
        var found: [Gone] = []
        var seen: Set<ObjectKey> = [deletion.key]
        var count = 0
        while true {
            let versions = try reading { () throws(StoreError) in
                try store.changes(prefix: "", since: asked.advanced(by: .seconds(-1)), before: before, .deletions, limit: page)
            }
            guard let last = versions.last else { return found }
            before = last.revision
            count += versions.count
            guard count <= maximumDeletions else {
                throw .tooLarge(
                    "more than \(maximumDeletions) objects were deleted at that time: what went with \(deletion.key.name.goQuoted) is not looked for")
            }
            for version in versions {
                guard let object = try state(of: version), !Recreation.isDerived(kind: object.kind), seen.insert(version.key).inserted else { continue }
                found.append((version, object))
            }
        }
    }

    private static func owned(
        by uid: String, _ gone: [Gone], namespace: String?
    ) -> [Gone] {
        var byOwner: [String: [Int]] = [:]
        for (index, entry) in gone.enumerated() where namespace == nil || entry.version.key.namespace == namespace {
            for owner in entry.object.ownerReferences { byOwner[owner.uid, default: []].append(index) }
        }
        var found: [Gone] = []
        var waiting = [uid]
        var seen: Set<Int> = []
        while let owner = waiting.popLast() {
            for index in byOwner[owner] ?? [] where seen.insert(index).inserted {
                found.append(gone[index])
                waiting.append(gone[index].object.uid)
            }
        }
        return found
    }

    // MARK: - Order

    /// Puts owners before what they owned; what is alike by name.
    private mutating func orderByOwners() {
        let byUID = Dictionary(others.map { ($0.object.uid, $0.object) }, uniquingKeysWith: { first, _ in first })
        var depths: [String: Int] = [:]
        for member in others {
            // Walked by hand and bounded: owners may form a circle.
            var (depth, uid) = (0, member.object.uid)
            while depth < 64, let owner = byUID[uid]?.ownerReferences.first(where: { byUID[$0.uid] != nil }) { (depth, uid) = (depth + 1, owner.uid) }
            depths[member.object.uid] = depth
        }
        others.sort { (depths[$0.object.uid] ?? 0, $0.key) < (depths[$1.object.uid] ?? 0, $1.key) }
    }
}
