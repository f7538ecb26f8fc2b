internal import CLinux
package import Glibc

/// Whole-file operations whose results are durable and whose paths are named in errors.
package enum FileSystem {
    /// Reads a whole file; EFBIG when it holds more than `limit` bytes. Works for /proc and /sys files too.
    package static func readFile(_ path: String, limit: Int = 16 << 20) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path, O_RDONLY)
        return try readAll(file, limit: limit, named: path)
    }

    /// Reads from an open descriptor to its end; EFBIG when more than `limit` bytes come.
    package static func readAll(
        _ file: borrowing FileDescriptor, limit: Int, named path: String
    ) throws(SystemError) -> [UInt8] {
        let expected = Int(clamping: try file.status().st_size)
        guard expected <= limit else { throw SystemError(call: "read", errno: EFBIG, arguments: path) }
        var bytes = try file.read(maximum: min(limit, max(expected, 4095)) + 1)
        while true {
            guard bytes.count <= limit else { throw SystemError(call: "read", errno: EFBIG, arguments: path) }
            let more = try file.read(maximum: min(65536, limit - bytes.count + 1))
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    /// As `readFile`, as text without trailing white space; invalid UTF-8 is replaced.
    package static func readText(_ path: String, limit: Int = 1 << 20) throws(SystemError) -> String {
        var bytes = try readFile(path, limit: limit)
        while let last = bytes.last, last == 10 || last == 32 || last == 13 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Replaces `path` in one step that survives a power cut: temporary file beside it, fsync, rename, fsync of the folder.
    /// The old content stays whole when anything fails. A symbolic link at `path` is replaced, not followed.
    package static func writeAtomically(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws(SystemError) {
        let parent = directory(of: path)
        let temporary = "\(path).\(SecureRandom.hex(8)).tmp"
        do throws(SystemError) {
            let file = try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
            let raw = file.raw
            // The process's umask must not decide who can read a key.
            try SystemError.check("fchmod", temporary) { fchmod(raw, mode) }
            try file.writeAll(bytes)
            try file.synchronize()
            try SystemError.check("rename", "\(temporary), \(path)") { Glibc.rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try synchronizeDirectory(parent)
    }

    /// Writes an existing file in place (for /proc and /sys files).
    package static func write(_ text: String, to path: String) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_WRONLY)
        let bytes = Array(text.utf8)
        let raw = file.raw
        // One write(2): a kernel file takes its value whole or not at all.
        try SystemError.checkRetrying("write", "\(path), \(text)") { Glibc.write(raw, bytes, bytes.count) }
    }

    /// Flushes a folder, so that names made or removed in it survive a power cut.
    package static func synchronizeDirectory(_ path: String) throws(SystemError) {
        try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY).synchronize()
    }

    /// Creates `path` and every missing parent with exactly `mode`, whatever the umask; an existing folder is left as it is.
    package static func makeDirectories(_ path: String, mode: mode_t = 0o755) throws(SystemError) {
        do throws(SystemError) {
            try makeDirectory(path, mode)
        } catch {
            let parent = directory(of: path)
            // Some file systems, such as proc, give the same answer where the parent is there and takes nothing.
            guard error.errno == ENOENT, parent != path, !isDirectory(parent) else { throw error }
            try makeDirectories(parent, mode: mode)
            try makeDirectory(path, mode)
        }
    }

    /// Makes a folder that nobody but its owner enters (0700); one that is there becomes so.
    package static func makePrivateDirectory(_ path: String) throws(SystemError) {
        try makeDirectories(path, mode: 0o700)
        try SystemError.check("chmod", path) { chmod(path, 0o700) }
    }

    private static func makeDirectory(_ path: String, _ mode: mode_t) throws(SystemError) {
        if mkdir(path, mode) == 0 {
            try SystemError.check("chmod", path) { chmod(path, mode) }
            return
        }
        let number = Glibc.errno
        guard number == EEXIST else { throw SystemError(call: "mkdir", errno: number, arguments: path) }
        guard isDirectory(path) else { throw SystemError(call: "mkdir", errno: ENOTDIR, arguments: path) }
    }

    /// Whether anything is at `path`; a dangling symbolic link counts.
    package static func exists(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0
    }

    /// Whether `path` is a folder, following links.
    package static func isDirectory(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// Metadata of `path` itself, not of what a link points to; nil when there is nothing.
    package static func status(_ path: String) throws(SystemError) -> stat? {
        var info = stat()
        if lstat(path, &info) == 0 { return info }
        if Glibc.errno == ENOENT || Glibc.errno == ENOTDIR { return nil }
        throw .last("lstat", path)
    }

    /// Removes a file or link; nothing there is success.
    package static func removeFile(_ path: String) throws(SystemError) {
        if unlink(path) != 0, Glibc.errno != ENOENT { throw .last("unlink", path) }
    }

    /// Removes an empty folder; nothing there is success.
    package static func removeDirectory(_ path: String) throws(SystemError) {
        if rmdir(path) != 0, Glibc.errno != ENOENT { throw .last("rmdir", path) }
    }

    /// Moves `source` onto `target` and flushes the folder of `target`.
    package static func rename(_ source: String, _ target: String) throws(SystemError) {
        try SystemError.check("rename", "\(source), \(target)") { Glibc.rename(source, target) }
        try synchronizeDirectory(directory(of: target))
    }

    /// The names in a folder, sorted, without `.` and `..`.
    package static func names(in path: String) throws(SystemError) -> [String] {
        let folder = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        return try DirectoryEntry.all(in: folder).map(\.name).sorted()
    }

    /// Where a path leads: absolute, without links; the path itself when that cannot be told.
    package static func truePath(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// What a symbolic link says.
    package static func readLink(_ path: String) throws(SystemError) -> String {
        var failure: SystemError?
        let text = String(unsafeUninitializedCapacity: 4096) { buffer in
            let got = buffer.withMemoryRebound(to: CChar.self) { readlink(path, $0.baseAddress!, $0.count) }
            if got < 0 { failure = .last("readlink", path) }
            return max(0, got)
        }
        if let failure { throw failure }
        return text
    }

    /// The folder part of `path`: `/a` for `/a/b`, `.` for `b`, `/` for `/a`.
    package static func directory(of path: String) -> String {
        var trimmed = Substring(path)
        while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// The last component of `path`.
    package static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
