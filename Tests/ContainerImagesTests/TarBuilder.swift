import Glibc
import LinuxKernel

@testable import ContainerImages

/// Makes archives byte by byte, honest and hostile ones.
struct TarBuilder {
    var bytes: [UInt8] = []

    mutating func add(
        _ path: String, type: Character = "0", content: [UInt8] = [], link: String = "", mode: Int = 0o644, uid: Int = 0, gid: Int = 0,
        mtime: Int = 1_700_000_000, statedSize: Int64? = nil, major: Int = 0, minor: Int = 0
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ offset: Int) { for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte } }
        func octal(_ value: Int64, _ width: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: max(0, width - 1 - digits.count)) + digits
        }
        precondition(path.utf8.count <= 100 && link.utf8.count <= 100, "long names need an extended header")
        put(path, 0)
        put(octal(Int64(mode), 8), 100)
        put(octal(Int64(uid), 8), 108)
        put(octal(Int64(gid), 8), 116)
        put(octal(statedSize ?? Int64(content.count), 12), 124)
        put(octal(Int64(mtime), 12), 136)
        put(String(type), 156)
        put(link, 157)
        put("ustar", 257)
        put("00", 263)
        put(octal(Int64(major), 8), 329)
        put(octal(Int64(minor), 8), 337)
        seal(&header)
        bytes += header
        data(content)
    }

    /// An extended header for the next member.
    mutating func pax(_ records: [(String, [UInt8])]) {
        var text: [UInt8] = []
        for (key, value) in records {
            let body = Array(" \(key)=".utf8) + value + [10]
            var length = body.count + 1
            while "\(length)".utf8.count + body.count != length { length = "\(length)".utf8.count + body.count }
            text += Array("\(length)".utf8) + body
        }
        add("PaxHeader", type: "x", content: text)
    }

    /// Replaces a header field of the last header that starts `back` bytes before the end.
    mutating func patchLastHeader(back: Int, at offset: Int, _ field: [UInt8]) {
        let start = bytes.count - back
        var header = Array(bytes[start..<(start + 512)])
        for (index, byte) in field.enumerated() { header[offset + index] = byte }
        seal(&header)
        bytes.replaceSubrange(start..<(start + 512), with: header)
    }

    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    private mutating func data(_ content: [UInt8]) {
        bytes += content
        if content.count % 512 != 0 { bytes += [UInt8](repeating: 0, count: 512 - content.count % 512) }
    }

    private func seal(_ header: inout [UInt8]) {
        for index in 148..<156 { header[index] = 32 }
        let sum = header.reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        let text = String(repeating: "0", count: 6 - digits.count) + digits
        for (index, byte) in text.utf8.enumerated() { header[148 + index] = byte }
        (header[154], header[155]) = (0, 32)
    }
}

/// Bytes in memory, in small pieces.
final class MemoryChunks: ChunkSource {
    private let bytes: UnsafeMutableRawBufferPointer
    private let pieceSize: Int
    private var position = 0

    init(_ source: [UInt8], pieceSize: Int = 1000) {
        bytes = .allocate(byteCount: source.count, alignment: 1)
        bytes.copyBytes(from: source)
        self.pieceSize = pieceSize
    }

    deinit { bytes.deallocate() }

    func next() -> UnsafeRawBufferPointer? {
        guard position < bytes.count else { return nil }
        let size = min(pieceSize, bytes.count - position)
        defer { position += size }
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[position..<(position + size)])
    }
}

/// A folder for one test, with room for a store and layers.
struct Workspace {
    let folder: String

    static func with(_ body: (Workspace) throws -> Void) throws {
        let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        try FileSystem.makeDirectories(folder)
        defer { try? FileSystem.removeTree(folder) }  // best effort: the test's own result matters more
        try body(Workspace(folder: folder))
    }

    func store() throws -> ImageStore { try ImageStore(directory: "\(folder)/images", time: ManualTimeSource()) }

    /// Unpacks an archive as a layer of its own and returns its folder.
    @discardableResult
    func unpack(_ tar: [UInt8], as name: String = "layer", over lower: [String] = [], limits: LayerUnpacker.Limits = .init()) throws
        -> String
    {
        let path = "\(folder)/\(name)"
        try FileSystem.makeDirectories(path)
        let ownership: LayerUnpacker.Ownership = SystemFacts.isRoot ? .exact : .ownUser
        func open(_ path: String) throws -> LayerFolder { LayerFolder(try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)) }
        let unpacker = LayerUnpacker(into: try open(path), lower: try lower.map(open), ownership: ownership, limits: limits)
        try unpacker.unpack(MemoryChunks(tar), name: "layer")
        return path
    }

    /// Writes a `docker save` archive of the old form.
    func dockerArchive(layers: [[UInt8]], diffIDs: [Digest]? = nil, tag: String = "test:1", architecture: String = SystemFacts.architecture)
        throws -> String
    {
        let ids = diffIDs ?? layers.map { Digest(of: $0) }
        let config = Array(
            "{\"architecture\":\"\(architecture)\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"/a\"],\"Env\":[\"A=b\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\(ids.map { "\"\($0)\"" }.joined(separator: ","))]}}"
                .utf8)
        let names = layers.indices.map { "l\($0)/layer.tar" }
        var tar = TarBuilder()
        for (name, layer) in zip(names, layers) { tar.add(name, content: layer) }
        let configName = "\(Digest(of: config).hex).json"
        tar.add(configName, content: config)
        let list = names.map { "\"\($0)\"" }.joined(separator: ",")
        tar.add("manifest.json", content: Array("[{\"Config\":\"\(configName)\",\"RepoTags\":[\"\(tag)\"],\"Layers\":[\(list)]}]".utf8))
        let path = "\(folder)/\(SecureRandom.hex(8)).tar"
        try FileSystem.writeAtomically(path, tar.finished)
        return path
    }
}

extension SystemFacts {
    static var isRoot: Bool { effectiveUser == 0 }
}
