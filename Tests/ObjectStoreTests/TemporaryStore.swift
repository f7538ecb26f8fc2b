import Glibc
import LinuxKernel

@testable import ObjectStore

/// A store in a directory of its own, with a clock that the test moves; everything is removed at the end.
struct TemporaryStore {
    let directory: String
    let time: ManualTimeSource
    let store: ObjectStore

    static func with<Result>(
        _ options: ObjectStore.Options = ObjectStore.Options(), _ body: (TemporaryStore) async throws -> Result
    ) async throws -> Result {
        try await withDirectory { directory in
            let time = ManualTimeSource()
            let store = try ObjectStore.open(directory: directory, time: time, options: options)
            defer { store.close() }
            return try await body(TemporaryStore(directory: directory, time: time, store: store))
        }
    }

    static var clock: ManualTimeSource { ManualTimeSource() }

    /// In memory unless the test is about the disk: an fsync there costs nothing.
    static func withDirectory<Result>(onDisk: Bool = false, _ body: (String) async throws -> Result) async throws -> Result {
        let root = !onDisk && FileSystem.isDirectory("/dev/shm") ? "/dev/shm" : temporaryRoot
        let directory = "\(root)/kdash-store-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        return try await body(directory)
    }

    private static var temporaryRoot: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }
}

extension ObjectKey {
    static func pod(_ name: String, _ namespace: String = "default") -> ObjectKey {
        ObjectKey(group: "", resource: "pods", namespace: namespace, name: name)
    }

    static func lease(_ name: String) -> ObjectKey {
        ObjectKey(group: "coordination.k8s.io", resource: "leases", namespace: "kube-node-lease", name: name)
    }
}

extension ObjectWrite {
    /// A write of `text` as the object's JSON; nil deletes it.
    static func put(
        _ key: ObjectKey, _ text: String?, if precondition: Precondition = .anyOrAbsent, by writer: String = "tester",
        durability: Durability = .durable, archive: Bool = true,
        retention: Retention? = nil
    ) -> ObjectWrite {
        ObjectWrite(
            key: key, bytes: text.map { Array($0.utf8) }, spliceOffset: nil, precondition: precondition, writer: writer,
            durability: durability, retention: retention ?? (archive ? .archive : .window))
    }
}

extension Bytes {
    var text: String { String(decoding: array, as: UTF8.self) }
}

extension StoredObject {
    var text: String { bytes.text }
}

/// Everything a watch has now.
func drain(_ watch: StoreWatch, max: Int = 100) throws -> [StoreEvent] {
    var all: [StoreEvent] = []
    while true {
        switch watch.poll(max: max) {
        case .events(let events): all += events
        case .none: return all
        case .compacted(let oldest): throw StoreError.compacted(oldest: oldest)
        case .failed(let error): throw error
        }
    }
}
