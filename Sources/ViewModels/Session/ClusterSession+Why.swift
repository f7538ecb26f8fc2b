import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

extension ClusterSession {
    /// How often an open answer is made anew.
    private static let whyPause = Duration.seconds(2)

    package func explain(_ binding: ObjectBinding) {
        guard let cluster else { return app.toast("no cluster is connected", .warning) }
        guard let resource = binding.resource ?? builtinSchemas.resources.first(where: { $0.kind == binding.kind })?.gvr else {
            return app.toast("no kind \(binding.kind) is known", .warning)
        }
        let model = DetailModel(title: "Why", kind: .why, binding: binding)
        model.parent = app.detail?.kind == .changes || app.detail?.kind == .pulses ? app.detail : nil
        if binding.builtinKind == "Pod", let uid = binding.uid, arePodsKnown(in: binding.namespace), app.pods.row(uid: uid) == nil {
            return app.toast("\(binding.text) is gone", .warning)
        }
        model.lines = [[TextSpan("reading \(binding.text)", .pending)]]
        app.detail = model
        let (journal, context) = (undoJournal, binding.context)
        let gatherer = WhyGatherer(
            client: cluster.client, resource: resource, namespace: binding.namespace, name: binding.name,
            everyPod: EveryPod(cluster.client, time: time), writes: { uid in journal.known(of: context).filter { $0.uid == uid } }, time: time)
        tasks.run(.why) { [weak self, weak model, time] in
            while let model, let shown = self?.app.detail, shown === model, model.vanished == nil {
                await self?.update(model, gatherer)
                do { try await time.sleep(for: Self.whyPause) } catch { return }
            }
        }
    }

    private func update(_ model: DetailModel, _ gatherer: WhyGatherer) async {
        do throws(APIStatus) {
            let facts = try await gatherer.gather()
            if let uid = model.binding?.uid, facts.subject.uid != uid { return noteVanished(model) }
            let lines = await Self.report(facts)
            guard app.detail === model, model.vanished == nil, model.lines != lines else { return }
            model.lines = lines
            app.signal.touch()
        } catch {
            if error.code == 404 { return noteVanished(model) }
            guard app.detail === model, model.lines.count <= 1 else { return }
            model.lines = [[TextSpan("\(model.binding?.text ?? "it") cannot be read: \(error.message)", .error)]]
            app.signal.touch()
        }
    }

    @concurrent nonisolated private static func report(_ facts: WhyFacts) async -> [[TextSpan]] { WhyReport.lines(facts) }

    private func noteVanished(_ model: DetailModel) {
        guard model.vanished == nil else { return }
        model.vanished = "\(model.binding?.text ?? "it") is gone; this is its last state"
        model.isLive = false
        app.signal.touch()
    }

    package func askWhy(_ text: String) {
        app.openPrompt(
            .line, "why KIND/[NAMESPACE/]NAME", text, { _ in },
            { [weak self] typed in
                guard let self else { return }
                guard let binding = binding(named: typed) else {
                    app.toast("write KIND/NAME or KIND/NAMESPACE/NAME, for example deploy/demo/web", .warning)
                    return askWhy(typed)
                }
                explain(binding)
            })
    }

    /// The object that a text like `deploy/demo/web` names; without a namespace in the shown one, else in `default`.
    func binding(named text: String) -> ObjectBinding? {
        let parts = text.split(whereSeparator: { $0 == "/" || $0 == " " }).map(String.init)
        guard parts.count == 2 || parts.count == 3, let descriptor = builtinSchemas.resources(named: parts[0].lowercased()).first else { return nil }
        let namespace = descriptor.isNamespaced ? (parts.count == 3 ? parts[1] : app.namespace ?? "default") : nil
        return ObjectBinding(
            context: app.context.name, namespace: namespace, kind: descriptor.kind, name: parts[parts.count - 1], uid: nil, resource: descriptor.gvr)
    }
}
