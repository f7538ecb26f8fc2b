import APIMachinery
import ClusterOperations
import KubeClient
import KubeSchemas

extension ClusterSession {
    /// Asks for an image and a container, puts a debug container into the pod and opens it.
    func askDebug(_ binding: ObjectBinding, _ target: ObjectTarget) {
        let isOurs = app.context.isEmbedded
        inquire { client throws(APIStatus) in
            let object = try await target.read(client)
            let image = await Self.presentImage(isOurs ? object.string("spec", "nodeName") : nil, client)
            return (PodTemplate.images(object, target.groupKind).filter { !$0.isInit }, image)
        } then: { [weak self] containers, image in
            guard let self, let first = containers.first else { return }
            guard containers.count > 1 else { return askDebugImage(binding, target, first, image) }
            app.pick("See the processes of which container?", containers.map { PaletteItem(id: $0.name, title: $0.name, detail: $0.image) }) { name in
                if let container = containers.first(where: { $0.name == name }) { self.askDebugImage(binding, target, container, image) }
            }
        }
    }

    /// An image that a node has already; nil where no node is named or none is known.
    nonisolated static func presentImage(_ node: String?, _ client: KubeClient) async -> String? {
        guard let node, !node.isEmpty else { return nil }
        // best effort: the usual image is offered otherwise.
        return (try? await client.get(Node.resource, namespace: nil, name: node)).flatMap { DebugImage.present(on: $0) }
    }

    private func askDebugImage(_ binding: ObjectBinding, _ target: ObjectTarget, _ container: PodTemplate.ContainerImage, _ present: String?) {
        askLine("image with the tools", operations.debugImage ?? present ?? DebugImage.usual, check: Self.imageProblem) { [weak self] image in
            guard let self, let client = cluster?.client else { return }
            app.toast("putting \(image) into \(target.text)", .dim)
            tasks.add { [weak self, time] in
                do throws(APIStatus) {
                    let name = try await DebugContainer.add(to: target, image: image, sharing: container.name, client, time: time)
                    guard let self else { return }
                    operations.debugImage = image
                    guard app.modal == nil, app.inputMode == .browse else {
                        return app.toast("the debug container \(name) runs in \(target.text): attach to it from the pod's containers", .ok)
                    }
                    attach(binding, name, client)
                } catch {
                    self?.app.toast("not done: \(error.message)", .error)
                }
            }
        }
    }

    private func attach(_ binding: ObjectBinding, _ container: String, _ client: KubeClient) {
        let request = ExecRequest(
            namespace: binding.namespace ?? "", pod: binding.name, podUID: binding.uid ?? "", container: container, command: [], stdin: true,
            stdout: true, stderr: false, tty: true)
        open(request, of: binding, client, isBeside: false, note: "Enter shows the prompt; exit ends the debug container")
    }
}
