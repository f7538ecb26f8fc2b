internal import JSONCore
package import LinuxKernel

/// One layer of an image.
package struct ImageLayer: Sendable, Hashable {
    /// What names it and everything below it; images with the same layers share them by it.
    package let chain: Digest
    /// Of its content alone.
    package let content: Digest
    /// Unpacked, on the disk.
    package let size: ByteCount
    /// What made it, as the image's configuration says; empty when it does not.
    package let command: String
}

extension ImageStore {
    /// The layers of an image, the lowest first.
    package func layers(_ record: ImageRecord) throws(ImageError) -> [ImageLayer] {
        let bytes = try explaining("read the configuration of \(record.id)") { () throws(SystemError) in
            try folders.blobs.read(record.id.hex, limit: 4 << 20)
        }
        let configuration = try ImageConfiguration(parsing: bytes)
        // best effort: what made a layer is for people.
        let history = (try? JSON.parse(bytes, limits: JSONLimits(maximumBytes: 4 << 20)))?["history"]?.arrayValue ?? []
        let commands = history.filter { $0["empty_layer"]?.boolValue != true }.map { Self.command($0["created_by"]?.stringValue ?? "") }
        return zip(record.layers, configuration.diffIDs).enumerated().map { index, digests in
            ImageLayer(
                chain: digests.0, content: digests.1, size: size(ofLayer: digests.0.hex),
                command: commands.count == record.layers.count ? commands[index] : "")
        }
    }

    /// Removes images by their ids with what only they have; returns its size. `inUse` is thrown, and nothing removed, when a container was
    /// made from one of them.
    package func remove(ids: Set<Digest>, inUse: Set<Digest>) throws(ImageError) -> (removed: [ImageRecord], freed: ByteCount) {
        try exclusively { () throws(ImageError) in
            if let used = ids.intersection(inUse).first { throw ImageError(.inUse, "containers still use \(used); delete their pods first") }
            let current = list()
            let removed = current.filter { ids.contains($0.id) }
            try replace(current.filter { !ids.contains($0.id) })
            return (removed, try removeUnreferenced())
        }
    }

    /// A command without what every builder writes before it, on one line, at most 1,000 characters.
    private static func command(_ text: String) -> String {
        var text = text[...]
        for prefix in ["/bin/sh -c #(nop) ", "/bin/sh -c "] where text.hasPrefix(prefix) {
            text = text.dropFirst(prefix.count)
            break
        }
        return String(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(1000))
    }
}
