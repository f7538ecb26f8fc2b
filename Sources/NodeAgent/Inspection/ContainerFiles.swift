import APIMachinery
import CLinux
import ContainerRuntime
import Glibc
import KubeClient
import LinuxKernel

/// Reads and writes files below the root of a container. Blocks.
enum ContainerFiles {
    private static let pathOnly = CInt(KD_O_PATH)
    /// Links at the end of a path that is written to are followed this often.
    private static let maximumLinks = 40

    static func list(_ root: borrowing ContainerRoot, _ path: FilePath) throws(APIStatus) -> ContainerListing {
        try told { () throws(SystemError) in
            let users = root.users
            let folder = try root.open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK)
            let entries = try DirectoryEntry.all(in: folder, limit: ContainerListing.maximumEntries + 1)
            let files = entries.prefix(ContainerListing.maximumEntries).compactMap { entry(FilePath(bytes: $0.bytes), in: folder.raw, users) }
            return ContainerListing(files: files, isCut: entries.count > ContainerListing.maximumEntries, isRunning: root.isRunning)
        }
    }

    static func read(_ root: borrowing ContainerRoot, _ path: FilePath, offset: Int64, limit: Int) throws(APIStatus) -> ContainerFilePart {
        guard offset >= 0, (0...ContainerFilePart.maximumBytes).contains(limit) else {
            throw .badRequest("offset \(offset) and limit \(limit): at most \(ContainerFilePart.maximumBytes) bytes are read at once, from 0 on")
        }
        // First only what it is: opening a device or a pipe may have effects, and reading one may never end.
        let found = try told { () throws(SystemError) in try root.open(path, pathOnly) }
        let status = try told { () throws(SystemError) in try found.status() }
        try requireRegular(status, path)
        return try told { () throws(SystemError) in
            let file = try FileDescriptor.open("/proc/self/fd/\(found.raw)", O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let bytes = try read(file, from: offset, limit: limit)
            return ContainerFilePart(file: describe(path.name, status, link: nil, root.users), bytes: bytes, isRunning: root.isRunning)
        }
    }

    private static func read(_ file: borrowing FileDescriptor, from offset: Int64, limit: Int) throws(SystemError) -> [UInt8] {
        let raw = file.raw
        try SystemError.check("lseek", "\(offset)") { lseek(raw, off_t(offset), SEEK_SET) }
        var bytes: [UInt8] = []
        while bytes.count < limit {
            do throws(SystemError) {
                let piece = try file.read(maximum: min(limit - bytes.count, 256 << 10))
                if piece.isEmpty { break }
                bytes += piece
            } catch  where error.errno == EAGAIN {
                // A file of the kernel's that has nothing to say now.
                break
            }
        }
        return bytes
    }

    /// What becomes of a file that is written to.
    struct Change {
        var path: FilePath
        var ifVersion: String?
        var isExecutable: Bool
    }

    /// Puts the content of an open file in the place of a file's.
    static func write(_ root: borrowing ContainerRoot, _ change: Change, from content: borrowing FileDescriptor) throws(APIStatus) -> ContainerFile {
        guard root.isRunning else { throw .badRequest("the container does not run: its files can only be read") }
        let path = try resolved(root, change.path)
        guard !path.name.bytes.isEmpty, path.name.bytes != Array("..".utf8), path.name.bytes != Array(".".utf8) else {
            throw .badRequest("\(change.path): a directory cannot be written to")
        }
        let folder = try told { () throws(SystemError) in try root.open(path.parent, O_RDONLY | O_DIRECTORY) }
        let present = try status(of: path.name, in: folder.raw)
        if let present { try requireRegular(present, path) }
        if let wanted = change.ifVersion, wanted != (present.map(version) ?? "") {
            throw APIStatus(
                code: 409, reason: .conflict, message: present == nil ? "\(path) is gone" : "\(path) is not what was read any more: somebody else wrote it")
        }
        return try told { () throws(SystemError) in
            try root.makeFilesAsItsRoot()
            do throws(SystemError) {
                try replace(path.name, in: folder, content, present, isExecutable: change.isExecutable)
            } catch  where present != nil && [EBUSY, EXDEV].contains(error.errno) {
                // What is mounted as a file, as /etc/hosts is, cannot be replaced.
                try overwrite(path.name, in: folder.raw, content)
            }
            guard let written = entry(path.name, in: folder.raw, root.users) else {
                throw SystemError(call: "stat", errno: ENOENT, arguments: path.description)
            }
            return written
        }
    }

    /// Makes a directory, of the owner of the one it lies in; harmless when it is one already.
    static func makeDirectory(_ root: borrowing ContainerRoot, _ path: FilePath) throws(APIStatus) {
        guard !path.name.bytes.isEmpty, path.name.bytes != Array("..".utf8), path.name.bytes != Array(".".utf8) else {
            throw .badRequest("\(path) is no name for a directory")
        }
        try told { () throws(SystemError) in
            try root.makeFilesAsItsRoot()
            let folder = try root.open(path.parent, O_RDONLY | O_DIRECTORY)
            let raw = folder.raw
            let name = path.name.bytes.map { CChar(bitPattern: $0) } + [0]
            if mkdirat(raw, name, 0o755) < 0 {
                let error = SystemError.last("mkdir", path.description)
                guard error.errno == EEXIST else { throw error }
                _ = try root.open(path, pathOnly | O_DIRECTORY)
                return
            }
            let owner = try folder.status()
            // By its descriptor: the container may have put something else in its place.
            let made = try ContainerRoot.openEntry(path.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: raw)
            let madeRaw = made.raw
            try SystemError.check("fchown", path.description) { fchown(madeRaw, owner.st_uid, owner.st_gid) }
        }
    }

    private static func replace(
        _ name: FilePath, in folder: borrowing FileDescriptor, _ content: borrowing FileDescriptor, _ present: stat?, isExecutable: Bool
    ) throws(SystemError) {
        let raw = folder.raw
        let temporary = ".kdash-\(SecureRandom.hex(8))"
        let new = try ContainerRoot.openEntry(FilePath(bytes: temporary.utf8), O_WRONLY | O_CREAT | O_EXCL, mode: 0o600, at: raw)
        do throws(SystemError) {
            try copy(content, to: new)
            let owner = if let present { present } else { try folder.status() }
            let mode = present.map { $0.st_mode & 0o7777 } ?? (isExecutable ? 0o755 : 0o644)
            let newRaw = new.raw
            try SystemError.check("fchown", name.description) { fchown(newRaw, owner.st_uid, owner.st_gid) }
            try SystemError.check("fchmod", name.description) { fchmod(newRaw, mode) }
            try new.synchronize()
            let target = name.bytes.map { CChar(bitPattern: $0) } + [0]
            try SystemError.check("rename", name.description) { renameat(raw, temporary, raw, target) }
        } catch {
            unlinkat(raw, temporary, 0)
            throw error
        }
    }

    private static func overwrite(_ name: FilePath, in folder: CInt, _ content: borrowing FileDescriptor) throws(SystemError) {
        let file = try ContainerRoot.openEntry(name, O_WRONLY | O_TRUNC | O_NONBLOCK, at: folder)
        try copy(content, to: file)
        try file.synchronize()
    }

    private static func copy(_ source: borrowing FileDescriptor, to target: borrowing FileDescriptor) throws(SystemError) {
        let raw = source.raw
        try SystemError.check("lseek", "0") { lseek(raw, 0, SEEK_SET) }
        while true {
            let piece = try source.read(maximum: 256 << 10)
            if piece.isEmpty { return }
            try target.writeAll(piece)
        }
    }

    /// Where a path that ends in links leads to.
    private static func resolved(_ root: borrowing ContainerRoot, _ path: FilePath) throws(APIStatus) -> FilePath {
        var path = path
        for _ in 0..<maximumLinks {
            let folder = try told { () throws(SystemError) in try root.open(path.parent, pathOnly | O_DIRECTORY) }
            guard let found = try status(of: path.name, in: folder.raw), found.st_mode & S_IFMT == S_IFLNK, let link = target(of: path.name, in: folder.raw)
            else { return path }
            path = link.bytes.first == UInt8(ascii: "/") ? link : path.parent.appending(link)
        }
        throw .badRequest("\(path): too many links lead on from there")
    }

    private static func requireRegular(_ status: stat, _ path: FilePath) throws(APIStatus) {
        switch kind(status) {
        case .file: return
        case .directory: throw .badRequest("\(path) is a directory")
        case .pipe: throw .badRequest("\(path) is a pipe: reading it would take what its reader waits for")
        case .socket: throw .badRequest("\(path) is a socket")
        case .character, .block: throw .badRequest("\(path) is a device")
        default: throw .badRequest("\(path) is no file")
        }
    }

    // MARK: Entries

    private static func status(of name: FilePath, in folder: CInt) throws(APIStatus) -> stat? {
        var status = stat()
        let text = name.bytes.map { CChar(bitPattern: $0) } + [0]
        if fstatat(folder, text, &status, AT_SYMLINK_NOFOLLOW) == 0 { return status }
        if errno == ENOENT { return nil }
        throw SystemError.last("stat", name.description).fileStatus
    }

    /// Nil for what has gone since it was listed.
    private static func entry(_ name: FilePath, in folder: CInt, _ users: HostIDRange?) -> ContainerFile? {
        var status = stat()
        let text = name.bytes.map { CChar(bitPattern: $0) } + [0]
        guard fstatat(folder, text, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        return describe(name, status, link: kind(status) == .link ? target(of: name, in: folder) : nil, users)
    }

    private static func target(of name: FilePath, in folder: CInt) -> FilePath? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let text = name.bytes.map { CChar(bitPattern: $0) } + [0]
        let count = readlinkat(folder, text, &buffer, buffer.count)
        return count < 0 ? nil : FilePath(bytes: buffer[..<count].map { UInt8(bitPattern: $0) })
    }

    private static func describe(_ name: FilePath, _ status: stat, link: FilePath?, _ users: HostIDRange?) -> ContainerFile {
        ContainerFile(
            name: name, kind: kind(status), size: ByteCount(Int64(status.st_size)), mode: Int64(status.st_mode & 0o7777),
            owner: Int64(users?.inside(status.st_uid) ?? status.st_uid), group: Int64(users?.inside(status.st_gid) ?? status.st_gid),
            modified: Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int32(status.st_mtim.tv_nsec)), link: link,
            version: version(status))
    }

    private static func version(_ status: stat) -> String {
        "\(status.st_dev).\(status.st_ino).\(status.st_size).\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }

    private static func kind(_ status: stat) -> ContainerFile.Kind {
        switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .directory
        case S_IFLNK: .link
        case S_IFIFO: .pipe
        case S_IFSOCK: .socket
        case S_IFCHR: .character
        case S_IFBLK: .block
        default: .unknown
        }
    }

    private static func told<Value: ~Copyable>(_ body: () throws(SystemError) -> Value) throws(APIStatus) -> Value {
        do throws(SystemError) { return try body() } catch { throw error.fileStatus }
    }
}
