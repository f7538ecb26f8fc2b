import APIMachinery
import ClusterOperations
import KubeClient
import LinuxKernel

extension ClusterSession {
    /// Lists the Helm releases of the shown namespace, or of all.
    package func showReleases() {
        let namespace = app.namespace
        let context = app.context.name
        let headers = HelmShelf()
        let model = DetailModel(title: "Helm releases", binding: nil)
        model.onOpen = { [weak self, weak model] id in
            guard let self, let key = model?.links[id]?.value, let header = headers[key] else { return }
            showRelease(header, context)
        }
        model.actions[.uninstall] = { [weak self, weak model] in
            guard let self, let header = model?.selectedLink?.value.flatMap({ headers[$0] }) else { return }
            askUninstall(header, context)
        }
        keep(model, [], namespace: namespace) { client throws(APIStatus) in
            let found = try await HelmRelease.list(in: namespace, client)
            headers.fill(found)
            return HelmText.list(found)
        }
    }

    private func showRelease(_ header: HelmRelease.Header, _ context: String) {
        let model = DetailModel(title: "Helm release", binding: ObjectBinding(header.keeper, context: context))
        let headers = HelmShelf()
        model.onOpen = { [weak self, weak model] id in
            guard let self, let key = model?.links[id]?.value, let other = headers[key], other != header else { return }
            showRelease(other, context)
        }
        model.actions[.rollBack] = { [weak self, weak model] in
            // The revision under the cursor, or else the one that is shown.
            self?.askRollback(model?.selectedLink?.value.flatMap { headers[$0] } ?? header, context)
        }
        model.actions[.uninstall] = { [weak self] in self?.askUninstall(header, context) }
        keep(model, [], namespace: header.namespace) { client throws(APIStatus) in
            let release = try await HelmRelease.read(header, client)
            let all = try await HelmRelease.list(in: header.namespace, client).filter { $0.name == header.name }
            headers.fill(all)
            let before = all.first { $0.version < header.version }
            var earlier: HelmRelease?
            if let before { earlier = try await HelmRelease.read(before, client) }
            return HelmText.release(release, all, earlier)
        }
        model.hints = [("detail.open", "open the revision"), ("releases.rollBack", "go back to it"), ("releases.uninstall", "uninstall")]
    }

    /// Lists all that goes with a release, and asks in proportion to that.
    private func askUninstall(_ header: HelmRelease.Header, _ context: String) {
        inquire { client throws(APIStatus) in
            try await HelmUninstall.plan(header, client)
        } then: { [weak self] plan in
            guard let self else { return }
            let model = DetailModel(title: "Uninstall", binding: nil)
            model.show(HelmText.uninstall(plan, context: context))
            show(model)
            ask(
                "Uninstall release \(header.name)?", HelmText.summary(plan), [ObjectBinding(plan.release.keeper, context: context)], verb: "Uninstall",
                typedName: plan.isGreat ? header.name : nil
            ) { [weak self] in
                guard let self else { return }
                let now = time.now()
                app.detail = model.parent
                operate { client throws(APIStatus) in try await plan.run(at: now, client) }
            }
        }
    }

    /// Shows what going back changes, asks the server whether it takes it, and does it when the user says so.
    private func askRollback(_ header: HelmRelease.Header, _ context: String) {
        inquire { client throws(APIStatus) in
            try await HelmRollback.plan(to: header, client)
        } then: { [weak self] plan in
            guard let self else { return }
            var lines = plan.lines.map { DiffLine(kind: .note, text: $0) }
            if plan.hooks > 0 { lines.append(DiffLine(kind: .note, text: "its \(plan.hooks) hooks are not run")) }
            func masked(_ text: String) -> String {
                SecretMask.masked(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)).joined(separator: "\n")
            }
            lines += UnifiedDiff.lines(from: masked(plan.manifests.current), to: masked(plan.manifests.target))
            let model = DiffModel(
                title: "Roll \(header.name) back from revision \(plan.current.version) to \(header.version)?",
                binding: ObjectBinding(plan.current.keeper, context: context),
                lines: lines)
            (model.confirmTitle, model.cancelTitle) = ("roll back", "leave it")
            model.onCancel = { [weak self] in self?.app.modal = nil }
            model.onConfirm = { [weak self] in
                guard let self else { return }
                app.modal = nil
                let now = time.now()
                operate { client throws(APIStatus) in try await plan.run(at: now, client) }
            }
            app.modal = .diff(model)
            check(model) { client throws(APIStatus) in try await plan.check(client) }
        }
    }
}
