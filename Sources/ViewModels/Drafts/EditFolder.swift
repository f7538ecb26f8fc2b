import JSONCore
import LinuxKernel

/// The folder in which another program edits a text, below the state directory and readable by the user alone. While kdash waits for the program it
/// holds the folder's lock, and so does the program, which may outlive it: what is in a folder that nobody holds was left, and becomes a draft.
struct EditFolder {
    /// The folder.
    let path: String
    /// The file to edit.
    let file: String
    /// Held while this value or the program lives.
    let lock: FileLock?

    /// Begins with a text; `draft` says what it is of. Blocking.
    init(stateDirectory: String, name: String, draft: Draft) throws(SystemError) {
        path = "\(stateDirectory)/edit-\(SecureRandom.hex(8))"
        file = "\(path)/\(name)"
        try FileSystem.makeDirectories(path, mode: 0o700)
        lock = try FileLock.tryAcquire("\(path)/\(Self.lockName)")
        var origin = draft.value
        origin["editedFile"] = .string(name)
        try FileSystem.writeAtomically("\(path)/\(Self.originName)", JSON.encode(origin), mode: 0o600)
        try FileSystem.writeAtomically(file, Array((draft.text + "\n").utf8), mode: 0o600)
    }

    private static let lockName = ".lock"
    private static let originName = ".origin"
    private static let start = "edit-"
    /// The largest text that is taken back.
    static let mostBytes = 16 << 20

    /// What the program left beside the text: what it had not saved when it was killed may be in it.
    var leftovers: [String] { Self.leftovers(path, file: FileSystem.name(of: file)) }

    private static func leftovers(_ folder: String, file: String) -> [String] {
        // best effort: a folder that cannot be read has none that anybody could use.
        ((try? FileSystem.names(in: folder)) ?? []).filter { ![lockName, originName, file].contains($0) }
    }

    /// Removes it with all that is in it.
    func remove() { LocalFile.remove(path) }

    /// Hands over the texts that were left in folders of a kdash that was killed, each once. A folder with nothing else in it goes once its text is
    /// kept; when `keep` throws it stays, for the next time. Blocking.
    static func takeLeft(_ stateDirectory: String, keep: (Draft) throws(SystemError) -> Void) {
        // best effort: no folder, nothing left.
        let names = (try? FileSystem.names(in: stateDirectory)) ?? []
        for name in names.filter({ $0.hasPrefix(start) }).sorted() { take("\(stateDirectory)/\(name)", keep) }
    }

    private static func take(_ folder: String, _ keep: (Draft) throws(SystemError) -> Void) {
        // best effort: what cannot be read stays where it is.
        guard (try? FileLock.isHeld("\(folder)/\(lockName)")) == false,
            let bytes = try? FileSystem.readFile("\(folder)/\(originName)", limit: 64 << 20),
            var origin = try? JSON.parse(bytes, limits: .unlimitedSize), var draft = Draft(id: SecureRandom.hex(8), origin),
            let name = origin["editedFile"]?.stringValue, !name.contains("/"), let edited = try? FileSystem.readFile("\(folder)/\(name)", limit: mostBytes),
            var text = String(validating: edited, as: UTF8.self)
        else { return }
        if text.hasSuffix("\n") { text.removeLast() }
        let isNew = text != draft.text && !text.isEmpty
        draft.text = text
        // best effort: what cannot be kept now stays in its folder, and is taken at the next start.
        if isNew, (try? keep(draft)) == nil { return }
        if leftovers(folder, file: name).isEmpty {
            LocalFile.remove(folder)
        } else if isNew {
            // What is in it beside the text is the user's to look at; the text is offered once.
            origin["text"] = .string(text)
            // best effort: otherwise it is offered once more, and nothing is lost.
            try? FileSystem.writeAtomically("\(folder)/\(originName)", JSON.encode(origin), mode: 0o600)
        }
    }
}
