import APIMachinery
import KubeClient
import KubeSchemas

extension ClusterSession {
    /// bash where there is one, otherwise sh.
    private static let shellCommand = [
        "/bin/sh", "-c", "TERM=xterm-256color; export TERM; command -v bash >/dev/null 2>&1 && exec bash || exec sh",
    ]

    package func openShell(_ binding: ObjectBinding, container: String?) {
        withPod(binding, .pod) { session, pod in
            guard let pod else { return session.app.toast("\(binding.text) is gone", .warning) }
            session.openShell(binding, Pod(pod), container: container)
        }
    }

    private func openShell(_ binding: ObjectBinding, _ pod: Pod, container: String?) {
        guard let client = cluster?.client else { return }
        let running = pod.status.containerStatuses.filter { $0.state.running != nil }.map(\.name)
        guard let first = running.first else { return app.toast("no container of \(binding.text) is running", .warning) }
        if container == nil, running.count > 1 {
            return app.pick("Shell in which container?", running) { [weak self] in self?.openShell(binding, container: $0) }
        }
        let name = container ?? first
        let model = ShellModel(binding: binding, container: name)
        app.shell = model
        let request = ExecRequest(
            namespace: binding.namespace ?? "", pod: binding.name, podUID: binding.uid ?? "", container: name, command: Self.shellCommand,
            stdin: true, stdout: true, stderr: false, tty: true)
        tasks.run(.shell) { [weak model, app] in
            guard let model else { return }
            await ShellDriver(model: model, app: app).run(client, request)
        }
        model.onClose = { [weak self] in self?.tasks.cancel(.shell) }
    }
}
