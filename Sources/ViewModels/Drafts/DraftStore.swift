import JSONCore
import LinuxKernel

/// The folder of unsaved texts: one file each, readable by the user alone, replaced in one step.
struct DraftStore: Sendable {
    private let directory: String

    init(stateDirectory: String) { directory = "\(stateDirectory)/drafts" }

    func save(_ draft: Draft) throws(SystemError) {
        try FileSystem.makeDirectories(directory, mode: 0o700)
        try FileSystem.writeAtomically(path(draft.id), JSON.encode(draft.value), mode: 0o600)
    }

    func remove(_ id: String) throws(SystemError) {
        guard FileSystem.exists(path(id)) else { return }
        try FileSystem.removeFile(path(id))
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
