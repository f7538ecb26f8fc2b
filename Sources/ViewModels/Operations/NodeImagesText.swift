import KubeClient
import LinuxKernel

/// Images of the nodes in words.
enum NodeImagesText {
    /// The images, the largest first; the value of each line is the image's id.
    static func list(_ images: [NodeImage]) -> DetailText {
        var text = DetailText()
        let total = size(of: images)
        let unused = images.filter(\.containers.isEmpty)
        text.heading("\(images.count) images", [TextSpan("  \(ByteText.short(total)) on the disk, shared layers counted once", .dim)])
        if !unused.isEmpty {
            text.line([
                TextSpan("No container uses \(unused.count) of them: D p removes those and frees \(ByteText.short(reclaimed(unused, of: images)))", .dim)
            ])
        }
        var columns = TextColumns(["SIZE", "SHARED", "LAYERS", "USED BY", "NAME"])
        let sorted = images.sorted { ($1.size, $0.name) < ($0.size, $1.name) }
        for image in sorted {
            let users = image.containers.count
            columns.add([
                TextSpan(ByteText.short(image.size)), TextSpan(ByteText.short(image.size - reclaimed([image], of: images)), .dim),
                TextSpan("\(image.layers.count)", .dim),
                TextSpan(users == 0 ? "nobody" : users == 1 ? "1 container" : "\(users) containers", users == 0 ? .warning : .ok),
                TextSpan(image.name, .accent),
            ])
        }
        text.lineUp(columns) { DetailLink(value: sorted[$0].id) }
        return text
    }

    /// One image: its layers from the lowest up, and who uses it.
    static func image(_ image: NodeImage, of images: [NodeImage], context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        text.heading("Image", [TextSpan(" \(image.name)")])
        for name in image.names.dropFirst() { text.fact("also", name) }
        text.fact("id", image.id)
        text.fact("loaded", ContainerFilesText.moment(image.loadedAt))
        text.fact("size", ByteText.short(image.size))
        text.fact("alone", ByteText.short(reclaimed([image], of: images)) + ", which come free when it is removed")
        text.heading("Layers", [TextSpan("  the lowest first", .dim)])
        var columns = TextColumns(["SIZE", "SHARED WITH", "DIGEST", "MADE BY"])
        for layer in image.layers {
            let others = images.count { other in other.id != image.id && other.layers.contains { $0.chain == layer.chain } }
            columns.add([
                TextSpan(ByteText.short(layer.size.value)), TextSpan(others == 0 ? "" : others == 1 ? "1 image" : "\(others) images", .dim),
                TextSpan(String(layer.digest.prefix(19)), .dim),
                TextSpan(layer.command.isEmpty ? "not said" : layer.command, layer.command.isEmpty ? .dim : .normal),
            ])
        }
        text.lineUp(columns) { DetailLink(value: image.layers[$0].digest) }
        text.heading("Used by", [TextSpan(image.containers.isEmpty ? "  nobody" : "", .dim)])
        for user in image.containers {
            let parts = user.split(separator: "/").map(String.init)
            guard parts.count == 3 else { continue }
            text.line([TextSpan("\(parts[0])/", .dim), TextSpan(parts[1]), TextSpan("  container \(parts[2])", .dim)])
            text.link("Pod", parts[1], namespace: parts[0])
        }
        return text
    }

    /// What images take together: each layer once.
    static func size(of images: [NodeImage]) -> Int64 {
        Dictionary(images.flatMap(\.layers).map { ($0.chain, $0.size.value) }, uniquingKeysWith: { first, _ in first }).values.reduce(0, +)
    }

    /// What comes free when some of all images go: their layers that none of the others has.
    static func reclaimed(_ removed: [NodeImage], of images: [NodeImage]) -> Int64 {
        let ids = Set(removed.map(\.id))
        return size(of: images) - size(of: images.filter { !ids.contains($0.id) })
    }
}

extension NodeImage {
    /// What its layers take.
    var size: Int64 { layers.reduce(0) { $0 + $1.size.value } }
    /// Its first name, or the start of its id.
    var name: String { names.first ?? String(id.prefix(19)) }
}
