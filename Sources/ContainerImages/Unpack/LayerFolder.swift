internal import CLinux
internal import Glibc
internal import LinuxKernel

/// An open folder of a layer; every operation goes through its descriptor and never follows a link.
final class LayerFolder {
    let descriptor: FileDescriptor
    var raw: CInt { descriptor.raw }

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// What lies at `name` here; nil when nothing does.
    func status(_ name: [CChar]) throws(SystemError) -> stat? {
        var info = stat()
        if fstatat(raw, name, &info, AT_SYMLINK_NOFOLLOW) == 0 { return info }
        if Glibc.errno == ENOENT || Glibc.errno == ENOTDIR { return nil }
        throw .last("fstatat", Self.text(name))
    }

    /// Opens a folder below; a symbolic link anywhere on the way is refused.
    func open(_ path: LayerPath) throws(SystemError) -> LayerFolder {
        let name = path.cString
        let fd = kd_openat2(
            raw, name, UInt64(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), 0,
            UInt64(KD_RESOLVE_BENEATH | KD_RESOLVE_NO_SYMLINKS | KD_RESOLVE_NO_MAGICLINKS))
        guard fd >= 0 else { throw .last("openat2", path.text) }
        return LayerFolder(FileDescriptor(fd))
    }

    /// What a symbolic link here says.
    func readLink(_ name: [CChar]) throws(SystemError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4097)
        let size = try SystemError.check("readlinkat", Self.text(name)) {
            buffer.withUnsafeMutableBytes { readlinkat(raw, name, $0.baseAddress!.assumingMemoryBound(to: CChar.self), 4096) }
        }
        return Array(buffer.prefix(size))
    }

    /// Removes whatever lies at `name`, a folder with all its content; nothing there is success.
    func remove(_ name: [CChar]) throws(SystemError) {
        if unlinkat(raw, name, 0) == 0 || Glibc.errno == ENOENT { return }
        guard Glibc.errno == EISDIR || Glibc.errno == EPERM else { throw .last("unlinkat", Self.text(name)) }
        try FileSystem.removeTree(name, at: raw)
    }

    /// An extended attribute of `name` itself.
    func setAttribute(_ attribute: String, _ value: [UInt8], of name: [CChar]) throws(SystemError) {
        var path = Array("/proc/self/fd/\(raw)/".utf8CString.dropLast())
        path += name
        try SystemError.check("lsetxattr", "\(attribute), \(Self.text(name))") { kd_lsetxattr(path, attribute, value, value.count) }
    }

    static func text(_ name: [CChar]) -> String { String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}
