import JSONCore
import LinuxKernel
import Synchronization

/// The folder of unsaved texts: one file each, readable by the user alone, replaced in one step.
///
/// Writes happen one at a time, and only while they are wanted: once a draft was removed, or a later state of it was begun to be saved,
/// an earlier one that is still on its way writes nothing.
final class DraftStore: Sendable {
    /// The right to save one state of a draft.
    struct Turn: Sendable {
        let id: String
        fileprivate let number: Int
    }

    private struct Turns {
        /// The last turn of every draft that was saved and not removed since.
        var last: [String: Int] = [:]
        var count = 0
        /// What is to be removed and was not yet.
        var ended: Set<String> = []
    }

    private let directory: String
    private let turns = Mutex(Turns())
    /// Held while a file is written or removed.
    private let disk = Mutex(())

    init(stateDirectory: String) { directory = "\(stateDirectory)/drafts" }

    /// The next turn of a draft; every earlier one of it is over. Take it in the same step as the text.
    func turn(_ id: String) -> Turn {
        turns.withLock { turns in
            turns.count += 1
            turns.last[id] = turns.count
            return Turn(id: id, number: turns.count)
        }
    }

    /// Writes a draft and returns true, or false when its turn is over. Blocking.
    func save(_ draft: Draft, _ turn: Turn) throws(SystemError) -> Bool {
        let bytes = JSON.encode(draft.value)
        return try disk.withLock { _ throws(SystemError) in
            guard turns.withLock({ $0.last[turn.id] == turn.number }) else { return false }
            try FileSystem.makeDirectories(directory, mode: 0o700)
            try FileSystem.writeAtomically(path(turn.id), bytes, mode: 0o600)
            return true
        }
    }

    /// Ends every turn of a draft: what is still to be written of it is not.
    func end(_ id: String) {
        turns.withLock { turns in
            turns.last[id] = nil
            turns.ended.insert(id)
        }
    }

    /// Removes what was ended and is still there: the process is about to end. Blocking.
    func finish() {
        for id in turns.withLock({ $0.ended }) {
            // best effort: what cannot be removed now is offered at the next start.
            try? remove(id)
        }
    }

    /// Removes a draft for good; waits for a write that is going on. Nothing there is success. Blocking.
    func remove(_ id: String) throws(SystemError) {
        end(id)
        try disk.withLock { _ throws(SystemError) in try FileSystem.removeFile(path(id)) }
        turns.withLock { _ = $0.ended.remove(id) }
    }

    /// Keeps what was left in another program's folder as drafts. Blocking.
    func adoptLeft() {
        EditFolder.takeLeft(FileSystem.directory(of: directory)) { draft throws(SystemError) in _ = try save(draft, turn(draft.id)) }
    }

    /// Every draft, newest first. Files that are none are left alone.
    func all() -> [Draft] {
        // best effort: no folder means no drafts, and a file that cannot be read is not deleted.
        let names = (try? FileSystem.names(in: directory)) ?? []
        let drafts = names.compactMap { name -> Draft? in
            guard name.hasSuffix(".json"), let bytes = try? FileSystem.readFile("\(directory)/\(name)", limit: 64 << 20),
                let value = try? JSON.parse(bytes, limits: .unlimitedSize)
            else { return nil }
            return Draft(id: String(name.dropLast(5)), value)
        }
        return drafts.sorted { ($0.savedAt, $0.id) > ($1.savedAt, $1.id) }
    }

    private func path(_ id: String) -> String { "\(directory)/\(id).json" }
}
