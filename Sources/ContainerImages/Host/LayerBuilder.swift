internal import Glibc
internal import LinuxKernel

/// Makes a layer from files of the host. Its digest covers paths, kinds, modes and contents, so equal input gives an equal layer.
struct LayerBuilder {
    private let root: StoreFolder
    private var hasher = DigestHasher()
    private(set) var byteCount: Int64 = 0

    /// - Parameter root: an empty folder that becomes the layer.
    init(root: StoreFolder) { self.root = root }

    /// The folder of `path` and the name in it.
    private func parent(_ path: String) throws(SystemError) -> (folder: StoreFolder, name: String) {
        (try folder(FileSystem.directory(of: path)), FileSystem.name(of: path))
    }

    /// The folder at `path`, made when it is missing.
    private func folder(_ path: String) throws(SystemError) -> StoreFolder {
        var folder = root
        for name in path.split(separator: "/") { folder = try folder.make(String(name), mode: 0o755) }
        return folder
    }

    mutating func addFolder(_ path: String, mode: UInt32 = 0o755) throws(ImageError) {
        try explaining("make \(path)") { () throws(SystemError) in
            let made = try folder(path)
            try SystemError.check("fchmod", path) { fchmod(made.raw, mode) }
        }
        hasher.update("d \(path) \(mode)\n")
    }

    mutating func addLink(_ path: String, to target: String) throws(ImageError) {
        try explaining("make \(path)") { () throws(SystemError) in
            let (folder, name) = try parent(path)
            if symlinkat(target, folder.raw, name) != 0, Glibc.errno != EEXIST { throw SystemError.last("symlinkat", path) }
        }
        hasher.update("l \(path) \(target)\n")
    }

    mutating func addText(_ path: String, _ text: String) throws(ImageError) {
        try explaining("make \(path)") { () throws(SystemError) in
            let (folder, name) = try parent(path)
            try folder.write(name, Array(text.utf8), mode: 0o644)
        }
        hasher.update("f \(path) \(Digest(of: text.utf8))\n")
        byteCount += Int64(text.utf8.count)
    }

    /// Copies a program or library, following links, with mode 0755.
    mutating func addProgram(_ path: String, from source: String) throws(ImageError) {
        let file = try explaining("copy \(source)") { () throws(SystemError) in SharedFile(try FileDescriptor.open(source, O_RDONLY)) }
        let info = try explaining("copy \(source)") { () throws(SystemError) in try file.descriptor.status() }
        guard info.st_mode & S_IFMT == S_IFREG else { throw ImageError(.unsupported, "\(source) is not a file") }
        let content = HashingChunks(FileChunks(FileSlice(file: file, offset: 0, length: Int64(info.st_size), name: source)))
        let target = try explaining("write \(path)") { () throws(SystemError) in
            let (folder, name) = try parent(path)
            return try folder.newFile(name, mode: 0o755)
        }
        while let piece = try content.next() {
            try explaining("write \(path)") { () throws(SystemError) in try target.writeAll(piece) }
        }
        byteCount += content.byteCount
        hasher.update("p \(path) \(try content.finish())\n")
    }

    /// The layer's digest once everything was added.
    func digest() -> Digest { hasher.finish() }
}
