import APIMachinery
internal import CLinux
import Glibc
import KubeClient
import LinuxKernel

/// Copying whole directories between a container and this machine, file by file, within bounds.
enum FolderCopy {
    /// More files and directories than this are not copied at once, nor more bytes, nor directories that lie deeper.
    static let (maximumEntries, maximumBytes, maximumDepth) = (10_000, Int64(1) << 30, 64)
    /// The largest file that is copied into a container.
    static let maximumFile = 256 << 20

    /// How far it is.
    struct Progress: Sendable, Hashable {
        var files = 0
        var directories = 0
        var bytes: Int64 = 0
        /// What was left out, with the reason; the first ones.
        var leftOut: [String] = []
        var leftOutCount = 0
        /// How much there is in all; nil while that is not known.
        var total: Int64?

        mutating func leave(_ what: String) {
            leftOutCount += 1
            if leftOut.count < 20 { leftOut.append(what) }
        }

        mutating func check() throws(APIStatus) {
            guard files + directories + leftOutCount <= maximumEntries else {
                throw .badRequest("there are more than \(maximumEntries) files: copy its directories one by one")
            }
            guard bytes <= maximumBytes else { throw .badRequest("there is more than \(ByteText.short(maximumBytes)): copy its directories one by one") }
        }
    }

    typealias Tell = @Sendable (Progress) async -> Void

    static func checkCancelled() throws(APIStatus) {
        if Task.isCancelled { throw APIStatus(code: 499, reason: nil, message: "it was stopped") }
    }

    // MARK: - Out of a container

    /// Copies a container's directory to a new one of this machine, which appears whole or not at all. Links that lead out of it are left out, and
    /// what is neither file, directory nor link. Nobody else on this machine may read it.
    @concurrent static func out(
        _ inside: any ContainerAccess, _ container: ContainerTarget, _ path: FilePath, to local: String, tell: Tell
    ) async throws(APIStatus) -> Progress {
        let temporary = "\(local).kdash-\(SecureRandom.hex(4))"
        do throws(APIStatus) {
            try await made(temporary)
            var copy = OutCopy(inside: inside, container: container, root: temporary)
            try await copy.run(path, tell)
            guard !FileSystem.exists(local) else { throw .badRequest("\(local) is there by now") }
            try await KernelThread.run("kdash-files") { () throws(APIStatus) in
                try onDisk { () throws(SystemError) in
                    // All of its files at once.
                    let folder = try FileDescriptor.open(temporary, O_RDONLY | O_DIRECTORY)
                    let raw = folder.raw
                    try SystemError.check("syncfs", temporary) { kd_syncfs(raw) }
                    try folder.synchronize()
                    try FileSystem.rename(temporary, local)
                    try FileSystem.synchronizeDirectory(FileSystem.directory(of: local))
                }
            }
            return copy.progress
        } catch {
            // best effort: what stays has a name that says what it is.
            await KernelThread.run("kdash-files") { () throws(Never) in try? FileSystem.removeTree(temporary) }
            throw error
        }
    }

    /// Whether a link inside of the copied directory leads to a place inside, whatever other such links it passes.
    ///
    /// `depth`: directories above the link. After its first name a target may not go up: a name may be a link, and above that is somewhere else.
    static func staysInside(_ target: FilePath, depth: Int) -> Bool {
        guard !target.bytes.isEmpty, target.bytes.first != UInt8(ascii: "/") else { return false }
        let parts = target.bytes.split(separator: UInt8(ascii: "/")).filter { $0 != [UInt8(ascii: ".")][...] }
        let ups = parts.prefix { Array($0) == Array("..".utf8) }.count
        return ups <= depth && !parts.dropFirst(ups).contains { Array($0) == Array("..".utf8) }
    }

    static func made(_ path: String) async throws(APIStatus) {
        _ = try await KernelThread.run("kdash-files") { () throws(APIStatus) in
            try onDisk { () throws(SystemError) in try SystemError.check("mkdir", path) { mkdir(path, 0o700) } }
        }
    }

    /// What this machine's disk refuses ends a copy.
    @discardableResult
    static func onDisk<Value>(_ body: () throws(SystemError) -> Value) throws(APIStatus) -> Value {
        do throws(SystemError) { return try body() } catch { throw APIStatus(code: 507, reason: nil, message: "\(error)") }
    }
}

/// One directory on its way out of a container.
private struct OutCopy {
    let inside: any ContainerAccess
    let container: ContainerTarget
    let root: String
    var progress = FolderCopy.Progress()
    private var links: [(path: String, target: FilePath)] = []

    init(inside: any ContainerAccess, container: ContainerTarget, root: String) {
        (self.inside, self.container, self.root) = (inside, container, root)
    }

    mutating func run(_ path: FilePath, _ tell: FolderCopy.Tell) async throws(APIStatus) {
        var waiting = [(path: path, local: root, depth: 0)]
        while let (path, local, depth) = waiting.popLast() {
            try FolderCopy.checkCancelled()
            let listing = try await inside.list(container, path: path)
            guard !listing.isCut else { throw .badRequest("\(path) has more than \(ContainerListing.maximumEntries) entries: it is not copied as a whole") }
            var taken: Set<String> = []
            for file in listing.files {
                try FolderCopy.checkCancelled()
                let (place, name) = (path.appending(file.name), LocalFile.name(file.name))
                guard taken.insert(name).inserted else {
                    progress.leave("\(place): another file has the name \(name) here")
                    continue
                }
                let target = "\(local)/\(name)"
                switch file.kind {
                case .directory:
                    guard depth < FolderCopy.maximumDepth else { throw .badRequest("\(place) lies more than \(FolderCopy.maximumDepth) directories deep") }
                    try await FolderCopy.made(target)
                    progress.directories += 1
                    waiting.append((place, target, depth + 1))
                case .file:
                    guard file.size.value <= FolderCopy.maximumBytes - progress.bytes else {
                        throw .badRequest("there is more than \(ByteText.short(FolderCopy.maximumBytes)): copy its directories one by one")
                    }
                    try await take(place, target)
                case .link:
                    if let link = file.link, FolderCopy.staysInside(link, depth: depth) {
                        links.append((target, link))
                    } else {
                        progress.leave("\(place): a link that leads out of the directory")
                    }
                default: progress.leave("\(place): neither a file nor a directory")
                }
                try progress.check()
                await tell(progress)
            }
        }
        // Last, so that nothing is ever written through one.
        let links = links
        try await KernelThread.run("kdash-files") { () throws(APIStatus) in
            for link in links {
                let text = link.target.bytes.map { CChar(bitPattern: $0) } + [0]
                let path = link.path
                try FolderCopy.onDisk { () throws(SystemError) in try SystemError.check("symlink", path) { symlink(text, path) } }
            }
        }
        progress.files += links.count
    }

    private mutating func take(_ place: FilePath, _ target: String) async throws(APIStatus) {
        let (inside, container) = (inside, container)
        do throws(APIStatus) {
            let room = FolderCopy.maximumBytes - progress.bytes
            progress.bytes += try await LocalFile.take(target, replaces: false, limit: room, isLone: false) { offset throws(APIStatus) in
                try await inside.read(container, path: place, offset: offset)
            }
            progress.files += 1
        } catch {
            // One that went, changed or may not be read keeps the others back no more than it would `cp`.
            guard [400, 404].contains(error.code) else { throw error }
            // The container itself must still be there.
            _ = try await inside.list(container, path: .root)
            progress.leave("\(place): \(error.message)")
        }
    }
}
