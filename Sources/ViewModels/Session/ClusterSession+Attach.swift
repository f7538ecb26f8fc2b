import APIMachinery
import ClusterOperations
import JSONCore
import KubeClient
import KubeSchemas

extension ClusterSession {
    /// Opens the terminal of a container's own program, or what it writes.
    func askAttach(_ binding: ObjectBinding) {
        withPod(binding, .pod) { session, object in
            guard let object else { return session.app.toast("\(binding.text) is gone", .warning) }
            let running = Pod(object).status.containerStatuses.filter { $0.state.running != nil }.map(\.name)
            guard let first = running.first else { return session.app.toast("no container of \(binding.text) is running", .warning) }
            guard running.count > 1 else { return session.attach(binding, object, first) }
            session.app.pick("Attach to which container?", running) { [weak session] in session?.attach(binding, object, $0) }
        }
    }

    private func attach(_ binding: ObjectBinding, _ pod: KubeObject, _ container: String) {
        guard let client = cluster?.client else { return }
        let spec = pod.array("spec", "containers").first { $0["name"]?.stringValue == container }
        let isTerminal = spec?["tty"] == .bool(true)
        let request = ExecRequest(
            namespace: binding.namespace ?? "", pod: binding.name, podUID: binding.uid ?? "", container: container, command: [],
            stdin: spec?["stdin"] == .bool(true), stdout: true, stderr: !isTerminal, tty: isTerminal)
        let note = request.stdin ? "what you type goes to the program itself" : "\(container) takes no input: this is what it writes from now on"
        open(request, of: binding, client, isBeside: false, note: note)
    }

    /// Asks for an image and opens a shell in a node's own namespaces.
    func askNodeShell(_ binding: ObjectBinding) {
        let isOurs = app.context.isEmbedded
        inquire { client throws(APIStatus) in
            await Self.presentImage(isOurs ? binding.name : nil, client)
        } then: { [weak self] image in
            self?.askNodeShell(binding, image)
        }
    }

    private func askNodeShell(_ binding: ObjectBinding, _ present: String?) {
        askLine("image with a shell and nsenter", operations.debugImage ?? present ?? DebugImage.usual, check: Self.imageProblem) { [weak self] image in
            guard let self else { return }
            let namespace = app.namespace ?? "default"
            ask(
                "Open a shell on node \(binding.name)?",
                [
                    [TextSpan("A privileged pod is made in namespace \(namespace). Whoever types there is root on the node.")],
                    [TextSpan("The pod goes with its shell.", .dim)],
                ], [binding], verb: "Open"
            ) { self.openNodeShell(on: binding, image, namespace) }
        }
    }

    private func openNodeShell(on node: ObjectBinding, _ image: String, _ namespace: String) {
        guard let client = cluster?.client else { return app.toast("no cluster is connected", .warning) }
        app.toast("starting a shell on \(node.name)", .dim)
        tasks.add { [weak self, time] in
            do throws(APIStatus) {
                let pod = try await NodeShell.start(on: node.name, image: image, namespace: namespace, client, time: time)
                self?.operations.debugImage = image
                guard let self, app.modal == nil, app.inputMode == .browse else {
                    self?.app.toast("no shell on \(node.name) was opened, since something else had the keys when it was ready: try again", .warning)
                    return await NodeShell.end(pod, client)
                }
                let request = ExecRequest(
                    namespace: namespace, pod: pod.name, podUID: pod.uid ?? "", container: NodeShell.container, command: [], stdin: true, stdout: true,
                    stderr: false, tty: true)
                // What the pod says before somebody is attached to it is not seen.
                let note = "a node without /bin/sh of its own gives the image's shell: its files are below /proc/1/root then"
                let isOpen = open(request, of: ObjectBinding(pod, context: node.context), client, isBeside: false, note: note) {
                    // Also after the tab was closed, which cancels what runs in it.
                    Task { await NodeShell.end(pod, client) }
                }
                if !isOpen { await NodeShell.end(pod, client) }
            } catch {
                self?.app.toast("no shell on \(node.name): \(error.message)", .error)
            }
        }
    }
}
