import APIMachinery
import KubeClient
import LinuxKernel

/// Tables of the past.
extension ClusterSession: TimeActions {
    private static let pastRows = 2000

    package func openPast() {
        guard cluster != nil else { return app.toast("no cluster is connected", .warning) }
        let model = DetailModel(title: "The past of \(app.kind.resource.resource)", kind: .past, binding: nil)
        model.hints = [
            ("past.older", "change before"), ("past.newer", "after"), ("past.minuteBack", "minute"), ("past.moment", "moment"),
            ("detail.open", "versions"),
        ]
        model.onOpen = { [weak self, weak model] id in
            guard let self, let model, var binding = model.links[id]?.binding else { return }
            binding.context = app.context.name
            openRevisions(binding)
        }
        timeTravel.past = PastView(kind: app.kind, scope: app.scope)
        model.refresh = { [weak self, weak model] in
            guard let self, let model, let view = timeTravel.past else { return }
            model.show(PastText.table(view, like: app.list, now: time.now()))
            app.signal.touch()
        }
        model.lines = [[TextSpan("reading what was", .pending)]]
        app.detail = model
        readPast(model)
    }

    package func movePast(byChanges amount: Int) {
        guard let model = app.detail, model.kind == .past, var view = timeTravel.past else { return }
        guard view.move(byChanges: amount) else {
            let older = view.history?.continueToken == nil ? "no older change is kept" : "older changes are not listed: go by time, with M or {"
            return app.toast(amount < 0 ? older : "this is the newest change: Esc goes to the present", .dim)
        }
        show(view, in: model)
    }

    package func movePast(by duration: Duration) {
        guard let view = timeTravel.past else { return }
        go(to: view.time(now: time.now()).advanced(by: duration))
    }

    package func askPastMoment() {
        app.openPrompt(
            .line, "moment (10m, 14:05, 2026-03-01 14:05)", "", { _ in },
            { [weak self] typed in
                guard let self else { return }
                guard let moment = LogTime.parse(typed, now: time.now()) else {
                    return app.toast("\(typed) is no time: write 10m for ten minutes ago, 14:05, or a date and a time", .warning)
                }
                go(to: moment)
            })
    }

    private func go(to moment: Timestamp) {
        guard let model = app.detail, model.kind == .past, var view = timeTravel.past else { return }
        guard moment <= time.now() else { return app.toast("that is still to come: Esc goes to the present", .dim) }
        if let since = view.history?.versionsSince, moment < since {
            return app.toast("the past is kept since \(since.rfc3339)", .warning)
        }
        view.moment = .time(moment)
        show(view, in: model)
    }

    private func show(_ view: PastView, in model: DetailModel) {
        timeTravel.past = view
        model.refresh?()
        readPast(model)
    }

    /// Reads what the shown moment needs. What was shown stays until the answer is there.
    private func readPast(_ model: DetailModel) {
        guard let client = cluster?.client, let view = timeTravel.past else { return }
        let filter = RowFilter(app.list.filter)
        tasks.run(.history) { [weak self, weak model, time] in
            let read = await Self.read(view, filter, client, now: time.now())
            guard let self, let model, !Task.isCancelled, app.detail?.covers(model) == true else { return }
            timeTravel.past = read
            if app.detail === model { model.refresh?() }
        }
    }

    private static func read(_ view: PastView, _ filter: RowFilter, _ client: KubeClient, now: Timestamp) async -> PastView {
        var view = view
        let namespace = view.kind.isNamespaced ? view.scope.single : nil
        do throws(APIStatus) {
            if view.history == nil {
                let history = try await client.changes(
                    of: view.kind.resource, namespace: namespace, since: Timestamp(seconds: 0), withObjects: false)
                guard let history else { throw APIStatus.badRequest("this cluster does not keep what its objects were") }
                view.history = history
                view.changes = history.versions.filter { view.scope.contains($0.namespace ?? "") }
            }
            view.table = try await client.pastTable(
                view.kind.resource, namespace: namespace, at: view.name ?? now.rfc3339Micro, labels: filter.labels ?? .everything,
                fields: filter.fields ?? .everything, limit: pastRows, objects: ServerTableLayout.objects(view.kind))
            view.failure = nil
        } catch {
            (view.failure, view.table) = ("not read: \(error.message)", nil)
        }
        return view
    }
}
