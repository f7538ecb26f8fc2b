internal import CLinux
internal import Glibc
internal import LinuxKernel

extension LayerUnpacker {
    /// The folder at `path`, following links inside the layers and making what is missing.
    func folder(_ path: LayerPath) throws(LayerFailure) -> LayerFolder {
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

    func copyFolder(from source: LayerFolder, to target: LayerFolder) throws(SystemError) {
        let info = try source.descriptor.status()
        if ownership == .exact { try SystemError.check("fchown", "folder") { fchown(target.raw, info.st_uid, info.st_gid) } }
        try SystemError.check("fchmod", "folder") { fchmod(target.raw, info.st_mode & 0o7777) }
    }

    /// Copies a file that only a lower layer has, so that this layer can link to it; false when no layer has it.
    func copyUp(_ path: LayerPath, to folder: LayerFolder) throws(SystemError) -> Bool {
        guard let (below, info) = try findBelow(path), info.st_mode & S_IFMT == S_IFREG else { return false }
        let name = path.lastName
        let source = try SystemError.check("openat", path.text) { openat(below.raw, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
        let from = FileDescriptor(source)
        let target = FileDescriptor(
            try SystemError.check("openat", path.text) {
                openat(folder.raw, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            })
        while try SystemError.check("copy_file_range", path.text, { kd_copy_file_range(from.raw, target.raw, 1 << 30) }) > 0 {}
        let raw = target.raw
        if ownership == .exact { try SystemError.check("fchown", path.text) { fchown(raw, info.st_uid, info.st_gid) } }
        try SystemError.check("fchmod", path.text) { fchmod(raw, info.st_mode & 0o7777) }
        try SystemError.check("futimens", path.text) { kd_utimens_at(raw, "", Int64(info.st_mtim.tv_sec), Int64(info.st_mtim.tv_nsec), 0) }
        return true
    }
}
