import APIMachinery
import ClusterOperations
import KubeClient
import LinuxKernel

extension ClusterSession {
    func askScale(_ binding: ObjectBinding, _ target: ObjectTarget) {
        inquire { client throws(APIStatus) in
            try await Scaling.wanted(target, client)
        } then: { [weak self] wanted in
            self?.askLine("replicas of \(target.text), now \(wanted)", "\(wanted)", check: Self.replicasProblem) { text in
                self?.scale(binding, target, from: wanted, text)
            }
        }
    }

    /// What makes a text no number of replicas; nil when it is one.
    static func replicasProblem(_ text: String) -> String? {
        if let replicas = Int64(text), (0...Scaling.maximum).contains(replicas) { return nil }
        return "\"\(text)\" is not a number of replicas: write one from 0 to \(Scaling.maximum)"
    }

    private func scale(_ binding: ObjectBinding, _ target: ObjectTarget, from wanted: Int64, _ text: String) {
        guard let replicas = Int64(text) else { return }
        guard replicas != wanted else { return app.toast("\(target.text) has \(wanted) replicas already", .dim) }
        let go: @MainActor () -> Void = { [weak self] in
            self?.operate { client throws(APIStatus) in try await Scaling.scale(target, to: replicas, client) }
        }
        // Nothing left, or ten times as much, is more than a slip of a finger should do.
        guard Scaling.isGreat(from: wanted, to: replicas) else { return go() }
        let what = replicas == 0 ? "All \(wanted) pods end; nothing answers for it then." : "\(wanted) become \(replicas)."
        ask("Scale to \(replicas)?", [[TextSpan(what, .warning)]], [binding], verb: "Scale", onYes: go)
    }

    func askRestart(_ bindings: [ObjectBinding]) {
        let targets = bindings.compactMap(known)
        guard !targets.isEmpty else { return }
        let body = [[TextSpan("All pods are replaced, as the strategy of each says.", .dim)]]
        ask(targets.count == 1 ? "Restart?" : "Restart these \(targets.count)?", body, bindings, verb: "Restart") { [weak self] in
            guard let self else { return }
            let now = time.now()
            operate("Restart", on: targets) { target, client throws(APIStatus) in try await Rollouts.restart(target, at: now, client) }
        }
    }

    func askImage(_ binding: ObjectBinding, _ target: ObjectTarget) {
        inquire { client throws(APIStatus) in
            PodTemplate.images(try await target.read(client), target.groupKind)
        } then: { [weak self] images in
            guard let self, let first = images.first else { return }
            guard images.count > 1 else { return askImage(target, first) }
            let items = images.map { PaletteItem(id: $0.name, title: $0.name, detail: "\($0.isInit ? "runs first, " : "")\($0.image)") }
            app.pick("Image of which container?", items) { name in
                if let image = images.first(where: { $0.name == name }) { self.askImage(target, image) }
            }
        }
    }

    private func askImage(_ target: ObjectTarget, _ container: PodTemplate.ContainerImage) {
        askLine("image of \(container.name)", container.image, check: Self.imageProblem) { [weak self] image in
            guard image != container.image else { return self?.app.toast("\(container.name) has that image already", .dim) ?? () }
            self?.operate { client throws(APIStatus) in try await Rollouts.setImage(target, container: container.name, to: image, client) }
        }
    }

    // MARK: - Revisions

    func showRolloutStatus(_ binding: ObjectBinding, _ target: ObjectTarget) {
        follow(target, DetailModel(title: "Rollout", binding: binding)) { snapshot, now, context, _ in
            RolloutText.status(snapshot, now: now, context: context)
        }
    }

    func showHistory(_ binding: ObjectBinding, _ target: ObjectTarget) {
        let model = DetailModel(title: "History", binding: binding)
        model.onOpen = { [weak self, weak model] id in
            guard let self, let link = model?.links[id] else { return }
            if let binding = link.binding { return describe(binding) }
            guard let number = link.value.flatMap({ Int64($0) }) else { return }
            if let refusal = app.refusal { return app.toast(refusal, .warning) }
            undo(binding, target, to: number)
        }
        follow(target, model) { snapshot, now, context, _ in RolloutText.history(snapshot, now: now, context: context) }
    }

    func askUndo(_ binding: ObjectBinding, _ target: ObjectTarget) {
        inquire { client throws(APIStatus) in
            try await Rollouts.history(target, client).history
        } then: { [weak self] history in
            guard let self else { return }
            let earlier = history.revisions.filter { !$0.isCurrent }
            guard !earlier.isEmpty else { return app.toast("\(target.text) has no earlier revision", .warning) }
            let now = time.now()
            let items = earlier.map { revision in
                PaletteItem(
                    id: "\(revision.number)", title: "revision \(revision.number)",
                    detail: [ContainerText.age(revision.createdAt, now) + " ago", RolloutText.images(revision), revision.cause].compactMap(\.self)
                        .joined(separator: "  "))
            }
            app.pick("Back to which revision?", items) { id in if let number = Int64(id) { self.undo(binding, target, to: number) } }
        }
    }

    /// Shows what going back changes, asks the server whether it takes it, and does it when the user says so.
    private func undo(_ binding: ObjectBinding, _ target: ObjectTarget, to number: Int64) {
        inquire { client throws(APIStatus) in
            let (object, history) = try await Rollouts.history(target, client)
            guard let revision = history[number] else { throw .badRequest("revision \(number) of \(target.text) is gone") }
            let current = RolloutText.template(object)
            return (object.generation, revision, UnifiedDiff.lines(from: current, to: revision.yaml))
        } then: { [weak self] generation, revision, lines in
            guard let self else { return }
            guard !lines.isEmpty else { return app.toast("\(target.text) has the template of revision \(number) already", .dim) }
            let model = DiffModel(title: "Back to revision \(number)?", binding: binding, lines: lines)
            (model.confirmTitle, model.cancelTitle) = ("go back to it", "leave it")
            model.onCancel = { [weak self] in self?.app.modal = nil }
            model.onConfirm = { [weak self] in
                self?.app.modal = nil
                self?.operate { client throws(APIStatus) in try await Rollouts.undo(target, to: revision, ifGeneration: generation, client) }
            }
            app.modal = .diff(model)
            check(model) { client throws(APIStatus) in
                try await Rollouts.undo(target, to: revision, ifGeneration: generation, isDryRun: true, client)
            }
        }
    }

    /// Asks the server by a dry run whether it takes what a difference shows.
    func check(_ model: DiffModel, _ dryRun: @escaping @Sendable (KubeClient) async throws(APIStatus) -> String) {
        guard let client = cluster?.client else { return }
        tasks.run(.question) { [weak self, weak model] in
            do throws(APIStatus) {
                _ = try await dryRun(client)
                model?.state = .ready("the server accepts it")
            } catch {
                model?.state = .refused([error.message])
            }
            self?.app.signal.touch()
        }
    }
}
