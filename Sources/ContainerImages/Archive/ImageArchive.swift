internal import CLinux
internal import Glibc
internal import LinuxKernel

/// Files by name: a tar archive on disk, or a folder.
protocol ImageArchive {
    /// nil when there is no such file.
    func file(_ name: String) throws(ImageError) -> FileSlice?
}

extension ImageArchive {
    /// As `file`; `corrupt` when it is missing.
    func required(_ name: String) throws(ImageError) -> FileSlice {
        guard let slice = try file(name) else { throw ImageError(.corrupt, "the archive lacks \(name)") }
        return slice
    }
}

/// An OCI layout as a folder.
struct FolderArchive: ImageArchive {
    private let root: SharedFile

    init(_ path: String) throws(ImageError) {
        root = SharedFile(
            try explaining("open \(path)") { () throws(SystemError) in try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY) })
    }

    func file(_ name: String) throws(ImageError) -> FileSlice? {
        let file: SharedFile
        do throws(SystemError) { file = try open(name) } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
            throw ImageError(.system, "cannot open \(name)", cause: error)
        }
        let info = try explaining("read \(name)") { () throws(SystemError) in try file.descriptor.status() }
        guard info.st_mode & S_IFMT == S_IFREG else { throw ImageError(.corrupt, "\(name) is not a file") }
        return FileSlice(file: file, offset: 0, length: Int64(info.st_size), name: name)
    }

    private func open(_ name: String) throws(SystemError) -> SharedFile {
        // Non-blocking, because a fifo in place of a blob must not hang the load.
        let flags = O_RDONLY | O_NONBLOCK
        let resolve = UInt64(KD_RESOLVE_BENEATH | KD_RESOLVE_NO_MAGICLINKS)
        return SharedFile(try FileDescriptor.openResolving(name, flags, resolve: resolve, at: root.descriptor.raw))
    }
}

/// A tar archive on disk, read once for its table of contents.
struct TarArchive: ImageArchive {
    private static let maximumMembers = 100_000
    private var members: [String: FileSlice] = [:]
    private var links: [String: String] = [:]

    init(_ whole: FileSlice) throws(ImageError) {
        var reader = TarReader(SkippingChunks(whole), name: whole.name)
        while let entry = try reader.next() {
            guard members.count + links.count < Self.maximumMembers else {
                throw ImageError(.tooLarge, "\(whole.name) has more than \(Self.maximumMembers) members")
            }
            let name = try LayerPath(parsing: entry.path).text
            switch entry.kind {
            case .file:
                guard entry.size <= whole.length - reader.dataOffset else {
                    throw ImageError(.corrupt, "\(whole.name) ends in the middle of \(name)")
                }
                members[name] = FileSlice(file: whole.file, offset: whole.offset + reader.dataOffset, length: entry.size, name: name)
            case .hardLink: links[name] = try LayerPath(parsing: entry.linkTarget).text
            case .symbolicLink:
                // Old archives share layers as `../<id>/layer.tar`; resolved within the archive only.
                let folder = try LayerPath(parsing: entry.path).names.dropLast()
                links[name] = LayerPath(LayerPath.resolving(link: entry.linkTarget, in: folder)).text
            default: continue
            }
        }
    }

    func file(_ name: String) throws(ImageError) -> FileSlice? {
        var name = name
        for _ in 0..<8 {
            if let slice = members[name] { return slice }
            guard let target = links[name] else { return nil }
            name = target
        }
        throw ImageError(.corrupt, "\(name) is a link that leads nowhere")
    }
}

/// Reads a file in small pieces and lets the reader jump: used for tables of contents, where data is passed over.
private final class SkippingChunks: ChunkSource {
    private let slice: FileSlice
    private var position: Int64 = 0
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)

    init(_ slice: FileSlice) { self.slice = slice }

    deinit { buffer.deallocate() }

    func next() throws(ImageError) -> UnsafeRawBufferPointer? {
        let wanted = Int(min(Int64(buffer.count), slice.length - position))
        guard wanted > 0 else { return nil }
        let got = try explaining("read \(slice.name)") { () throws(SystemError) in
            try slice.file.descriptor.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: slice.offset + position)
        }
        guard got > 0 else { return nil }
        position += Int64(got)
        return UnsafeRawBufferPointer(rebasing: buffer[..<got])
    }

    func skip(_ count: Int64) -> Int64 {
        let possible = min(count, slice.length - position)
        position += possible
        return possible
    }
}
