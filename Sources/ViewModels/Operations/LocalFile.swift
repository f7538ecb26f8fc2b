import APIMachinery
import Glibc
import KubeClient
import LinuxKernel

/// Files of this machine that are copied from and to containers.
enum LocalFile {
    /// The most that is taken of a file that tells no length, as the kernel's own.
    private static let maximumUnknown: Int64 = 64 << 20

    /// A name that no shell and no folder gives a meaning, from one that may hold anything.
    static func name(_ name: FilePath) -> String {
        let plain = String(name.description.map { $0 == "/" || $0.isNewline ? "_" : $0 }.prefix(200))
        return plain.isEmpty || plain.hasPrefix(".") && plain.allSatisfy({ $0 == "." }) ? "file" : plain
    }

    /// Reads a regular file, and whether it is a program. Throws BadRequest for what is none, or is too large.
    static func read(_ path: String, limit: Int) throws(APIStatus) -> (bytes: [UInt8], isExecutable: Bool) {
        let found = try local { () throws(SystemError) in try FileSystem.status(path) }
        guard let found else { throw .badRequest("there is no file \(path)") }
        guard found.st_mode & S_IFMT == S_IFREG else { throw .badRequest("\(path) is no file: files are copied one by one") }
        guard Int64(found.st_size) <= Int64(limit) else { throw .badRequest("\(path) has more than \(limit >> 20) MiB; use kubectl cp") }
        return (try local { () throws(SystemError) in try FileSystem.readFile(path, limit: limit) }, found.st_mode & 0o100 != 0)
    }

    /// Writes what `part` reads piece by piece to a new file, which appears whole or not at all, and is on the disk then, unless it is one of many
    /// whose folder is no sooner there (`isLone` false). Returns its length. Throws 413 for more than `limit` bytes, and 507 for what this
    /// machine's disk refuses.
    static func take(
        _ path: String, replaces: Bool, limit: Int64 = .max, isLone: Bool = true,
        _ part: @escaping @Sendable (Int64) async throws(APIStatus) -> ContainerFilePart
    ) async throws(APIStatus) -> Int64 {
        let temporary = "\(FileSystem.directory(of: path))/.kdash-\(SecureRandom.hex(8))"
        do throws(APIStatus) {
            let file = try onDisk { () throws(SystemError) in try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600) }
            var offset: Int64 = 0
            var first: ContainerFile?
            while true {
                let piece = try await part(offset)
                if let first, first.version != piece.file.version, piece.file.size.value > 0 {
                    throw .badRequest("\(path): the file changed while it was copied")
                }
                first = first ?? piece.file
                let bytes = piece.bytes
                guard offset + Int64(bytes.count) <= limit else { throw APIStatus(code: 413, reason: nil, message: "\(path): there is more than fits") }
                let raw = file.raw
                try await KernelThread.run("kdash-files") { () throws(APIStatus) in
                    try onDisk { () throws(SystemError) in try append(bytes, to: raw) }
                }
                offset += Int64(bytes.count)
                if bytes.count < ContainerFilePart.maximumBytes { break }
                if piece.file.size.value > 0 ? offset >= piece.file.size.value : offset >= maximumUnknown { break }
            }
            // Nobody else on this machine may see it, whatever it was there.
            let mode: mode_t = (first?.mode ?? 0) & 0o111 == 0 ? 0o600 : 0o700
            try await KernelThread.run("kdash-files") { () throws(APIStatus) in
                try onDisk { () throws(SystemError) in
                    let whole = try FileDescriptor.open(temporary, O_WRONLY | O_NOFOLLOW)
                    let raw = whole.raw
                    try SystemError.check("fchmod", temporary) { fchmod(raw, mode) }
                    if isLone { try whole.synchronize() }
                    if replaces { try FileSystem.rename(temporary, path) } else { try publish(temporary, path) }
                    if isLone { try FileSystem.synchronizeDirectory(FileSystem.directory(of: path)) }
                }
            }
            return offset
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Gives a file its name unless there is one by now.
    private static func publish(_ temporary: String, _ path: String) throws(SystemError) {
        try SystemError.check("link", path) { link(temporary, path) }
        try FileSystem.removeFile(temporary)
    }

    private static func append(_ bytes: [UInt8], to raw: CInt) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let rest = bytes[done...]
            done += try SystemError.checkRetrying("write", "the copy") { rest.withUnsafeBytes { write(raw, $0.baseAddress, $0.count) } }
        }
    }

    private static func onDisk<Value: ~Copyable>(_ body: () throws(SystemError) -> Value) throws(APIStatus) -> Value {
        do throws(SystemError) { return try body() } catch { throw APIStatus(code: 507, reason: nil, message: "\(error)") }
    }

    private static func local<Value: ~Copyable>(_ body: () throws(SystemError) -> Value) throws(APIStatus) -> Value {
        do throws(SystemError) { return try body() } catch { throw .badRequest("\(error)") }
    }

    /// Takes a temporary folder away, with what an editor left beside its file.
    static func remove(_ folder: String) {
        // best effort: what stays lies below the state directory, and nobody else can read it.
        for name in (try? FileSystem.names(in: folder)) ?? [] { try? FileSystem.removeFile("\(folder)/\(name)") }
        try? FileSystem.removeDirectory(folder)
    }
}
