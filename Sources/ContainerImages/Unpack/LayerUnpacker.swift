internal import CLinux
internal import Glibc
internal import LinuxKernel

/// Turns one layer archive into an overlay directory: whiteouts become character devices 0:0 and opaque folders their extended
/// attribute. The archive is hostile until proven otherwise: every path is resolved inside the layer by descriptors.
final class LayerUnpacker {
    /// What a layer may cost.
    struct Limits: Sendable {
        var entries = 2_000_000
        var bytes: Int64 = 64 << 30
    }

    /// Whether owners, devices and trusted attributes are set as the archive says, or left out because an ordinary user may not.
    enum Ownership: Sendable { case exact, ownUser }

    let root: LayerFolder
    /// The layers below, top first.
    let lower: [LayerFolder]
    let ownership: Ownership
    private let limits: Limits
    /// Open folders by the path as written, dropped whenever something is removed.
    var folders: [[[UInt8]]: LayerFolder] = [:]
    var folderTimes: [LayerPath: (seconds: Int64, nanoseconds: Int64)] = [:]
    private var entryCount = 0
    private(set) var byteCount: Int64 = 0

    /// - Parameters:
    ///   - root: an empty folder that becomes the layer.
    ///   - lower: the layers below, top first.
    init(into root: LayerFolder, lower: [LayerFolder], ownership: Ownership, limits: Limits = Limits()) {
        self.root = root
        self.lower = lower
        self.ownership = ownership
        self.limits = limits
    }

    /// Unpacks everything `source` holds.
    func unpack(_ source: any ChunkSource, name: String) throws(ImageError) {
        if let below = lower.first {
            try explaining("copy the root folder's owner") { () throws(SystemError) in try copyFolder(from: below, to: root) }
        }
        var reader = TarReader(source, name: name)
        while let entry = try reader.next() {
            entryCount += 1
            guard entryCount <= limits.entries else { throw ImageError(.tooLarge, "\(name) has more than \(limits.entries) members") }
            guard entry.size <= limits.bytes - byteCount else {
                throw ImageError(.tooLarge, "\(name) unpacks to more than \(ByteCount(limits.bytes))")
            }
            byteCount += entry.size
            let path = try LayerPath(parsing: entry.path)
            try explaining("unpack \(entry.displayPath) of \(name)") { () throws(LayerFailure) in
                try place(entry, path, &reader)
            }
        }
        try explaining("set the times of folders of \(name)") { () throws(SystemError) in try setFolderTimes() }
    }

    private func place(_ entry: TarEntry, _ path: LayerPath, _ reader: inout TarReader) throws(LayerFailure) {
        guard let last = path.names.last else {
            if entry.kind == .directory { try system { () throws(SystemError) in try finish(entry, folder: root, at: path) } }
            return
        }
        let parent = try folder(path.parent)
        if last.starts(with: Array(".wh.".utf8)) {
            return try whiteout(Array(last.dropFirst(4)), in: parent, entry)
        }
        let name = path.lastName
        switch entry.kind {
        case .directory: try makeFolder(entry, name, path, in: parent)
        case .file: try writeFile(entry, name, in: parent, &reader)
        case .hardLink: try makeHardLink(entry, name, in: parent)
        case .symbolicLink:
            guard !entry.linkTarget.isEmpty else { throw .image(ImageError(.corrupt, "\(entry.displayPath) is a link to nothing")) }
            let target = (entry.linkTarget + [0]).map { CChar(bitPattern: $0) }
            try replacing(name, in: parent) { symlinkat(target, parent.raw, name) }
            try system { () throws(SystemError) in try finish(entry, name, in: parent) }
        case .fifo: try makeNode(entry, name, in: parent, UInt32(S_IFIFO), 0, 0)
        case .characterDevice(let major, let minor): try makeNode(entry, name, in: parent, UInt32(S_IFCHR), major, minor)
        case .blockDevice(let major, let minor): try makeNode(entry, name, in: parent, UInt32(S_IFBLK), major, minor)
        }
    }

    // MARK: kinds

    private func makeFolder(_ entry: TarEntry, _ name: [CChar], _ path: LayerPath, in parent: LayerFolder) throws(LayerFailure) {
        try system { () throws(SystemError) in
            var hidesLower = false
            if mkdirat(parent.raw, name, 0o700) != 0 {
                guard Glibc.errno == EEXIST, let info = try parent.status(name) else {
                    throw SystemError.last("mkdirat", entry.displayPath)
                }
                if info.st_mode & S_IFMT != S_IFDIR {
                    hidesLower = Self.isWhiteout(info)
                    try remove(name, in: parent)
                    try SystemError.check("mkdirat", entry.displayPath) { mkdirat(parent.raw, name, 0o700) }
                }
            }
            let folder = try parent.open(LayerPath([path.names.last!]))
            try finish(entry, folder: folder, at: path)
            // The archive removed what was there and made a new folder: nothing of the old one may shine through.
            if hidesLower { try makeOpaque(folder) }
        }
    }

    private func writeFile(_ entry: TarEntry, _ name: [CChar], in parent: LayerFolder, _ reader: inout TarReader) throws(LayerFailure) {
        var opened: CInt = -1
        try replacing(name, in: parent) {
            opened = openat(parent.raw, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            return opened
        }
        let file = FileDescriptor(opened)
        do throws(ImageError) {
            try reader.readData { (part) throws(ImageError) in
                do throws(SystemError) { try file.writeAll(part) } catch {
                    throw ImageError(
                        error.errno == ENOSPC || error.errno == EDQUOT ? .diskFull : .system, "cannot write \(entry.displayPath)",
                        cause: error)
                }
            }
        } catch { throw .image(error) }
        let raw = file.raw
        try system { () throws(SystemError) in
            if ownership == .exact { try SystemError.check("fchown", entry.displayPath) { fchown(raw, entry.uid, entry.gid) } }
            // After fchown, which clears capabilities and the setuid bit.
            for attribute in entry.attributes where isAllowed(attribute.name) {
                try tolerateUnsupported { () throws(SystemError) in
                    try SystemError.check("fsetxattr", "\(attribute.name), \(entry.displayPath)") {
                        kd_fsetxattr(raw, attribute.name, attribute.value, attribute.value.count)
                    }
                }
            }
            try SystemError.check("fchmod", entry.displayPath) { fchmod(raw, entry.mode) }
            try SystemError.check("futimens", entry.displayPath) {
                kd_utimens_at(raw, "", entry.modified.seconds, entry.modified.nanoseconds, 0)
            }
        }
    }

    private func makeHardLink(_ entry: TarEntry, _ name: [CChar], in parent: LayerFolder) throws(LayerFailure) {
        let target: LayerPath
        do throws(ImageError) { target = try LayerPath(parsing: entry.linkTarget) } catch { throw .image(error) }
        guard !target.names.isEmpty else { throw .image(ImageError(.corrupt, "\(entry.displayPath) is a hard link to the root folder")) }
        let targetFolder = try folder(target.parent)
        let targetName = target.lastName
        var info = try system { () throws(SystemError) in try targetFolder.status(targetName) }
        if info == nil {
            let found = try system { () throws(SystemError) in try copyUp(target, to: targetFolder) }
            guard found else {
                throw .image(ImageError(.corrupt, "\(entry.displayPath) is a hard link to \(target.text), which is in no layer"))
            }
            info = try system { () throws(SystemError) in try targetFolder.status(targetName) }
        }
        guard let info, info.st_mode & S_IFMT != S_IFDIR, !Self.isWhiteout(info) else {
            throw .image(ImageError(.corrupt, "\(entry.displayPath) is a hard link to \(target.text), which is a folder or was removed"))
        }
        // A link to itself must not remove its own target.
        if let existing = try system({ () throws(SystemError) in try parent.status(name) }), existing.st_ino == info.st_ino { return }
        try replacing(name, in: parent) { linkat(targetFolder.raw, targetName, parent.raw, name, 0) }
    }

    private func makeNode(
        _ entry: TarEntry, _ name: [CChar], in parent: LayerFolder, _ kind: UInt32, _ major: UInt32, _ minor: UInt32
    ) throws(LayerFailure) {
        if kind == UInt32(S_IFCHR), major == 0, minor == 0 {
            throw .image(ImageError(.corrupt, "\(entry.displayPath) is a character device 0:0, which would hide files of other layers"))
        }
        // An ordinary user cannot make devices; containers get theirs from the runtime anyway.
        if ownership == .ownUser, kind != UInt32(S_IFIFO) { return }
        try replacing(name, in: parent) { kd_mknodat(parent.raw, name, kind | 0o600, major, minor) }
        try system { () throws(SystemError) in try finish(entry, name, in: parent) }
    }

    private func whiteout(_ hidden: [UInt8], in parent: LayerFolder, _ entry: TarEntry) throws(LayerFailure) {
        if hidden.elementsEqual(".wh..opq".utf8) { return try system { () throws(SystemError) in try makeOpaque(parent) } }
        // Other names of this form are bookkeeping of aufs.
        if hidden.starts(with: Array(".wh.".utf8)) { return }
        guard !hidden.isEmpty, hidden != [46], hidden != [46, 46] else {
            throw .image(ImageError(.corrupt, "\(entry.displayPath) removes nothing that can be named"))
        }
        let name = (hidden + [0]).map { CChar(bitPattern: $0) }
        try system { () throws(SystemError) in
            guard let info = try parent.status(name) else {
                try SystemError.check("mknodat", entry.displayPath) { kd_mknodat(parent.raw, name, UInt32(S_IFCHR), 0, 0) }
                return
            }
            // The layer itself has this name: its own content stays, what lies below must not shine through.
            if info.st_mode & S_IFMT == S_IFDIR { try makeOpaque(try parent.open(LayerPath([hidden]))) }
        }
    }
}
