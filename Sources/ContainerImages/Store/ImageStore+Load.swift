internal import Glibc
package import LinuxKernel

extension ImageStore {
    /// Loads every image of a `docker save` archive, an OCI layout archive (both also gzip or zstd compressed) or an OCI layout
    /// folder. All digests are verified. A failure names the entry or digest and leaves nothing behind.
    package func load(path: String) throws(ImageError) -> [ImageRecord] {
        if FileSystem.isDirectory(path) { return try load(try FolderArchive(path), name: path) }
        let file = try explaining("open \(path)") { () throws(SystemError) in try FileDescriptor.open(path, O_RDONLY) }
        return try load(file: file, name: path)
    }

    /// As `load(path:)`, on a thread of its own.
    package func load(path: String) async throws(ImageError) -> [ImageRecord] {
        try await KernelThread.run("kdash-images") { () throws(ImageError) in try self.loadBlocking(path) }
    }

    /// Loads an archive from an open file; a pipe is copied into the store first, since archives are read out of order.
    package func load(file: consuming FileDescriptor, name: String = "the archive") throws(ImageError) -> [ImageRecord] {
        let file = SharedFile(file)
        let info = try explaining("read \(name)") { () throws(SystemError) in try file.descriptor.status() }
        if info.st_mode & S_IFMT == S_IFREG {
            return try load(archive: FileSlice(file: file, offset: 0, length: Int64(info.st_size), name: name))
        }
        let upload = try beginUpload()
        while true {
            let piece = try explaining("read \(name)") { () throws(SystemError) in try file.descriptor.read(maximum: 1 << 20) }
            if piece.isEmpty { return try upload.finish() }
            try upload.append(piece)
        }
    }

    /// Starts receiving an archive in pieces, as the body of a request.
    package func beginUpload() throws(ImageError) -> ImageUpload { try ImageUpload(self) }

    private func loadBlocking(_ path: String) throws(ImageError) -> [ImageRecord] { try load(path: path) }

    /// Loads a tar archive, compressed or not.
    func load(archive slice: FileSlice) throws(ImageError) -> [ImageRecord] {
        let compression = Compression(magic: try slice.prefix(4))
        guard compression != .none else { return try load(try TarArchive(slice), name: slice.name) }
        let plain = try temporaryFile()
        let source = try compression.decompress(
            FileChunks(slice), length: slice.length, limit: LayerUnpacker.Limits().bytes, name: slice.name, scratch: temporaryFile)
        var size: Int64 = 0
        while let piece = try source.next() {
            size += Int64(piece.count)
            guard size <= LayerUnpacker.Limits().bytes else {
                throw ImageError(.tooLarge, "\(slice.name) decompresses to more than \(ByteCount(LayerUnpacker.Limits().bytes))")
            }
            try explaining("decompress \(slice.name)") { () throws(SystemError) in try plain.descriptor.writeAll(piece) }
        }
        return try load(try TarArchive(FileSlice(file: plain, offset: 0, length: size, name: slice.name)), name: slice.name)
    }

    /// A file in the store that vanishes with its last reader.
    func temporaryFile() throws(ImageError) -> SharedFile {
        let name = SecureRandom.hex(16)
        return try explaining("make a temporary file") { () throws(SystemError) in
            let file = try folders.staging.newFile(name)
            try folders.staging.remove(name)
            return SharedFile(file)
        }
    }

    private func load(_ archive: some ImageArchive, name: String) throws(ImageError) -> [ImageRecord] {
        let images = try ImageManifest.all(in: archive, name: name)
        return try exclusively { () throws(ImageError) in
            let name = SecureRandom.hex(16)
            defer { try? folders.staging.remove(name) }  // best effort: the next start empties the folder
            let work = try explaining("make a staging folder") { () throws(SystemError) in try folders.staging.make(name, mode: 0o700) }
            var staged: [Digest: StoreFolder] = [:]
            var records: [ImageRecord] = []
            for image in images { records.append(try unpack(image, in: work, &staged)) }
            try publish(images, staged, from: work, records)
            return records
        }
    }

    private func unpack(_ image: ImageManifest, in work: StoreFolder, _ staged: inout [Digest: StoreFolder]) throws(ImageError) -> ImageRecord {
        var chain: Digest?
        var chains: [Digest] = []
        var size = ByteCount.zero
        for (layer, diffID) in zip(image.layers, image.configuration.diffIDs) {
            let id = Digest.chainID(of: diffID, on: chain)
            if staged[id] == nil, !folders.layers.has(id.hex) {
                let folder = try explaining("make a staging folder") { () throws(SystemError) in try work.make(id.hex, mode: 0o755) }
                try unpack(layer, diffID, into: folder, lower: try lower(chains, staged))
                staged[id] = folder
            }
            size += staged[id]?.size("size") ?? self.size(ofLayer: id.hex)
            chains.append(id)
            chain = id
        }
        return ImageRecord(
            id: image.configuration.digest, manifestDigest: image.manifest?.digest, names: image.names, layers: chains, size: size,
            loadedAt: time.now())
    }

    /// The layers below, top first.
    private func lower(_ chains: [Digest], _ staged: [Digest: StoreFolder]) throws(ImageError) -> [LayerFolder] {
        try explaining("open the folder of a layer") { () throws(SystemError) in
            var opened: [LayerFolder] = []
            for chain in chains.reversed() {
                let layer = if let made = staged[chain] { made } else { try folders.layers.open(chain.hex) }
                opened.append(try layer.open("fs").layer())
            }
            return opened
        }
    }

    private func unpack(
        _ layer: ImageManifest.Layer, _ diffID: Digest, into folder: StoreFolder, lower: [LayerFolder]
    ) throws(ImageError) {
        let root = try explaining("make a staging folder") { () throws(SystemError) in try folder.make("fs", mode: 0o755).layer() }
        let name = "layer \(layer.digest ?? diffID)"
        let blob = FileSlice(file: layer.blob.file, offset: layer.blob.offset, length: layer.blob.length, name: name)
        let compression = Compression(magic: try blob.prefix(4))
        // Both digests at once would be the same one for a layer that is not compressed.
        let packed: (any ChunkSource) = compression == .none ? FileChunks(blob) : HashingChunks(FileChunks(blob))
        let limits = LayerUnpacker.Limits()
        let content = HashingChunks(
            try compression.decompress(packed, length: blob.length, limit: limits.bytes, name: name, scratch: temporaryFile))
        let unpacker = LayerUnpacker(into: root, lower: lower, ownership: ownership, limits: limits)
        // A wrong blob often shows as a tar error first; the digest is what the reader can act on.
        var failure: ImageError?
        do throws(ImageError) { try unpacker.unpack(content, name: name) } catch { failure = error }
        if let failure, failure.code != .corrupt { throw failure }
        do throws(ImageError) {
            let found = try content.finish()
            if let wanted = layer.digest {
                let packedDigest = try (packed as? HashingChunks)?.finish() ?? found
                guard packedDigest == wanted else { throw ImageError(.corrupt, "\(name) is damaged: its digest is \(packedDigest)") }
            }
            guard found == diffID else {
                throw ImageError(.corrupt, "\(name) is damaged: its content has the digest \(found), not \(diffID)")
            }
        } catch { throw failure.map { ImageError(.corrupt, "\($0.message) (\(error.message))", cause: $0.cause) } ?? error }
        if let failure { throw failure }
        try explaining("finish \(name)") { () throws(SystemError) in
            try folder.write("size", Array("\(unpacker.byteCount)".utf8))
        }
    }

    /// Makes everything durable and visible; on failure nothing is.
    private func publish(
        _ images: [ImageManifest], _ staged: [Digest: StoreFolder], from work: StoreFolder, _ records: [ImageRecord]
    ) throws(ImageError) {
        do throws(ImageError) {
            try explaining("write the image") { () throws(SystemError) in
                for image in images {
                    try folders.blobs.write(image.configuration.digest.hex, image.configuration.bytes)
                    if let manifest = image.manifest { try folders.blobs.write(manifest.digest.hex, manifest.bytes) }
                }
                // One flush for thousands of files; before the rename, so that a layer's name is never ahead of its content.
                try folders.layers.synchronizeFileSystem()
                for chain in staged.keys { try work.rename(chain.hex, to: folders.layers, as: chain.hex) }
                try folders.layers.synchronize()
            }
            try add(records)
        } catch {
            _ = try? removeUnreferenced()  // best effort: `prune` finds them later
            throw error
        }
    }
}
