internal import CLinux
internal import Glibc
internal import LinuxKernel

/// An open folder of the store. Everything in it is reached through its descriptor by one name and no link is followed: a privileged
/// pod can make its view of the store writable and plant links, which must not lead this process into the rest of the machine.
final class StoreFolder: Sendable {
    let descriptor: FileDescriptor
    /// Where it lay when it was opened, for messages.
    let path: String
    var raw: CInt { descriptor.raw }

    private init(_ descriptor: consuming FileDescriptor, _ path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Opens a folder by its path; links on the way are the user's own.
    static func trusted(_ path: String) throws(SystemError) -> StoreFolder {
        StoreFolder(try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY), path)
    }

    /// Opens a folder inside.
    func open(_ name: String) throws(SystemError) -> StoreFolder {
        do throws(SystemError) {
            return StoreFolder(try FileDescriptor.open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: raw), place(name))
        } catch  where error.errno == ENOTDIR || error.errno == ELOOP {
            throw SystemError(
                call: error.call, errno: error.errno, arguments: place(name), detail: "a link or file lies where a folder of the store is expected; remove it"
            )
        }
    }

    /// Opens a folder inside, made with `mode` when it is missing.
    func make(_ name: String, mode: mode_t) throws(SystemError) -> StoreFolder {
        guard mkdirat(raw, name, mode) == 0 else {
            guard Glibc.errno == EEXIST else { throw .last("mkdirat", place(name)) }
            return try open(name)
        }
        let made = try open(name)
        // Whatever the umask.
        try SystemError.check("fchmod", place(name)) { fchmod(made.raw, mode) }
        return made
    }

    /// Whether anything lies at `name`.
    func has(_ name: String) -> Bool {
        var info = stat()
        return fstatat(raw, name, &info, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// Everything inside, sorted.
    func names() throws(SystemError) -> [String] { try DirectoryEntry.all(in: descriptor).map(\.name).sorted() }

    /// The content of a file; EFBIG beyond `limit` bytes.
    func read(_ name: String, limit: Int) throws(SystemError) -> [UInt8] {
        try FileSystem.readAll(try FileDescriptor.openRegular(name, O_RDONLY, at: raw), limit: limit, named: place(name))
    }

    /// The number that a file holds; zero when it does not: only a figure for people.
    func size(_ name: String) -> ByteCount {
        do throws(SystemError) { return ByteCount(Int64(String(decoding: try read(name, limit: 64), as: UTF8.self)) ?? 0) } catch { return .zero }
    }

    /// A new file; EEXIST when anything has its name.
    func newFile(_ name: String, mode: mode_t = 0o600) throws(SystemError) -> FileDescriptor {
        let file = try FileDescriptor.open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode, at: raw)
        let number = file.raw
        try SystemError.check("fchmod", place(name)) { fchmod(number, mode) }
        return file
    }

    /// As `FileSystem.writeAtomically`.
    func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws(SystemError) {
        let temporary = "\(name).\(SecureRandom.hex(8)).tmp"
        do throws(SystemError) {
            let file = try newFile(temporary, mode: mode)
            try file.writeAll(bytes)
            try file.synchronize()
            try rename(temporary, to: self, as: name)
        } catch {
            unlinkat(raw, temporary, 0)
            throw error
        }
        try synchronize()
    }

    /// Moves `name` to another folder, where it is on disk after that folder's `synchronize`.
    func rename(_ name: String, to folder: StoreFolder, as newName: String) throws(SystemError) {
        try SystemError.check("renameat", "\(place(name)), \(folder.place(newName))") { renameat(raw, name, folder.raw, newName) }
    }

    /// Removes a file, or a folder with everything in it; nothing there is success.
    func remove(_ name: String) throws(SystemError) { try FileSystem.removeTree(name, at: raw) }

    /// Flushes what was named and removed here.
    func synchronize() throws(SystemError) { try descriptor.synchronize() }

    /// Flushes the whole file system that this folder is on.
    func synchronizeFileSystem() throws(SystemError) { try SystemError.check("syncfs", path) { kd_syncfs(raw) } }

    /// As the folder of a layer.
    func layer() throws(SystemError) -> LayerFolder { LayerFolder(try descriptor.duplicate()) }

    private func place(_ name: String) -> String { "\(path)/\(name)" }
}
