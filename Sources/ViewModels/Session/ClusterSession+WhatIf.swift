import KubeClient

extension ClusterSession {
    package func showWhatIf() {
        let editor = app.editor
        guard let target = editor.target else { return app.toast("there is nothing to apply", .dim) }
        guard editor.state == .editing || editor.state == .viewing else { return app.toast("the text is being applied or read", .dim) }
        let (text, bases, token) = (editor.text, editing.bases, editing.token)
        let (namespace, schemas) = (target.binding.namespace ?? "default", editorSchemas)
        let model = DetailModel(title: "What if it is applied", binding: target.binding)
        model.isLive = false
        model.lines = [[TextSpan("asking the server and the scheduler", .pending)]]
        model.parent = app.detail
        app.detail = model
        tasks.run(.detail) { [weak self, weak model] in
            do {
                guard let session = self else { return }
                let cluster = try await session.client(of: target)
                let plan = await ApplyPlan.make(text, namespace: namespace, bases: bases, client: cluster, schemas: schemas)
                let hasTrial = session.app.context.isEmbedded && session.app.context.name == target.binding.context
                let found = await WhatIf.make(plan, client: cluster, hasTrial: hasTrial)
                guard let self, let model, !Task.isCancelled, editing.token === token, app.detail === model else { return }
                model.isReading = true
                model.lines = WhatIfText.make(found).lines
                if !plan.conflicts.isEmpty {
                    model.lines.insert([TextSpan("It changed in the cluster at the same places: merge it first.", .warning)], at: 0)
                }
                app.signal.touch()
            } catch {
                guard let self, let model, app.detail === model else { return }
                model.lines = [[TextSpan("not asked: \(ConnectionFailure(error).reason)", .error)]]
                app.signal.touch()
            }
        }
    }
}
