import KubeClient
import LinuxKernel

/// The lock of a context that kdash did not create.
extension ClusterSession: GateActions {
    /// Shows whether changes pass in the cluster that was reached, and goes on showing it.
    func followGate() {
        tasks.cancel(.unlock)
        guard let gate = cluster?.client.gate, gate.canUnlock else {
            tasks.cancel(.gate)
            return showAccess()
        }
        let changes = gate.changes()
        tasks.run(.gate) { [weak self] in
            for await _ in changes { self?.showUnlock(gate) }
        }
        showUnlock(gate)
    }

    /// Shows an unlock minute by minute, until its time is over. Without one nothing waits.
    private func showUnlock(_ gate: ContextGate) {
        showAccess()
        guard gate.remaining != nil else { return tasks.cancel(.unlock) }
        tasks.run(.unlock) { [weak self, time] in
            while let left = gate.remaining {
                self?.showAccess()
                let (seconds, parts) = left.components
                let rest = Duration.seconds(seconds % 60) + Duration(secondsComponent: 0, attosecondsComponent: parts)
                do { try await time.sleep(for: rest > .zero ? rest : .seconds(60)) } catch { return }
            }
            guard let self else { return }
            showAccess()
            // Of several places with this context one says so, where the user looks.
            if gate.expire() {
                (app.workspace?.app ?? app).toast("\(gate.context) is protected again: the 15 minutes are over\(whatGoesOn(gate.context))", .warning)
            }
        }
    }

    private func showAccess() {
        guard let cluster else { return }
        let state = cluster.contextState
        guard app.context != state else { return }
        let wasWritable = app.context.name == state.name && app.context.refusal == nil
        app.context = state
        if wasWritable, state.refusal != nil { dropQuestion() }
    }

    /// A question whose answer would change something is void in a context that was locked meanwhile; lists show what cannot run any more.
    private func dropQuestion() {
        switch app.modal {
        case .dialog(let model)? where model.choices.contains { $0.isDestructive }:
            model.cancel()
            app.toast("\"\(model.title)\" was not done: \(app.context.name) is protected", .warning)
        case .diff(let model)?:
            model.onCancel()
            app.toast("\"\(model.title)\" was not done: \(app.context.name) is protected", .warning)
        case .palette(let palette)?: palette.refresh()
        default: break
        }
    }

    /// What was opened in an unlocked context and is not ended by its lock.
    private func whatGoesOn(_ context: String) -> String {
        let shells = app.workspace?.runningShells.filter { $0.shell?.context.name == context }.count ?? 0
        return shells == 0 ? "" : shells == 1 ? "; an open shell goes on" : "; \(shells) open shells go on"
    }

    package func askUnlock(for title: String?) {
        guard let cluster else { return app.toast("\(app.context.name) is not reached yet", .warning) }
        guard cluster.client.gate.canUnlock else { return app.toast(app.refusal ?? "there is nothing to unlock here", .warning) }
        let gate = cluster.client.gate
        let user = cluster.user.isEmpty ? "no name in the kubeconfig" : cluster.user
        var body = [
            [TextSpan("server  ", .dim), TextSpan(cluster.server, .accent)],
            [TextSpan("user    ", .dim), TextSpan(cluster.impersonated.map { "\(user), as \($0)" } ?? user)],
            [TextSpan("kdash did not make this cluster. For 15 minutes every place of this window that shows this context may change it.")],
        ]
        if let title { body.append([TextSpan("\"\(title)\" was not done: it can be once this is unlocked.", .warning)]) }
        var typed: () -> String = { "" }
        // What was open is there again after the answer.
        let beneath = app.modal
        let dialog = DialogModel(
            title: "Unlock context \(gate.context)?", body: body, binding: nil,
            choices: [DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "unlock", title: "Unlock", key: "y", isDestructive: true)],
            defaultChoice: 0, typedName: gate.context
        ) { [weak self] id in
            guard let self else { return }
            let name = typed()
            app.modal = beneath
            guard id == "unlock" else { return }
            guard gate.unlock(typedName: name) else { return app.toast("\(gate.context) stays protected", .warning) }
            app.toast("\(gate.context) is writable for 15 minutes; \(app.keyText("app.lock")) locks it again", .ok)
        }
        typed = { [weak dialog] in dialog?.typed.text ?? "" }
        app.modal = .dialog(dialog)
    }

    package func lockContext() {
        guard let gate = cluster?.client.gate, gate.remaining != nil else { return app.toast("nothing is unlocked here", .dim) }
        gate.lock()
        app.toast("\(gate.context) is protected again\(whatGoesOn(gate.context))", .ok)
    }
}
