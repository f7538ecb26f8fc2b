import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

extension ClusterSession {
    package func openCharts(_ binding: ObjectBinding) {
        guard binding.kind == "Pod" else { return app.toast("charts are for pods", .warning) }
        let model = DetailModel(title: "Use in the last hour", kind: .charts, binding: binding)
        model.refresh = { [weak self, weak model] in
            guard let self, let model, model.vanished == nil, let object = binding.uid.flatMap({ keptPods.get(uid: $0) }) else { return }
            let text = ContainerCharts.text(Pod(object), usageHistory, usageTelling, now: time.now())
            model.show(text.lines, stops: [], charts: text.charts)
            app.signal.touch()
        }
        withPod(binding, .pod) { session, pod in
            guard pod != nil else { return session.app.toast("\(binding.text) is gone", .warning) }
            model.refresh?()
            session.app.detail = model
            session.keepFresh(model, every: .seconds(1))
        }
    }

    /// What the shown cluster tells of its pods' use.
    private var usageTelling: ContainerCharts.Telling {
        if let gap = app.pods.usageGap { return .nothing(gap) }
        return cluster?.usage == nil ? .means : .everything
    }

    /// Makes a text again at an interval until it is closed.
    private func keepFresh(_ model: DetailModel, every pause: Duration) {
        sampleWhileVisible()
        tasks.run(.history) { [weak self, weak model, time] in
            while let model, self?.app.detail?.covers(model) == true {
                do { try await time.sleep(for: pause) } catch { return }
                if self?.app.detail === model { model.refresh?() }
            }
            self?.sampleWhileVisible()
        }
    }

    package func openPulses() {
        guard let client = cluster?.client else { return app.toast("no cluster is connected", .warning) }
        let namespace = app.namespace
        let model = DetailModel(title: "Pulses", kind: .pulses, binding: nil)
        model.hints = [("detail.open", "show them")]
        model.lines = [[TextSpan("reading how \(namespace ?? "everything") stands", .pending)]]
        model.onOpen = { [weak self, weak model] kind in
            guard let self, let model else { return }
            openPulse(kind, model)
        }
        app.detail = model
        sampleWhileVisible()
        let scan = PulseScan(client: client, namespace: namespace)
        tasks.run(.history) { [weak self, weak model, time] in
            while let model, self?.app.detail?.covers(model) == true {
                guard let pods = self?.app.pods.packed else { return }
                let look = await scan.look(pods)
                guard let self, !Task.isCancelled else { return }
                pulses = look.pulses
                let warnings = PulseText.warnings(look.warnings, now: time.now())
                let page = PulseText.page(
                    look, usage: usageHistory.cluster(now: time.now()), warnings: warnings, gap: nodeUse.gap ?? app.pods.usageGap,
                    place: namespace ?? "all namespaces")
                model.show(page.lines, stops: page.stops, charts: page.charts)
                if app.detail !== model { app.detail?.refresh?() }
                app.signal.touch()
                do { try await time.sleep(for: Self.pulsePause) } catch { return }
            }
            self?.sampleWhileVisible()
        }
    }

    private static let pulsePause = Duration.seconds(3)

    private func openPulse(_ kind: String, _ parent: DetailModel) {
        let model = DetailModel(title: kind, kind: .pulses, binding: nil)
        model.parent = parent
        model.hints = [("detail.open", "why")]
        model.refresh = { [weak self, weak model] in
            guard let self, let model, let pulse = pulses.first(where: { $0.kind == kind }) else { return }
            let text = PulseText.members(pulse)
            model.show(text.lines, stops: text.stops)
            app.signal.touch()
        }
        model.onOpen = { [weak self] uid in
            guard let self, let pulse = pulses.first(where: { $0.kind == kind }), let member = pulse.members.first(where: { $0.uid == uid }) else {
                return
            }
            explain(
                ObjectBinding(
                    context: app.context.name, namespace: member.namespace, kind: kind, name: member.name, uid: uid, resource: pulse.resource))
        }
        model.refresh?()
        app.detail = model
    }
}
