import Glibc
import JSONCore
import KubeClient
import LinuxKernel
import Synchronization

/// Our own writes with what they found, one file each, readable by the user alone. The oldest go when there are too many.
///
/// A write is on disk before it is sent, so that a program that is killed in between has kept what it destroyed.
final class UndoJournal: Sendable {
    /// The most entries of a context.
    static let capacity = 200
    /// The most bytes of a context's entries.
    static let byteLimit = 8 << 20
    /// Objects that are larger are not kept.
    static let objectLimit = 2 << 20
    /// Entries that are older go.
    static let age = Duration.seconds(14 * 86_400)

    private struct State {
        /// Entries by context, oldest first, with their sizes; contexts that were not read yet are missing.
        var entries: [String: [(entry: UndoEntry, size: Int)]] = [:]
        var cluster: [String: String] = [:]
        var failure: String?
    }

    /// Tells of every entry that comes, changes or goes.
    let changes = ChangeAnnouncer()
    private let directory: String
    private let time: any TimeSource
    private let state = Mutex(State())
    /// Held while files are written or removed.
    private let disk = Mutex(())

    init(stateDirectory: String, time: any TimeSource) {
        directory = "\(stateDirectory)/undo"
        self.time = time
    }

    /// Why the last write could not be kept on disk; nil when it could.
    var failure: String? { state.withLock { $0.failure } }

    /// The cluster that a context leads to, once it is known.
    func setCluster(_ id: String, of context: String) { state.withLock { $0.cluster[context] = id } }
    /// The cluster that a context leads to; nil when it is not known yet.
    func cluster(of context: String) -> String? { state.withLock { $0.cluster[context] } }

    /// The entries of a context that are about the cluster it leads to now, oldest first. Blocking when the context was not read yet.
    func entries(of context: String) -> [UndoEntry] {
        load(context)
        return known(of: context)
    }

    /// The same of what is in memory: nothing of a context that was not read yet.
    func known(of context: String) -> [UndoEntry] {
        state.withLock { state in
            let cluster = state.cluster[context]
            return (state.entries[context] ?? []).map(\.entry).filter { $0.cluster == nil || cluster == nil || $0.cluster == cluster }
        }
    }

    /// Adds an entry, or replaces the one of its id. Blocking. What cannot be written stays in memory.
    func keep(_ entry: UndoEntry) {
        load(entry.context)
        defer { changes.tell() }
        let bytes = JSON.encode(entry.value)
        guard bytes.count <= 2 * Self.objectLimit else { return }
        let gone = state.withLock { state in
            var entries = state.entries[entry.context] ?? []
            if let index = entries.firstIndex(where: { $0.entry.id == entry.id }) {
                entries[index] = (entry, bytes.count)
            } else {
                entries.append((entry, bytes.count))
            }
            var gone: [String] = []
            var total = entries.reduce(0) { $0 + $1.size }
            let oldest = time.now().advanced(by: .zero - Self.age)
            while let first = entries.first, entries.count > 1 && (entries.count > Self.capacity || total > Self.byteLimit) || first.entry.at < oldest {
                entries.removeFirst()
                total -= first.size
                gone.append(first.entry.id)
            }
            state.entries[entry.context] = entries
            return gone
        }
        do throws(SystemError) {
            try disk.withLock { _ throws(SystemError) in
                try FileSystem.makeDirectories(folder(entry.context), mode: 0o700)
                try FileSystem.writeAtomically(path(entry.context, entry.id), bytes, mode: 0o600)
                for id in gone { try FileSystem.removeFile(path(entry.context, id)) }
            }
            state.withLock { $0.failure = nil }
        } catch {
            state.withLock { $0.failure = "\(error)" }
        }
    }

    /// Forgets an entry: the server refused its write. Blocking.
    func drop(_ entry: UndoEntry) {
        defer { changes.tell() }
        state.withLock { $0.entries[entry.context]?.removeAll { $0.entry.id == entry.id } }
        // best effort: an entry that stays on disk is about a change that never was, and its undo finds nothing to do.
        disk.withLock { _ in try? FileSystem.removeFile(path(entry.context, entry.id)) }
    }

    private func load(_ context: String) {
        guard state.withLock({ $0.entries[context] == nil }) else { return }
        removeOld()
        // best effort: no folder means no entries, and a file that cannot be read is left alone.
        let names = (try? FileSystem.names(in: folder(context))) ?? []
        let found = names.sorted().suffix(Self.capacity).compactMap { name -> (UndoEntry, Int)? in
            guard name.hasSuffix(".json"), let bytes = try? FileSystem.readFile("\(folder(context))/\(name)", limit: 4 * Self.objectLimit),
                let value = try? JSON.parse(bytes, limits: .unlimitedSize), let entry = UndoEntry(id: String(name.dropLast(5)), value)
            else { return nil }
            return entry.context == context ? (entry, bytes.count) : nil
        }
        state.withLock { if $0.entries[context] == nil { $0.entries[context] = found } }
    }

    /// Takes away what is too old in the folders of all contexts: many are never opened again.
    private func removeOld() {
        let oldest = time.now().advanced(by: .zero - Self.age)
        disk.withLock { _ in
            // best effort: what cannot be looked at or removed stays readable by the user alone.
            for folder in (try? FileSystem.names(in: directory)) ?? [] {
                for name in (try? FileSystem.names(in: "\(directory)/\(folder)")) ?? [] {
                    let path = "\(directory)/\(folder)/\(name)"
                    guard let status = (try? FileSystem.status(path)) ?? nil else { continue }
                    if Timestamp(seconds: Int64(status.st_mtim.tv_sec)) < oldest { try? FileSystem.removeFile(path) }
                }
            }
        }
    }

    /// A context's folder: its name as far as file names go, and a number that keeps long and odd names apart.
    private func folder(_ context: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in context.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let plain = context.prefix(60).map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "_" }
        return "\(directory)/\(String(plain))-\(String(hash, radix: 16))"
    }

    private func path(_ context: String, _ id: String) -> String { "\(folder(context))/\(id).json" }
}
