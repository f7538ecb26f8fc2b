internal import JSONCore

/// The form `docker save` wrote before version 25: manifest.json with the names of configurations and layer archives.
struct DockerArchive {
    struct Entry {
        let config: String
        let layers: [String]
        let names: [String]
    }

    private let archive: any ImageArchive

    init(_ archive: any ImageArchive) { self.archive = archive }

    func entries(_ list: FileSlice) throws(ImageError) -> [Entry] {
        guard let items = try ImageManifest.json(list).arrayValue else { throw ImageError(.corrupt, "manifest.json is not a list") }
        var entries: [Entry] = []
        for item in items {
            guard let config = item["Config"]?.stringValue, let layers = item["Layers"]?.arrayValue?.compactMap(\.stringValue) else {
                throw ImageError(.corrupt, "manifest.json has an image without Config or Layers")
            }
            let names = (item["RepoTags"]?.arrayValue ?? []).compactMap(\.stringValue).compactMap(ImageManifest.complete)
            entries.append(Entry(config: try LayerPath(parsing: Array(config.utf8)).text, layers: layers, names: names))
        }
        return entries
    }

    func images(_ list: FileSlice) throws(ImageError) -> [ImageManifest] {
        var images: [ImageManifest] = []
        for entry in try entries(list) {
            let configuration = try ImageConfiguration(
                parsing: try archive.required(entry.config).readAll(limit: ImageManifest.maximumDocument))
            // The file is named after its content.
            let stem = entry.config.split(separator: "/").last.map { $0.hasSuffix(".json") ? $0.dropLast(5) : $0 } ?? ""
            if let stated = Digest(hex: stem), stated != configuration.digest {
                throw ImageError(.corrupt, "the image configuration \(entry.config) has the digest \(configuration.digest)")
            }
            try ImageManifest.checkPlatform(configuration, entry.layers.count, name: entry.names.first ?? entry.config)
            var layers: [ImageManifest.Layer] = []
            for layer in entry.layers {
                let path = try LayerPath(parsing: Array(layer.utf8)).text
                let digest = path.hasPrefix("blobs/sha256/") ? Digest(hex: path.dropFirst(13)) : nil
                layers.append(.init(blob: try archive.required(path), digest: digest))
            }
            images.append(ImageManifest(configuration: configuration, layers: layers, names: entry.names, manifest: nil))
        }
        guard !images.isEmpty else { throw ImageError(.corrupt, "manifest.json names no image") }
        return images
    }
}
