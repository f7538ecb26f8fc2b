import APIMachinery
import ClusterOperations
import KubeClient

extension ClusterSession {
    /// Asks for an image and a container, puts a debug container into the pod and opens it.
    func askDebug(_ binding: ObjectBinding, _ target: ObjectTarget) {
        inquire { client throws(APIStatus) in
            PodTemplate.images(try await target.read(client), target.groupKind).filter { !$0.isInit }
        } then: { [weak self] containers in
            guard let self, let first = containers.first else { return }
            guard containers.count > 1 else { return askDebugImage(binding, target, first) }
            app.pick("See the processes of which container?", containers.map { PaletteItem(id: $0.name, title: $0.name, detail: $0.image) }) { name in
                if let container = containers.first(where: { $0.name == name }) { self.askDebugImage(binding, target, container) }
            }
        }
    }

    private func askDebugImage(_ binding: ObjectBinding, _ target: ObjectTarget, _ container: PodTemplate.ContainerImage) {
        askLine("image with the tools", operations.debugImage ?? "busybox:1.36", check: Self.imageProblem) { [weak self] image in
            guard let self, let client = cluster?.client else { return }
            operations.debugImage = image
            app.toast("putting \(image) into \(target.text)", .dim)
            tasks.add { [weak self, time] in
                do throws(APIStatus) {
                    let name = try await DebugContainer.add(to: target, image: image, sharing: container.name, client, time: time)
                    guard let self else { return }
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
