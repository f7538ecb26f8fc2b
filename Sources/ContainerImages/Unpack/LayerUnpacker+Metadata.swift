internal import CLinux
internal import Glibc
internal import LinuxKernel

extension LayerUnpacker {
    /// Runs a call that makes `name`; when something is in the way, removes that first.
    func replacing(_ name: [CChar], in parent: LayerFolder, _ make: () -> CInt) throws(LayerFailure) {
        if make() >= 0 { return }
        try system { () throws(SystemError) in
            guard Glibc.errno == EEXIST else { throw SystemError.last("create", LayerFolder.text(name)) }
            try remove(name, in: parent)
            try SystemError.check("create", LayerFolder.text(name)) { make() }
        }
    }

    func remove(_ name: [CChar], in parent: LayerFolder) throws(SystemError) {
        try parent.remove(name)
        folders.removeAll(keepingCapacity: true)
    }

    func finish(_ entry: TarEntry, _ name: [CChar], in parent: LayerFolder) throws(SystemError) {
        if ownership == .exact {
            try SystemError.check("fchownat", entry.displayPath) { kd_chown_at(parent.raw, name, entry.uid, entry.gid) }
        }
        for attribute in entry.attributes where isAllowed(attribute.name) {
            try tolerateUnsupported { () throws(SystemError) in try parent.setAttribute(attribute.name, attribute.value, of: name) }
        }
        // A symbolic link has no mode of its own.
        if entry.kind != .symbolicLink {
            // fchmodat(2) would follow a link that took the name's place meanwhile.
            let node = FileDescriptor(
                try SystemError.check("openat", entry.displayPath) { openat(parent.raw, name, CInt(KD_O_PATH) | O_NOFOLLOW | O_CLOEXEC) })
            let path = "/proc/self/fd/\(node.raw)"
            try SystemError.check("chmod", entry.displayPath) { chmod(path, entry.mode) }
        }
        try SystemError.check("utimensat", entry.displayPath) {
            kd_utimens_at(parent.raw, name, entry.modified.seconds, entry.modified.nanoseconds, 0)
        }
    }

    func finish(_ entry: TarEntry, folder: LayerFolder, at path: LayerPath) throws(SystemError) {
        let raw = folder.raw
        if ownership == .exact { try SystemError.check("fchown", entry.displayPath) { fchown(raw, entry.uid, entry.gid) } }
        for attribute in entry.attributes where isAllowed(attribute.name) {
            try tolerateUnsupported { () throws(SystemError) in
                try SystemError.check("fsetxattr", "\(attribute.name), \(entry.displayPath)") {
                    kd_fsetxattr(raw, attribute.name, attribute.value, attribute.value.count)
                }
            }
        }
        // Without root, a folder its owner cannot enter could not be filled.
        let mode = ownership == .exact ? entry.mode : entry.mode | 0o700
        try SystemError.check("fchmod", entry.displayPath) { fchmod(raw, mode) }
        // Times last: every name made inside would change them again.
        folderTimes[path] = entry.modified
    }

    func setFolderTimes() throws(SystemError) {
        for (path, time) in folderTimes {
            let folder: LayerFolder
            do throws(SystemError) { folder = try root.open(path) } catch {
                // Replaced by something else later in the archive.
                if [ENOENT, ENOTDIR, ELOOP].contains(error.errno) { continue }
                throw error
            }
            try SystemError.check("futimens", path.text) { kd_utimens_at(folder.raw, "", time.seconds, time.nanoseconds, 0) }
        }
    }

    func makeOpaque(_ folder: LayerFolder) throws(SystemError) {
        let name = ownership == .exact ? "trusted.overlay.opaque" : "user.overlay.opaque"
        try SystemError.check("fsetxattr", name) { kd_fsetxattr(folder.raw, name, [UInt8(ascii: "y")], 1) }
    }

    /// overlayfs's own attributes must not come from an archive.
    func isAllowed(_ name: String) -> Bool {
        if name.hasPrefix("trusted.") || name.hasPrefix("user.overlay.") { return false }
        return ownership == .exact || name.hasPrefix("user.")
    }

    func tolerateUnsupported(_ body: () throws(SystemError) -> Void) throws(SystemError) {
        do throws(SystemError) { try body() } catch {
            guard error.errno == EOPNOTSUPP else { throw error }
        }
    }

    static func isWhiteout(_ info: stat) -> Bool { info.st_mode & S_IFMT == S_IFCHR && info.st_rdev == 0 }
}
