import CLinux
import Glibc
import JSONCore
import LinuxKernel
import Synchronization

/// The folders of this machine that were shared with the nodes, remembered in a file of the data directory: a node that starts gets them again.
package final class NodeShares: Sendable {
    /// Why a folder is not shared; `description` is the whole message.
    package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }

    /// The most that are kept.
    package static let limit = 64

    private let file: String
    /// The cluster's data directory, by its true path.
    private let data: String
    private let shares: Mutex<[NodeShare]>
    /// Process ids of the first processes of the running nodes that take folders, by the nodes' names.
    private let nodes = Mutex<[String: Int32]>([:])
    /// One change at a time: each spans the nodes' mounts and the file.
    private let isChanging = Mutex(false)

    /// Reads the file; one that is not there means none.
    /// - Parameters:
    ///   - file: where they are remembered.
    ///   - data: the cluster's data directory.
    package init(file: String, data: String) throws(Problem) {
        self.file = file
        self.data = FileSystem.truePath(data)
        guard FileSystem.exists(file) else {
            shares = Mutex([])
            return
        }
        do {
            let known = try JSON.parse(try FileSystem.readFile(file, limit: 1 << 20)).arrayValue?.map(NodeShare.init(json:))
            guard let known, known.allSatisfy({ $0 != nil }) else { throw Problem("it is no list of folders") }
            shares = Mutex(known.compactMap { $0 })
        } catch {
            throw Problem("the shared folders in \(file) cannot be read: \(error); remove the file and share them again")
        }
    }

    /// All of them, by path.
    package var all: [NodeShare] { shares.withLock { $0.sorted { $0.path < $1.path } } }

    /// Whether a node runs that takes folders at once, and not only when it starts.
    package var isLive: Bool { nodes.withLock { !$0.isEmpty } }

    /// Shares a folder, or changes how; returns it by its true path.
    package func add(_ wanted: NodeShare) async throws(Problem) -> NodeShare {
        try begin()
        defer { end() }
        let folder = try await open(wanted.path)
        let share = NodeShare(path: folder.path, isReadOnly: wanted.isReadOnly)
        if let refusal = share.refusal(data: data) { throw Problem(refusal) }
        let before = all
        guard before.count < Self.limit || before.contains(where: { $0.path == share.path }) else {
            throw Problem("\(Self.limit) folders are shared already; remove one with `kdash share rm`")
        }
        // One that lies in another would be hidden by it, or hide a part of it, as the order of their mounts has it.
        if let other = before.first(where: { $0.path.hasPrefix(share.path + "/") || share.path.hasPrefix($0.path + "/") }) {
            throw Problem("\(share.path) and \(other.path), which is shared, lie in each other; remove that one first: kdash share rm \(other.path)")
        }
        let old = before.first { $0.path == share.path }
        var done: [NodeTree] = []
        do throws(SystemError) {
            for tree in trees {
                done.append(tree)
                if old != nil { try await tree.unmount(at: share.path) }
                try await tree.attach(folder.descriptor, at: share)
            }
        } catch {
            // As it was before, in every node. Best effort: what is said is why the new way failed.
            for tree in done {
                try? await tree.detach(at: share.path)
                if let old { try? await tree.attach(folder.descriptor, at: old) }
            }
            throw Problem("cannot bring \(share.path) into the node: \(error)")
        }
        try await save(before.filter { $0.path != share.path } + [share])
        return share
    }

    /// Takes a folder back; containers that use it keep it until they end.
    package func remove(_ path: String) async throws(Problem) -> NodeShare {
        try begin()
        defer { end() }
        let known = all
        let wanted = [path, FileSystem.truePath(path)]
        guard let share = known.first(where: { wanted.contains($0.path) }) else {
            let names = known.isEmpty ? "none is" : known.map(\.path).joined(separator: ", ") + (known.count == 1 ? " is" : " are")
            throw Problem("\(path) is not shared; \(names)")
        }
        try await save(known.filter { $0 != share })
        var failure: SystemError?
        for tree in trees {
            do throws(SystemError) { try await tree.detach(at: share.path) } catch { failure = error }
        }
        if let failure {
            throw Problem("\(share.path) is shared no more from the next start on, and cannot be taken from the running node: \(failure)")
        }
        return share
    }

    /// Brings all folders into a node that started, or that an earlier daemon left, and from now on each that is added; says what could not be.
    /// - Parameter pid: process id of the node's first process.
    package func bring(intoNode name: String, _ pid: Int32) async -> [String] {
        nodes.withLock { $0[name] = pid }
        let tree = NodeTree(pid: pid)
        var notes: [String] = []
        for share in all {
            do throws(Problem) {
                let folder = try await open(share.path)
                guard folder.path == share.path else { throw Problem("\(share.path) leads to \(folder.path) now") }
                do throws(SystemError) {
                    if try !tree.shows(folder.descriptor, at: share.path) { try await tree.attach(folder.descriptor, at: share) }
                } catch {
                    throw Problem("\(error)")
                }
            } catch {
                notes.append("\(share.path) is not shared: \(error); see `kdash share list`")
            }
        }
        return notes
    }

    /// A node has ended.
    package func leave(node name: String) { nodes.withLock { $0[name] = nil } }

    /// The folders that a node can take at its start by their paths alone; for those that it cannot, why not.
    package var atStart: (binds: [NodeShare], notes: [String]) {
        // best effort: without it, a folder with mounts below it keeps the node from starting, which says why.
        let mounts = (try? FileSystem.readText("/proc/self/mountinfo", limit: 16 << 20)) ?? ""
        var notes: [String] = []
        let binds = all.filter { share in
            var reason: String?
            if !FileSystem.isDirectory(share.path) { reason = "it is no folder any more" }
            if Self.hasMounts(below: share.path, mounts) { reason = "something is mounted below it, which needs root" }
            if let reason { notes.append("\(share.path) is not shared: \(reason); see `kdash share list`") }
            return reason == nil
        }
        return (binds, notes)
    }

    /// Whether the text of a mountinfo file names a mount point below a path.
    static func hasMounts(below path: String, _ text: String) -> Bool {
        // As the kernel writes them: space, tab, line feed and backslash in octal.
        let escaped = path.map { [" ": "\\040", "\t": "\\011", "\n": "\\012", "\\": "\\134"][$0] ?? String($0) }.joined()
        return text.split(separator: "\n").contains { line in
            let fields = line.split(separator: " ", maxSplits: 5)
            return fields.count > 4 && fields[4].hasPrefix(escaped + "/")
        }
    }

    private var trees: [NodeTree] { nodes.withLock { $0 }.sorted { $0.key < $1.key }.map { NodeTree(pid: $0.value) } }

    private func begin() throws(Problem) {
        let isFree = isChanging.withLock { isChanging in
            defer { isChanging = true }
            return !isChanging
        }
        guard isFree else { throw Problem("another folder is being shared or taken back: try again") }
    }

    private func end() { isChanging.withLock { $0 = false } }

    /// An open folder and its true path.
    private struct Folder: ~Copyable {
        let descriptor: FileDescriptor
        let path: String
    }

    private func open(_ path: String) async throws(Problem) -> Folder {
        guard path.hasPrefix("/") else { throw Problem("\"\(path)\" is no absolute path") }
        do throws(SystemError) {
            // On a thread: the folder may be on a file server that does not answer.
            let found = try await KernelThread.run("kdash-share") { () throws(SystemError) in
                let descriptor = try FileDescriptor.open(path, CInt(KD_O_PATH) | O_DIRECTORY)
                let truth = try FileSystem.readLink("/proc/self/fd/\(descriptor.raw)")
                return (raw: descriptor.release(), path: truth)
            }
            return Folder(descriptor: FileDescriptor(found.raw), path: found.path)
        } catch {
            let reason = error.errno == ENOTDIR ? "it is a file: share the folder it is in" : "\(error)"
            throw Problem("cannot share \(path): \(reason)")
        }
    }

    private func save(_ new: [NodeShare]) async throws(Problem) {
        do throws(SystemError) {
            try await KernelThread.run("kdash-share") { [file] () throws(SystemError) in
                try FileSystem.writeAtomically(file, JSON.encode(.array(new.map(\.json)), pretty: true))
            }
        } catch {
            throw Problem("cannot write \(file): \(error)")
        }
        shares.withLock { $0 = new }
    }
}

extension NodeTree {
    /// Mounts a folder of the machine under its own path. What pods put into the way is not followed.
    func attach(_ folder: borrowing FileDescriptor, at share: NodeShare) async throws(SystemError) {
        let raw = folder.raw
        let copy = FileDescriptor(
            try SystemError.check("open_tree", share.path) { kd_mount_copy(raw, share.isReadOnly ? 1 : 0) })
        let mount = copy.raw
        let path = share.path
        try await inside { () throws(SystemError) in
            let target = try SafeDirectory.make(path, below: "/", mode: 0o755)
            let place = target.raw
            try SystemError.check("move_mount", path) { kd_mount_attach(mount, place) }
        }
        _ = consume copy
    }

    /// Takes a folder back; nothing mounted there is success.
    func detach(at path: String) async throws(SystemError) {
        try await unmount(at: path)
        // The empty folder it was mounted on; one that pods wrote into stays.
        try await inside { () throws(SystemError) in _ = rmdir(path) }
    }

    /// Whether the node sees exactly that folder there.
    func shows(_ folder: borrowing FileDescriptor, at path: String) throws(SystemError) -> Bool {
        let mine = try folder.status()
        do throws(SystemError) {
            let there = try open(path).status()
            return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)
        } catch  where error.errno == ENOENT || error.errno == ENOTDIR {
            return false
        }
    }
}
