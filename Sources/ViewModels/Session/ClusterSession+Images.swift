import APIMachinery
import KubeClient

/// The images of the nodes: layers, who uses them, what they take.
extension ClusterSession {
    package func showImages() {
        let model = DetailModel(title: "Images", kind: .images, binding: nil)
        model.lines = [[TextSpan("reading the images", .pending)]]
        var images: [NodeImage] = []
        model.onOpen = { [weak self, weak model] _ in
            guard let self, let image = images.first(where: { $0.id == model?.selectedLink?.value }) else { return }
            let page = DetailModel(title: "Image", binding: nil)
            page.isLive = false
            page.show(NodeImagesText.image(image, of: images, context: app.context.name))
            show(page)
            page.hints = [("detail.open", "open the pod"), ("detail.copy", "copy the digest")]
        }
        model.actions = [
            .prune: { [weak self] in self?.askRemoval(images.filter(\.containers.isEmpty), of: images) },
            .remove: { [weak self, weak model] in
                guard let image = images.first(where: { $0.id == model?.selectedLink?.value }) else { return }
                self?.askRemoval([image], of: images)
            },
        ]
        show(model)
        model.isReading = false
        model.hints = [("detail.open", "layers"), ("images.remove", "remove"), ("images.prune", "remove the unused"), ("detail.copy", "copy the id")]
        keepReading(model) { client throws(APIStatus) in
            try await client.images()
        } show: { [weak model] found in
            images = found
            model?.show(NodeImagesText.list(found))
        }
    }

    /// Asks with the exact names and the exact size; only those that were shown are removed.
    private func askRemoval(_ removed: [NodeImage], of images: [NodeImage]) {
        guard !removed.isEmpty else { return app.toast("every image is used by a container", .dim) }
        if let used = removed.first(where: { !$0.containers.isEmpty }) {
            return app.toast("\(used.name) is used by \(used.containers.prefix(3).joined(separator: ", ")): delete the pods first", .warning)
        }
        let shown = removed.prefix(12).map { [TextSpan(ByteText.short($0.size), .dim), TextSpan("  \($0.name)")] }
        let more = removed.count > 12 ? [[TextSpan("and \(removed.count - 12) more", .dim)]] : []
        let freed = ByteText.short(NodeImagesText.reclaimed(removed, of: images))
        let body = shown + more + [[], [TextSpan("\(freed) come free; layers that other images have stay.", .warning)]]
        let ids = removed.map(\.id)
        ask(removed.count == 1 ? "Remove this image?" : "Remove these \(removed.count) images?", body, [], verb: "Remove") { [weak self] in
            self?.operate { client throws(APIStatus) in
                let freed = try await client.removeImages(ids)
                return "\(ids.count == 1 ? "1 image is" : "\(ids.count) images are") removed, \(ByteText.short(freed)) came free"
            }
        }
    }
}
