internal import CLinux
internal import Glibc

extension FileSystem {
    /// Removes `path`, relative to `directory`, and everything below it; nothing there is success.
    ///
    /// Works by descriptors only, never follows a symbolic link and never enters another mount (not even a bind mount of the
    /// same file system): a mount below `path` stops it with EXDEV or EBUSY, naming the folder. Depth is bounded by moving
    /// deep folders up to `path` first, so a container cannot exhaust descriptors by nesting.
    package static func removeTree(_ path: UnsafePointer<CChar>, at directory: CInt = AT_FDCWD) throws(SystemError) {
        if unlinkat(directory, path, 0) == 0 || Glibc.errno == ENOENT || Glibc.errno == ENOTDIR { return }
        // A folder says EISDIR, and EPERM on some file systems.
        let text = String(cString: path)
        let refusal = SystemError.last("unlinkat", text)
        guard refusal.errno == EISDIR || refusal.errno == EPERM else { throw refusal }
        let opened = openat(directory, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard opened >= 0 else { throw Glibc.errno == ENOTDIR ? refusal : .last("openat", text) }
        let root = FileDescriptor(opened)
        // A folder moved up to the root while it was read is found by the next round.
        while try TreeRemoval(root: root.raw, path: text).empty(root, depth: 0) {}
        try SystemError.check("unlinkat", text) { unlinkat(directory, path, AT_REMOVEDIR) }
    }
}

private struct TreeRemoval {
    static let maximumDepth = 64
    let root: CInt
    let path: String

    /// Empties `folder`; true when something was moved up to the root and another round is needed.
    func empty(_ folder: borrowing FileDescriptor, depth: Int) throws(SystemError) -> Bool {
        let raw = folder.raw
        var needsAnotherRound = false
        for entry in try DirectoryEntry.all(in: folder) {
            if entry.type != DT_DIR {
                if try entry.withName({ unlinkat(raw, $0, 0) == 0 ? 0 : Glibc.errno }, gone: [EISDIR]) { continue }
            }
            if depth >= Self.maximumDepth {
                let target = ".kdash-removal-\(SecureRandom.hex(16))"
                let number = entry.withPointer { renameat(raw, $0, root, target) == 0 ? 0 : Glibc.errno }
                if number != 0, number != ENOENT { throw error("renameat", number, entry) }
                needsAnotherRound = true
                continue
            }
            var opened = open(entry, in: raw)
            if opened.1 == EACCES {
                // An ordinary user's own folder without permissions, as overlay leaves them: root is never refused.
                _ = entry.withPointer { fchmodat(raw, $0, 0o700, AT_SYMLINK_NOFOLLOW) }
                opened = open(entry, in: raw)
            }
            if opened.0 < 0 {
                if opened.1 == ENOENT { continue }
                throw error("openat2", opened.1, entry)
            }
            needsAnotherRound = try empty(FileDescriptor(opened.0), depth: depth + 1) || needsAnotherRound
            let number = entry.withPointer { unlinkat(raw, $0, AT_REMOVEDIR) == 0 ? 0 : Glibc.errno }
            if number != 0, number != ENOENT { throw error("unlinkat", number, entry) }
        }
        return needsAnotherRound
    }

    /// The folder's descriptor, or -1 and the error number.
    private func open(_ entry: DirectoryEntry, in folder: CInt) -> (CInt, CInt) {
        entry.withPointer { name in
            let fd = kd_openat2(
                folder, name, UInt64(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), 0,
                UInt64(KD_RESOLVE_NO_XDEV | KD_RESOLVE_NO_SYMLINKS | KD_RESOLVE_BENEATH))
            return (fd, fd < 0 ? Glibc.errno : 0)
        }
    }

    private func error(_ call: String, _ number: CInt, _ entry: DirectoryEntry) -> SystemError {
        SystemError(call: call, errno: number, arguments: "\(path)/…/\(entry.name)")
    }
}

extension DirectoryEntry {
    fileprivate func withPointer<T>(_ body: (UnsafePointer<CChar>) -> T) -> T {
        bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) }
        }
    }

    /// Runs a call that returns an error number; false when the number is in `gone`, true when it worked or nothing was there.
    fileprivate func withName(_ body: (UnsafePointer<CChar>) -> CInt, gone: [CInt]) throws(SystemError) -> Bool {
        let number = withPointer(body)
        if number == 0 || number == ENOENT { return true }
        if gone.contains(number) { return false }
        throw SystemError(call: "unlinkat", errno: number, arguments: name)
    }
}
