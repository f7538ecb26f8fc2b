import Glibc
import LinuxKernel

/// Replaces all files of a volume at once: readers see the old ones or the new ones, never a mixture.
///
/// `name` → `..data/name`, `..data` → `..<time>.<random>/`, and the rename of `..data` is the moment of change. Works by descriptors below
/// `base` and follows no link on the way: the directory is visible to privileged pods.
/// Source: the kubelet's AtomicWriter.
struct AtomicVolume: ~Copyable {
    private let directory: FileDescriptor
    /// Group of the files, from the pod's fsGroup; nil leaves them to root.
    private let group: UInt32?

    /// Opens, and makes when it is missing, `path` (relative) below `base`.
    init(base: String, path: String, group: UInt32?) throws(SystemError) {
        directory = try SafeDirectory.make(path, below: base, mode: 0o755)
        self.group = group
    }

    /// Puts `files` in place, unless they are there already (`known` is what was written last). `now` names the new directory.
    func write(_ files: [VolumeFile], now: Timestamp) throws(SystemError) {
        let raw = directory.raw
        if group != nil { try own(raw, isDirectory: true) }
        let old = linkTarget("..data")
        let stamp = String(now.rfc3339.map { $0.isNumber ? $0 : "_" }.dropLast())
        let fresh = "..\(stamp).\(SecureRandom.hex(5))"
        try SystemError.check("mkdirat", fresh) { mkdirat(raw, fresh, 0o755) }
        let place = try FileDescriptor.open(fresh, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: raw)
        let placeRaw = place.raw
        try SystemError.check("fchmod", fresh) { fchmod(placeRaw, 0o755) }
        if group != nil { try own(placeRaw, isDirectory: true) }
        for file in files { try write(file, in: placeRaw) }
        unlinkat(raw, "..data_tmp", 0)
        try SystemError.check("symlinkat", fresh) { symlinkat(fresh, raw, "..data_tmp") }
        try SystemError.check("renameat", "..data") { renameat(raw, "..data_tmp", raw, "..data") }
        try linkNames(files)
        if let old, old.hasPrefix(".."), old != fresh, !old.contains("/") { try FileSystem.removeTree(old, at: raw) }
    }

    private func own(_ raw: CInt, isDirectory: Bool) throws(SystemError) {
        guard let group else { return }
        if fchown(raw, uid_t.max, group) != 0, errno != EPERM { throw .last("fchown", "\(group)") }
        guard isDirectory else { return }
        var info = stat()
        guard fstat(raw, &info) == 0 else { throw .last("fstat") }
        // Source: volume.SetVolumeOwnership for read-only volumes: readable and searchable by the group, which new entries inherit.
        let mode = info.st_mode & 0o7777 | 0o2550
        try SystemError.check("fchmod") { fchmod(raw, mode) }
    }

    private func write(_ file: VolumeFile, in place: CInt) throws(SystemError) {
        var parts = file.path.split(separator: "/").map(String.init)
        guard let name = parts.popLast() else { return }
        var parent = FileDescriptor(try SystemError.check("dup") { fcntl(place, F_DUPFD_CLOEXEC, 3) })
        for part in parts {
            let raw = parent.raw
            if mkdirat(raw, part, 0o755) != 0, errno != EEXIST { throw .last("mkdirat", file.path) }
            let inner = try FileDescriptor.open(part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: raw)
            let innerRaw = inner.raw
            try SystemError.check("fchmod", file.path) { fchmod(innerRaw, 0o755) }
            if group != nil { try own(innerRaw, isDirectory: true) }
            parent = inner
        }
        let made = try FileDescriptor.openRegular(name, O_WRONLY | O_CREAT | O_TRUNC, at: parent.raw)
        let raw = made.raw
        try made.writeAll(file.bytes)
        if let owner = file.owner, fchown(raw, owner, gid_t.max) != 0, errno != EPERM { throw .last("fchown", file.path) }
        try own(raw, isDirectory: false)
        // After the ownership, which clears bits.
        let mode = mode_t(file.mode) & 0o7777 | (group == nil ? 0 : 0o440)
        try SystemError.check("fchmod", file.path) { fchmod(raw, mode) }
    }

    private func linkTarget(_ name: String) -> String? {
        let raw = directory.raw
        var buffer = [CChar](repeating: 0, count: 512)
        let got = readlinkat(raw, name, &buffer, buffer.count)
        return got > 0 ? String(decoding: buffer.prefix(got).map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// Names of the volume point through `..data`; those without a file go.
    private func linkNames(_ files: [VolumeFile]) throws(SystemError) {
        let raw = directory.raw
        let wanted = Set(files.compactMap { $0.path.split(separator: "/").first.map(String.init) })
        for entry in try DirectoryEntry.all(in: directory) where !entry.name.hasPrefix("..") && !wanted.contains(entry.name) {
            if unlinkat(raw, entry.name, 0) != 0, errno != ENOENT { throw .last("unlinkat", entry.name) }
        }
        for name in wanted {
            let target = "..data/\(name)"
            if symlinkat(target, raw, name) != 0, errno != EEXIST { throw .last("symlinkat", name) }
        }
    }
}
