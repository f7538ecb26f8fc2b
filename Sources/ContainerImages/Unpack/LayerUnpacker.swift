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
    private var folders: [[[UInt8]]: LayerFolder] = [:]
    private var folderTimes: [LayerPath: (seconds: Int64, nanoseconds: Int64)] = [:]
    private var entryCount = 0
    private(set) var byteCount: Int64 = 0

    init(into path: String, lower: [String], ownership: Ownership, limits: Limits = Limits()) throws(ImageError) {
        (root, self.lower) = try explaining("open the folder of a layer") { () throws(SystemError) in
            var opened: [LayerFolder] = []
            for path in lower { opened.append(try LayerFolder.root(path)) }
            return (try LayerFolder.root(path), opened)
        }
        self.ownership = ownership
        self.limits = limits
    }

    /// Unpacks everything `source` holds.
    func unpack(_ source: any ChunkSource, name: String) throws(ImageError) {
        if let below = lower.first { try explaining("copy the root folder's owner") { () throws(SystemError) in try copyFolder(from: below, to: root) } }
        var reader = TarReader(source, name: name)
        while let entry = try reader.next() {
            entryCount += 1
            byteCount += entry.size
            guard entryCount <= limits.entries else { throw ImageError(.tooLarge, "\(name) has more than \(limits.entries) members") }
            guard byteCount <= limits.bytes else { throw ImageError(.tooLarge, "\(name) unpacks to more than \(ByteCount(limits.bytes))") }
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
                guard Glibc.errno == EEXIST, let info = try parent.status(name) else { throw SystemError.last("mkdirat", entry.displayPath) }
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
                    throw ImageError(error.errno == ENOSPC || error.errno == EDQUOT ? .diskFull : .system, "cannot write \(entry.displayPath)", cause: error)
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
            try SystemError.check("futimens", entry.displayPath) { kd_utimens_at(raw, "", entry.modified.seconds, entry.modified.nanoseconds, 0) }
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
        // An ordinary user cannot make devices; containers get theirs from the runtime anyway.
        if ownership == .ownUser, kind != UInt32(S_IFIFO) { return }
        if kind == UInt32(S_IFCHR), major == 0, minor == 0 {
            throw .image(ImageError(.corrupt, "\(entry.displayPath) is a character device 0:0, which would hide files of other layers"))
        }
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

/// Either kind of failure inside one entry, told apart so that the message names the entry once.
enum LayerFailure: Error {
    case image(ImageError)
    case system(SystemError)
}

/// Runs system calls inside an entry.
func system<T>(_ body: () throws(SystemError) -> T) throws(LayerFailure) -> T {
    do throws(SystemError) { return try body() } catch { throw .system(error) }
}

/// As the function for system calls, for an entry of a layer.
func explaining<T>(_ purpose: @autoclosure () -> String, _ body: () throws(LayerFailure) -> T) throws(ImageError) -> T {
    do throws(LayerFailure) { return try body() } catch {
        switch error {
        case .image(let image): throw ImageError(image.code, "cannot \(purpose()): \(image.message)", cause: image.cause)
        case .system(let cause): return try explaining(purpose()) { () throws(SystemError) in throw cause }
        }
    }
}

extension LayerUnpacker {
    // MARK: steps

    /// Runs a call that makes `name`; when something is in the way, removes that first.
    private func replacing(_ name: [CChar], in parent: LayerFolder, _ make: () -> CInt) throws(LayerFailure) {
        if make() >= 0 { return }
        try system { () throws(SystemError) in
            guard Glibc.errno == EEXIST else { throw SystemError.last("create", LayerFolder.text(name)) }
            try remove(name, in: parent)
            try SystemError.check("create", LayerFolder.text(name)) { make() }
        }
    }

    private func remove(_ name: [CChar], in parent: LayerFolder) throws(SystemError) {
        try parent.remove(name)
        folders.removeAll(keepingCapacity: true)
    }

    private func finish(_ entry: TarEntry, _ name: [CChar], in parent: LayerFolder) throws(SystemError) {
        if ownership == .exact { try SystemError.check("fchownat", entry.displayPath) { kd_chown_at(parent.raw, name, entry.uid, entry.gid) } }
        for attribute in entry.attributes where isAllowed(attribute.name) {
            try tolerateUnsupported { () throws(SystemError) in try parent.setAttribute(attribute.name, attribute.value, of: name) }
        }
        // A symbolic link has no mode of its own.
        if entry.kind != .symbolicLink { try SystemError.check("fchmodat", entry.displayPath) { fchmodat(parent.raw, name, entry.mode, 0) } }
        try SystemError.check("utimensat", entry.displayPath) { kd_utimens_at(parent.raw, name, entry.modified.seconds, entry.modified.nanoseconds, 0) }
    }

    private func finish(_ entry: TarEntry, folder: LayerFolder, at path: LayerPath) throws(SystemError) {
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

    private func setFolderTimes() throws(SystemError) {
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

    private func makeOpaque(_ folder: LayerFolder) throws(SystemError) {
        let name = ownership == .exact ? "trusted.overlay.opaque" : "user.overlay.opaque"
        try SystemError.check("fsetxattr", name) { kd_fsetxattr(folder.raw, name, [UInt8(ascii: "y")], 1) }
    }

    /// overlayfs's own attributes must not come from an archive.
    private func isAllowed(_ name: String) -> Bool {
        if name.hasPrefix("trusted.") || name.hasPrefix("user.overlay.") { return false }
        return ownership == .exact || name.hasPrefix("user.")
    }

    private func tolerateUnsupported(_ body: () throws(SystemError) -> Void) throws(SystemError) {
        do throws(SystemError) { try body() } catch {
            guard error.errno == EOPNOTSUPP else { throw error }
        }
    }

    static func isWhiteout(_ info: stat) -> Bool { info.st_mode & S_IFMT == S_IFCHR && info.st_rdev == 0 }

    // MARK: folders

    /// The folder at `path`, following links inside the layers and making what is missing.
    private func folder(_ path: LayerPath) throws(LayerFailure) -> LayerFolder {
        if path.names.isEmpty { return root }
        if let open = folders[path.names] { return open }
        let folder = try resolve(path)
        // Descriptors are few; a flat drop is as good as an exact order of use.
        if folders.count >= 128 { folders.removeAll(keepingCapacity: true) }
        folders[path.names] = folder
        return folder
    }

    private func resolve(_ path: LayerPath) throws(LayerFailure) -> LayerFolder {
        var pending = Array(path.names.reversed())
        var done: [[UInt8]] = []
        var current = root
        var followed = 0
        while let next = pending.popLast() {
            let name = LayerPath([next]).lastName
            let info = try system { () throws(SystemError) in try current.status(name) }
            let place = LayerPath(done + [next])
            var link: [UInt8]?
            if let info, info.st_mode & S_IFMT == S_IFLNK {
                link = try system { () throws(SystemError) in try current.readLink(name) }
            } else if info == nil || info.map(Self.isWhiteout) == true {
                link = try system { () throws(SystemError) in try makeMissing(place, name, in: current, hidesLower: info != nil) }
            } else if let info, info.st_mode & S_IFMT != S_IFDIR {
                throw .image(ImageError(.corrupt, "\(place.text) is not a folder"))
            }
            guard let link else {
                current = try system { () throws(SystemError) in try current.open(LayerPath([next])) }
                done.append(next)
                continue
            }
            followed += 1
            guard followed <= 40 else { throw .image(ImageError(.corrupt, "\(path.text) goes through more than 40 symbolic links")) }
            pending += LayerPath.resolving(link: link, in: done[...]).reversed()
            (done, current) = ([], root)
        }
        return current
    }

    /// Makes a folder the archive did not mention, with the owner and mode of the one below; or returns where a link below points.
    private func makeMissing(
        _ place: LayerPath, _ name: [CChar], in parent: LayerFolder, hidesLower: Bool
    ) throws(SystemError) -> [UInt8]? {
        if hidesLower {
            try remove(name, in: parent)
        } else if let (below, info) = try findBelow(place) {
            if info.st_mode & S_IFMT == S_IFLNK { return try below.readLink(name) }
            if info.st_mode & S_IFMT == S_IFDIR {
                try SystemError.check("mkdirat", place.text) { mkdirat(parent.raw, name, 0o755) }
                try copyFolder(from: try below.open(LayerPath([place.names.last!])), to: try parent.open(LayerPath([place.names.last!])))
                return nil
            }
        }
        try SystemError.check("mkdirat", place.text) { mkdirat(parent.raw, name, 0o755) }
        let made = try parent.open(LayerPath([place.names.last!]))
        try SystemError.check("fchmod", place.text) { fchmod(made.raw, 0o755) }
        if hidesLower { try makeOpaque(made) }
        return nil
    }

    /// The folder of the topmost lower layer that has something at `place`, and what it is; nil when it is in none or removed.
    private func findBelow(_ place: LayerPath) throws(SystemError) -> (folder: LayerFolder, info: stat)? {
        let name = place.lastName
        for layer in lower {
            let parent: LayerFolder
            do throws(SystemError) { parent = place.parent.names.isEmpty ? layer : try layer.open(place.parent) } catch { continue }
            if let info = try parent.status(name) { return Self.isWhiteout(info) ? nil : (parent, info) }
        }
        return nil
    }

    private func copyFolder(from source: LayerFolder, to target: LayerFolder) throws(SystemError) {
        let info = try source.descriptor.status()
        if ownership == .exact { try SystemError.check("fchown", "folder") { fchown(target.raw, info.st_uid, info.st_gid) } }
        try SystemError.check("fchmod", "folder") { fchmod(target.raw, info.st_mode & 0o7777) }
    }

    /// Copies a file that only a lower layer has, so that this layer can link to it; false when no layer has it.
    private func copyUp(_ path: LayerPath, to folder: LayerFolder) throws(SystemError) -> Bool {
        guard let (below, info) = try findBelow(path), info.st_mode & S_IFMT == S_IFREG else { return false }
        let name = path.lastName
        let source = try SystemError.check("openat", path.text) { openat(below.raw, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
        let from = FileDescriptor(source)
        let target = FileDescriptor(
            try SystemError.check("openat", path.text) { openat(folder.raw, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600) })
        while try SystemError.check("copy_file_range", path.text, { kd_copy_file_range(from.raw, target.raw, 1 << 30) }) > 0 {}
        let raw = target.raw
        if ownership == .exact { try SystemError.check("fchown", path.text) { fchown(raw, info.st_uid, info.st_gid) } }
        try SystemError.check("fchmod", path.text) { fchmod(raw, info.st_mode & 0o7777) }
        try SystemError.check("futimens", path.text) { kd_utimens_at(raw, "", Int64(info.st_mtim.tv_sec), Int64(info.st_mtim.tv_nsec), 0) }
        return true
    }
}
