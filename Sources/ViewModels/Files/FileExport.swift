import APIMachinery
import Glibc
import KubeClient
import LinuxKernel

/// Writes to a file that the user named. It appears whole or not at all, and only the user can read it.
struct FileExport: Sendable {
    /// Why nothing was saved.
    enum Failure: Error, Hashable, CustomStringConvertible {
        /// There is a file of that name.
        case exists
        /// The path leads nowhere, or to what is no file; in words.
        case path(String)
        /// The disk, or what was to be saved.
        case failed(String)

        var description: String {
            switch self {
            case .exists: "it is there already"
            case .path(let words), .failed(let words): words
            }
        }
        /// Whether another path would help.
        var isAboutPath: Bool { if case .path = self { true } else { false } }
    }

    /// What is counted: `lines`.
    let noun: String
    /// Writes it and returns how much.
    let write: @Sendable (borrowing FileDescriptor) throws(SystemError) -> Int
    /// What is to be read first, piece by piece, each with how much it is; nil at the end. Nil where all is at hand.
    let source: (@Sendable () async throws(APIStatus) -> (bytes: [UInt8], count: Int)?)?

    /// What is at hand.
    init(noun: String, write: @escaping @Sendable (borrowing FileDescriptor) throws(SystemError) -> Int) {
        self.noun = noun
        self.write = write
        source = nil
    }

    /// What comes piece by piece.
    init(noun: String, source: @escaping @Sendable () async throws(APIStatus) -> (bytes: [UInt8], count: Int)?) {
        self.noun = noun
        self.source = source
        write = { _ in 0 }
    }

    /// Writes to a file that is not there yet, or in place of one. Returns how much; nothing stays when it fails.
    func save(to path: String, isReplacing: Bool) async throws(Failure) -> Int {
        let temporary = "\(FileSystem.directory(of: path))/.kdash-\(SecureRandom.hex(8))"
        do throws(Failure) {
            var count = try await onDisk(path) { () throws(SystemError) -> Int in
                try Self.check(path, isReplacing: isReplacing)
                return try write(try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600))
            }
            if let source { count += try await take(source, temporary, path) }
            try await onDisk(path) { () throws(SystemError) in
                // What has the name is on the disk: a power cut leaves the old file or the new one, never an empty one.
                try FileDescriptor.open(temporary, O_RDONLY | O_NOFOLLOW).synchronize()
                // A name that somebody else took meanwhile stays theirs.
                if isReplacing { try FileSystem.rename(temporary, path) } else { try Self.publish(temporary, path) }
                try FileSystem.synchronizeDirectory(FileSystem.directory(of: path))
            }
            return count
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private static func publish(_ temporary: String, _ path: String) throws(SystemError) {
        do throws(SystemError) {
            try SystemError.check("link", path) { link(temporary, path) }
        } catch  where [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(error.errno) {
            // A file system without links: the name is taken first.
            _ = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
            return try FileSystem.rename(temporary, path)
        }
        try FileSystem.removeFile(temporary)
    }

    private func take(
        _ source: @Sendable () async throws(APIStatus) -> (bytes: [UInt8], count: Int)?, _ temporary: String, _ path: String
    ) async throws(Failure) -> Int {
        var count = 0
        while true {
            let piece: (bytes: [UInt8], count: Int)?
            do throws(APIStatus) { piece = try await source() } catch { throw .failed(error.message) }
            guard let piece else { return count }
            try await onDisk(path) { () throws(SystemError) in
                try FileDescriptor.open(temporary, O_WRONLY | O_APPEND | O_NOFOLLOW).writeAll(piece.bytes)
            }
            count += piece.count
        }
    }

    /// Nothing but a file is ever replaced.
    private static func check(_ path: String, isReplacing: Bool) throws(SystemError) {
        if path.hasSuffix("/") { throw SystemError(call: "open", errno: EISDIR, arguments: path) }
        guard let found = try FileSystem.status(path) else { return }
        guard found.st_mode & S_IFMT != S_IFDIR else { throw SystemError(call: "open", errno: EISDIR, arguments: path) }
        guard found.st_mode & S_IFMT == S_IFREG else { throw SystemError(call: "open", errno: EINVAL, arguments: path) }
        if !isReplacing { throw SystemError(call: "open", errno: EEXIST, arguments: path) }
    }

    private func onDisk<Value: Sendable>(_ path: String, _ body: @escaping @Sendable () throws(SystemError) -> Value) async throws(Failure) -> Value {
        do throws(SystemError) {
            return try await KernelThread.run("kdash-save", body)
        } catch {
            throw Self.failure(error, path)
        }
    }

    /// What is wrong, with the part of the path that is.
    private static func failure(_ error: SystemError, _ path: String) -> Failure {
        let folder = FileSystem.directory(of: path)
        switch error.errno {
        case EEXIST: return .exists
        case ENOENT: return .path("there is no folder \(folder): make it, or write another path")
        case ENOTDIR: return .path("\(folder) is no folder: write another path")
        case EISDIR: return .path("\(path) is a folder: write a file's name after it")
        case EINVAL: return .path("\(path) is there and no file: write another path")
        case EACCES, EPERM, EROFS: return .path("you may not write to \(folder) (\(error.reason)): write another path")
        case ENAMETOOLONG: return .path("the name is too long: write a shorter one")
        default: return .failed("\(path): \(error.reason)")
        }
    }
}
