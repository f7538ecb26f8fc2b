import Glibc
import JSONCore
import LinuxKernel
import Synchronization

/// Which forwards are open, on disk for the next start. All windows of a user share the file: each changes its own part of it under a lock, and a
/// forward is one window's as long as that window lives. Written from several threads: what is older never comes after what is newer.
final class ForwardsFile: Sendable {
    /// A forward in the file, and the window that has it open.
    struct Entry: Sendable, Hashable {
        var forward: SavedForward
        /// Which window has it open; nil for none, as its window has ended.
        var window: String?
    }

    private struct State {
        /// The number of what was written last.
        var written = 0
        /// Held while something in the file is this window's: others see by it that the window lives.
        var life: FileLock?
    }

    private let stateDirectory: String
    /// This window.
    private let window = SecureRandom.hex(16)
    private let newest = Atomic(0)
    /// Held while the file is read or written.
    private let state = Mutex(State())

    /// The file of a state directory.
    init(_ stateDirectory: String) { self.stateDirectory = stateDirectory }

    /// The number of what is to be written next. Does not wait for what is being written.
    func next() -> Int { newest.add(1, ordering: .relaxed).newValue }

    /// Whether something is not written yet. Blocking.
    var isBehind: Bool { state.withLock { $0.written < newest.load(ordering: .relaxed) } }

    /// Those that no window has open. Throws when there is a file that cannot be read. Blocking.
    func left() throws(SystemError) -> [SavedForward] {
        try state.withLock { _ throws(SystemError) in
            var left: [SavedForward] = []
            for entry in try entries() {
                if let other = entry.window {
                    guard other != window, try !isAlive(other) else { continue }
                }
                left.append(entry.forward)
            }
            return left
        }
    }

    /// Makes one that no window has open this window's; false when another one has it open, or none has it any more. Blocking.
    func claim(_ forward: SavedForward) throws(SystemError) -> Bool {
        try state.withLock { state throws(SystemError) in
            var isOurs = false
            try change(&state) { entries in
                guard let place = entries.firstIndex(where: { $0.forward == forward && ($0.window ?? window) == window }) else { return }
                entries[place].window = window
                isOurs = true
            }
            return isOurs
        }
    }

    /// Keeps `open` as this window's, unless something newer is kept. What was this window's and is not open any more stays for others when it is
    /// among `left`; what nobody has open goes when it is among `dropped`. Blocking.
    func keep(_ open: [SavedForward], left: [SavedForward] = [], dropped: [SavedForward] = [], _ version: Int) throws(SystemError) {
        try state.withLock { state throws(SystemError) in
            guard version > state.written else { return }
            try change(&state) { entries in
                let others = entries.compactMap { entry -> Entry? in
                    if open.contains(entry.forward), entry.window == nil || entry.window == window { return nil }
                    guard entry.window == window else { return entry.window == nil && dropped.contains(entry.forward) ? nil : entry }
                    return left.contains(entry.forward) ? Entry(forward: entry.forward) : nil
                }
                entries = open.map { Entry(forward: $0, window: window) } + others
            }
            state.written = version
        }
    }

    // MARK: - The file

    private static let longest = 256 << 10
    /// As many as are kept: those of the window that wrote last first.
    private static let most = 256
    private var path: String { "\(stateDirectory)/forwards.json" }
    private func life(_ window: String) -> String { "\(stateDirectory)/forwards-\(window).lock" }

    private func isAlive(_ window: String) throws(SystemError) -> Bool { try FileLock.isHeld(life(window)) }

    /// Changes the file, readable by the user alone, while no other window does.
    private func change(_ state: inout State, _ body: (inout [Entry]) -> Void) throws(SystemError) {
        try FileSystem.makeDirectories(stateDirectory, mode: 0o700)
        let lock = try FileLock.acquire("\(stateDirectory)/forwards.lock")
        defer { withExtendedLifetime(lock) {} }
        let before = try entries()
        var after = before
        for place in after.indices {
            guard let other = after[place].window, other != window, try !isAlive(other) else { continue }
            after[place].window = nil
            // best effort: nobody reads it any more.
            try? FileSystem.removeFile(life(other))
        }
        body(&after)
        let isOurs = after.contains { $0.window == window }
        if isOurs, state.life == nil { state.life = try FileLock.tryAcquire(life(window)) }
        if after != before {
            let values = after.prefix(Self.most).map { entry in
                var value = entry.forward.value
                value["window"] = entry.window.map { .string($0) }
                return value
            }
            try FileSystem.writeAtomically(path, JSON.encode(["forwards": .array(values)]), mode: 0o600)
        }
        guard !isOurs, state.life != nil else { return }
        state.life = nil
        // best effort: nobody asks for it any more.
        try? FileSystem.removeFile(life(window))
    }

    /// All that the file has; a file that is no JSON has none. Throws when there is one that cannot be read.
    private func entries() throws(SystemError) -> [Entry] {
        let text: String
        do throws(SystemError) { text = try FileSystem.readText(path, limit: Self.longest) } catch {
            guard error.errno == ENOENT else { throw error }
            return []
        }
        // best effort: what nothing of ours has written says nothing about forwards.
        guard let value = try? JSON.parse(Array(text.utf8)) else { return [] }
        return (value["forwards"]?.arrayValue ?? []).compactMap { value in
            let window = value["window"]?.stringValue.flatMap { name in name.utf8.allSatisfy { $0.isHexDigit } && name.utf8.count <= 16 ? name : nil }
            return SavedForward(value).map { Entry(forward: $0, window: window) }
        }
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self || UInt8(ascii: "a")...UInt8(ascii: "f") ~= self }
}
