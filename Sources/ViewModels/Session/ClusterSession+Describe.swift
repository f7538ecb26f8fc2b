import APIMachinery
import ClusterOperations
import KubeClient
import LinuxKernel

extension ClusterSession {
    /// Makes the lines of a text from an object as it is: the moment, the context of links, and whether hidden values are shown.
    typealias DetailRender = @Sendable (ObjectSnapshot, Timestamp, String, Bool) -> DetailText

    package func describe(_ binding: ObjectBinding) {
        guard let target = known(binding) else { return }
        let model = DetailModel(title: "Describe", binding: binding)
        follow(target, model) {
            ObjectDescription.text($0, now: $1, context: $2, isRevealed: $3)
        }
    }

    /// Where an object is found. Says so and returns nil where that is not known, or the pod is known to be gone.
    func known(_ binding: ObjectBinding) -> ObjectTarget? {
        guard let target = binding.target else {
            app.toast("kdash does not know where a \(binding.kind) is found", .warning)
            return nil
        }
        if binding.builtinKind == "Pod", let uid = binding.uid, arePodsKnown(in: binding.namespace), app.pods.row(uid: uid) == nil {
            app.toast("\(binding.text) is gone", .warning)
            return nil
        }
        return target
    }

    /// Opens a text that follows an object of any kind; `render` works off the main actor.
    func follow(_ target: ObjectTarget, _ model: DetailModel, render: @escaping DetailRender) {
        guard let client = cluster?.client else { return app.toast("no cluster is connected", .warning) }
        if model.lines.isEmpty { model.lines = [[TextSpan("reading \(target.text)", .pending)]] }
        model.reopen = { [weak self, weak model] in if let model { self?.keepCurrent(target, model, client, render) } }
        show(model)
        keepCurrent(target, model, client, render)
    }

    /// Puts a text over the panes; the way back leads to the text that was open.
    func show(_ model: DetailModel) {
        if let open = app.detail, !open.covers(model) { model.parent = open }
        model.isReading = true
        if model.onOpen == nil {
            model.onOpen = { [weak self, weak model] id in if let binding = model?.links[id]?.binding { self?.describe(binding) } }
        }
        model.hints = [("detail.open", "open"), ("detail.reveal", "show or hide"), ("detail.copy", "copy"), ("detail.stop", "stop")]
        app.detail = model
    }

    private func keepCurrent(_ target: ObjectTarget, _ model: DetailModel, _ client: KubeClient, _ render: @escaping DetailRender) {
        model.onClose = { [weak self] in self?.tasks.cancel(.detail) }
        model.onReveal = { [weak self, weak model] in if let model { self?.keepCurrent(target, model, client, render) } }
        tasks.run(.detail) { [weak self, weak model, time] in
            do throws(APIStatus) {
                let follower = try await ObjectFollower.open(target, client, time: time)
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await follower.run() }
                    for await _ in follower.wake {
                        guard let self, let model, self.app.detail === model else { break }
                        await self.update(model, follower, render)
                        if model.vanished != nil { break }
                    }
                    group.cancelAll()
                }
            } catch {
                guard let self, let model, !Task.isCancelled, app.detail === model else { return }
                fail(model, target, error)
            }
        }
    }

    private func update(_ model: DetailModel, _ follower: ObjectFollower, _ render: @escaping DetailRender) async {
        let snapshot = follower.snapshot
        let (now, context) = (time.now(), model.binding?.context ?? app.context.name)
        if ObjectDescription.hidesValues(snapshot.object), model.isRevealed == nil { model.isRevealed = false }
        let isRevealed = model.isRevealed ?? false
        let text = await Self.detached { render(snapshot, now, context, isRevealed) }
        guard !Task.isCancelled, app.detail === model else { return }
        model.show(text)
        if follower.isGone, model.vanished == nil {
            model.vanished = "\(follower.target.text) is gone; this is its last state"
            model.isLive = false
        }
        app.signal.touch()
    }

    private func fail(_ model: DetailModel, _ target: ObjectTarget, _ status: APIStatus) {
        if status.code == 404, !model.stops.isEmpty {
            model.vanished = "\(target.text) is gone; this is its last state"
            model.isLive = false
            app.signal.touch()
        } else if status.code == 404 {
            app.detail = model.parent
            app.toast("\(target.text) is gone", .warning)
            model.parent?.reopen?()
        } else {
            model.lines = [[TextSpan("\(target.text) cannot be read: \(status.message)", .error)]]
            app.signal.touch()
        }
    }

    /// Opens a text that is read as a whole, and read again when something it may depend on changes, at most once a second.
    func keep(
        _ model: DetailModel, _ watched: [GroupVersionResource], namespace: String?,
        _ read: @escaping @Sendable (KubeClient) async throws(APIStatus) -> DetailText
    ) {
        guard let client = cluster?.client else { return app.toast("no cluster is connected", .warning) }
        model.lines = [[TextSpan("reading", .pending)]]
        show(model)
        let start = { [weak self, weak model] in
            guard let self, let model else { return }
            model.onClose = { [weak self] in self?.tasks.cancel(.detail) }
            tasks.run(.detail) { [weak self, weak model, time] in
                let changes = ChangeWatch(watched, namespace: namespace, client, time: time)
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await changes.run() }
                    for await _ in changes.wake {
                        let text = await Self.read(client, read)
                        guard let self, let model, !Task.isCancelled, self.app.detail === model else { break }
                        model.show(text)
                        self.app.signal.touch()
                        do { try await time.sleep(for: .seconds(1)) } catch { break }
                    }
                    group.cancelAll()
                }
            }
        }
        model.reopen = start
        start()
    }

    /// Reads a text; a refusal is its text.
    @concurrent nonisolated private static func read(
        _ client: KubeClient, _ read: @Sendable (KubeClient) async throws(APIStatus) -> DetailText
    ) async -> DetailText {
        do throws(APIStatus) {
            return try await read(client)
        } catch {
            var text = DetailText()
            text.line([TextSpan(error.message, .error)])
            return text
        }
    }

    /// Makes something off the main actor.
    @concurrent nonisolated static func detached<Value: Sendable>(_ make: @Sendable () -> Value) async -> Value { make() }
}
