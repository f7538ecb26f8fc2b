import LinuxKernel

/// The inputs that every run starts from: those in the source tree and those that runs by hand have kept.
enum Corpus {
    /// The package's folder.
    static let root = FileSystem.directory(of: FileSystem.directory(of: FileSystem.directory(of: FileSystem.directory(of: #filePath))))

    /// The inputs of a folder by file name; none when there is no such folder.
    static func read(_ folder: String) throws -> [(name: String, bytes: [UInt8])] {
        guard FileSystem.isDirectory(folder) else { return [] }
        return try FileSystem.names(in: folder).sorted().map { ($0, try FileSystem.readFile("\(folder)/\($0)")) }
    }

    /// The committed inputs of a target.
    static func committed(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        try read("\(root)/Tests/FuzzTests/Corpus/\(target.name)")
    }

    /// Saves an input under a name that its bytes give. Returns the path.
    @discardableResult
    static func save(_ bytes: [UInt8], in folder: String) throws -> String {
        try FileSystem.makeDirectories(folder)
        let path = "\(folder)/\(String(stableHash(bytes), radix: 16))"
        try FileSystem.writeAtomically(path, bytes, mode: 0o644)
        return path
    }
}
