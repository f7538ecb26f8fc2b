internal import JSONCore
internal import LinuxKernel

/// The OCI image layout: index.json and blobs by digest. Source: OCI image-spec image-layout.md.
struct OCILayout {
    private static let indexTypes: Set = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    ]
    private static let manifestTypes: Set = [
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
    ]
    private static let layerTypes: Set = [
        "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.docker.image.rootfs.diff.tar.zstd",
    ]

    private let archive: any ImageArchive

    init(_ archive: any ImageArchive) { self.archive = archive }

    /// Every runnable image the index leads to; an error when there is none.
    func images() throws(ImageError) -> [ImageManifest] {
        let layout = try ImageManifest.json(try archive.required("oci-layout"))
        guard let version = layout["imageLayoutVersion"]?.stringValue, version.hasPrefix("1.") else {
            throw ImageError(.unsupported, "the archive's OCI layout version is not 1.x")
        }
        var images: [ImageManifest] = []
        var others: [String] = []
        try collect(try ImageManifest.json(try archive.required("index.json")), names: [], depth: 0, isTop: true, &images, &others)
        guard !images.isEmpty else {
            let machine = "linux/\(SystemFacts.architecture)"
            throw others.isEmpty
                ? ImageError(.corrupt, "the archive's index names no image")
                : ImageError(.unsupported, "the archive has no image for \(machine), only for \(others.joined(separator: ", "))")
        }
        return images
    }

    private func collect(
        _ index: JSONValue, names: [String], depth: Int, isTop: Bool, _ images: inout [ImageManifest], _ others: inout [String]
    ) throws(ImageError) {
        guard depth < 4 else { throw ImageError(.corrupt, "the archive's indexes are nested deeper than 4") }
        for descriptor in index["manifests"]?.arrayValue ?? [] {
            let found = names + Self.names(descriptor)
            let type = descriptor["mediaType"]?.stringValue ?? ""
            if let platform = descriptor["platform"] {
                let os = platform["os"]?.stringValue ?? ""
                let architecture = platform["architecture"]?.stringValue ?? ""
                guard os == "linux", architecture == SystemFacts.architecture else {
                    // unknown/unknown marks attestations, which are no images.
                    if os != "unknown" { others.append("\(os)/\(architecture)") }
                    continue
                }
            }
            if Self.indexTypes.contains(type) {
                let slice = try blob(descriptor)
                let bytes = try verified(slice, descriptor)
                try collect(try Self.parse(bytes, slice.name), names: found, depth: depth + 1, isTop: false, &images, &others)
            } else if Self.manifestTypes.contains(type) || type.isEmpty {
                // Several variants below one index: the first that fits is the one its author prefers.
                if !isTop, images.contains(where: { !$0.names.isEmpty && $0.names == found }) { continue }
                images.append(try image(descriptor, names: found))
            }
        }
    }

    private func image(_ descriptor: JSONValue, names: [String]) throws(ImageError) -> ImageManifest {
        let slice = try blob(descriptor)
        let bytes = try verified(slice, descriptor)
        let manifest = try Self.parse(bytes, slice.name)
        guard let config = manifest["config"], let listed = manifest["layers"]?.arrayValue else {
            throw ImageError(.corrupt, "\(slice.name) is not an image manifest")
        }
        let configuration = try ImageConfiguration(parsing: try verified(try blob(config), config))
        try ImageManifest.checkPlatform(configuration, listed.count, name: names.first ?? slice.name)
        var layers: [ImageManifest.Layer] = []
        for layer in listed {
            let type = layer["mediaType"]?.stringValue ?? ""
            guard Self.layerTypes.contains(type) else {
                throw ImageError(.unsupported, "\(slice.name): layers of type \"\(type)\" cannot be unpacked")
            }
            layers.append(.init(blob: try blob(layer), digest: try digest(layer)))
        }
        return ImageManifest(configuration: configuration, layers: layers, names: names, manifest: (bytes, Digest(of: bytes)))
    }

    private func digest(_ descriptor: JSONValue) throws(ImageError) -> Digest {
        let text = descriptor["digest"]?.stringValue ?? ""
        guard let digest = Digest(text) else {
            throw ImageError(.unsupported, "the archive refers to \"\(text)\"; only sha256 digests are read")
        }
        return digest
    }

    private func blob(_ descriptor: JSONValue) throws(ImageError) -> FileSlice {
        let digest = try digest(descriptor)
        let slice = try archive.required("blobs/sha256/\(digest.hex)")
        if let size = descriptor["size"]?.integerValue, size != slice.length {
            throw ImageError(.corrupt, "\(digest) has \(slice.length) bytes, not \(size)")
        }
        return FileSlice(file: slice.file, offset: slice.offset, length: slice.length, name: "\(digest)")
    }

    private func verified(_ slice: FileSlice, _ descriptor: JSONValue) throws(ImageError) -> [UInt8] {
        let bytes = try slice.readAll(limit: ImageManifest.maximumDocument)
        let (found, wanted) = (Digest(of: bytes), try digest(descriptor))
        guard found == wanted else { throw ImageError(.corrupt, "the blob \(wanted) has the digest \(found)") }
        return bytes
    }

    private static func parse(_ bytes: [UInt8], _ name: String) throws(ImageError) -> JSONValue {
        do throws(JSONError) { return try JSON.parse(bytes, limits: JSONLimits(maximumBytes: Int(ImageManifest.maximumDocument))) } catch {
            throw ImageError(.corrupt, "\(name) is not JSON: \(error)")
        }
    }

    /// containerd and Docker write complete names; the standard annotation is often only a tag, which names nothing.
    private static func names(_ descriptor: JSONValue) -> [String] {
        let annotations = descriptor["annotations"]
        if let name = annotations?["io.containerd.image.name"]?.stringValue.flatMap(ImageManifest.complete) { return [name] }
        guard let name = annotations?["org.opencontainers.image.ref.name"]?.stringValue, name.contains(where: { $0 == ":" || $0 == "/" })
        else { return [] }
        return ImageManifest.complete(name).map { [$0] } ?? []
    }
}
