import APIMachinery
import KubeClient
import KubeSchemas

extension ClusterSession {
    /// bash where there is one, otherwise sh.
    private static let shellCommand = [
        "/bin/sh", "-c", "TERM=xterm-256color; export TERM; command -v bash >/dev/null 2>&1 && exec bash || exec sh",
    ]

    package func openShell(_ binding: ObjectBinding, container: String?, isBeside: Bool) {
        withPod(binding, .pod) { session, pod in
            guard let pod else { return session.app.toast("\(binding.text) is gone", .warning) }
            session.openShell(binding, Pod(pod), container: container, isBeside: isBeside)
        }
    }

    private func openShell(_ binding: ObjectBinding, _ pod: Pod, container: String?, isBeside: Bool) {
        guard let client = cluster?.client else { return }
        let running = pod.status.containerStatuses.filter { $0.state.running != nil }.map(\.name)
        guard let first = running.first else { return app.toast("no container of \(binding.text) is running", .warning) }
        if container == nil, running.count > 1 {
            return app.pick("Shell in which container?", running) { [weak self] in self?.openShell(binding, container: $0, isBeside: isBeside) }
        }
        let name = container ?? first
        let request = ExecRequest(
            namespace: binding.namespace ?? "", pod: binding.name, podUID: binding.uid ?? "", container: name, command: Self.shellCommand,
            stdin: true, stdout: true, stderr: false, tty: true)
        open(request, of: binding, client, isBeside: isBeside)
    }

    /// Opens a terminal; it goes on when these panes show something else or are closed. `note` stands on its first line; `then` is called
    /// when it has ended. Returns whether it could.
    @discardableResult
    func open(
        _ request: ExecRequest, of binding: ObjectBinding, _ client: KubeClient, isBeside: Bool, note: String? = nil,
        then: @escaping @MainActor () -> Void = {}
    ) -> Bool {
        guard let workspace = app.workspace else { return false }
        let model = ShellModel(binding: binding, container: request.container, context: app.context, isAttached: request.command.isEmpty)
        if let note { model.receive(Array("\u{1B}[2m\(note)\u{1B}[0m\r\n".utf8)) }
        let refusal = workspace.open(model, isBeside: isBeside) { [weak self, weak model] in
            defer { then() }
            guard let model else { return }
            // A cluster that was started again is reached in another way.
            let current = self?.app.context.name == binding.context ? self?.cluster?.client : nil
            await ShellDriver(model: model).run(current ?? client, request)
        }
        if let refusal { app.toast(refusal, .warning) }
        return refusal == nil
    }
}
