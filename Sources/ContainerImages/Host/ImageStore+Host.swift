internal import Glibc
internal import LinuxKernel

extension ImageStore {
    /// Makes the image `host/<program>:latest` from a program of this machine and the libraries it needs. For busybox every applet
    /// gets its name in /bin, and the image starts a shell.
    /// - Parameter program: a path, or a name that is looked up in $PATH.
    package func importHost(_ program: String) throws(ImageError) -> ImageRecord {
        let path = try Self.locate(program)
        let name = FileSystem.name(of: path)
        let reference = try ImageReference(parsing: "host/\(name.lowercased()):latest")
        let libraries = try LibraryResolver().libraries(of: path)
        let applets = name == "busybox" ? try Self.applets(of: path) : []
        var config = ImageConfig()
        config.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        if name == "busybox" { config.cmd = ["sh"] } else { config.entrypoint = [path] }
        return try build(reference.description, config, source: "host:\(path)") { (layer) throws(ImageError) in
            for folder in ["/bin", "/dev", "/etc", "/proc", "/run", "/sys", "/usr", "/var"] { try layer.addFolder(folder) }
            try layer.addFolder("/root", mode: 0o700)
            try layer.addFolder("/tmp", mode: 0o1777)
            try layer.addText("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
            try layer.addText("/etc/group", "root:x:0:\nnogroup:x:65534:\n")
            try layer.addProgram(path, from: path)
            for library in libraries.sorted(by: { $0.target < $1.target }) { try layer.addProgram(library.target, from: library.source) }
            for applet in applets where "/bin/\(applet)" != path { try layer.addLink("/bin/\(applet)", to: path) }
        }
    }

    /// As `importHost`, on a thread of its own.
    package func importHost(program: String) async throws(ImageError) -> ImageRecord {
        try await KernelThread.run("kdash-images") { () throws(ImageError) in try self.importHost(program) }
    }

    /// Makes an image of one layer from this machine's files, replacing an older one of the same name.
    func build(
        _ name: String, _ config: ImageConfig, source: String, _ fill: (inout LayerBuilder) throws(ImageError) -> Void
    ) throws(ImageError) -> ImageRecord {
        try exclusively { () throws(ImageError) in
            let staged = SecureRandom.hex(16)
            defer { try? folders.staging.remove(staged) }  // best effort: the next start empties the folder
            let work = try explaining("make a staging folder") { () throws(SystemError) in try folders.staging.make(staged, mode: 0o755) }
            var builder = LayerBuilder(root: try explaining("make a staging folder") { () throws(SystemError) in try work.make("fs", mode: 0o755) })
            try fill(&builder)
            let layer = builder.digest()
            let bytes = ImageConfiguration.encode(config, diffIDs: [layer], architecture: SystemFacts.architecture)
            let id = Digest(of: bytes)
            try explaining("write the image \(name)") { () throws(SystemError) in
                try work.write("size", Array("\(builder.byteCount)".utf8))
                try folders.blobs.write(id.hex, bytes)
                try folders.layers.synchronizeFileSystem()
                if !folders.layers.has(layer.hex) {
                    try folders.staging.rename(staged, to: folders.layers, as: layer.hex)
                    try folders.layers.synchronize()
                }
            }
            let record = ImageRecord(
                id: id, manifestDigest: nil, names: [name], layers: [layer], size: ByteCount(builder.byteCount), loadedAt: time.now(),
                source: source)
            try add([record])
            return record
        }
    }

    private static func locate(_ program: String) throws(ImageError) -> String {
        if program.contains("/") {
            guard FileSystem.exists(program) else { throw ImageError(.notFound, "there is no program \(program)") }
            guard program.hasPrefix("/") else { throw ImageError(.invalidReference, "give \(program) with its full path") }
            return program
        }
        let search = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        for folder in search.split(separator: ":") where folder.hasPrefix("/") && access("\(folder)/\(program)", X_OK) == 0 {
            return "\(folder)/\(program)"
        }
        throw ImageError(.notFound, "there is no program \(program) in \(search)")
    }

    /// What busybox calls itself; it was named by the user, so asking it is no more than running it.
    private static func applets(of path: String) throws(ImageError) -> [String] {
        let bytes = try explaining("ask \(path) for its applets") { () throws(SystemError) -> [UInt8] in
            let output = try FileDescriptor.memory(named: "applets")
            let child = try ChildProcess.start(
                path, arguments: ["busybox", "--list"], environment: [], standardStreams: (nil, output.raw, nil))
            guard try child.wait() == .code(0) else { return [] }
            lseek(output.raw, 0, SEEK_SET)
            return try FileSystem.readAll(output, limit: 1 << 20, named: "applets")
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { !$0.contains("/") && !$0.isEmpty && $0 != "." && $0 != ".." }
    }
}
