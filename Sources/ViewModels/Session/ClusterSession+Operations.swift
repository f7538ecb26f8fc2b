import APIMachinery
import ClusterOperations
import KubeClient

extension ClusterSession {
    package func perform(_ operation: ObjectOperation, on bindings: [ObjectBinding]) {
        if operation.entry.changes, let refusal = app.refusal { return app.toast(refusal, .warning) }
        guard let binding = bindings.first, let target = known(binding) else { return }
        if operation.isForController, binding.builtinKind == "Pod" { return performOnControllers(operation, of: bindings.compactMap(known)) }
        perform(operation, on: bindings, binding, target)
    }

    /// Does it on objects that are there; `binding` and `target` are the first of them.
    func perform(_ operation: ObjectOperation, on bindings: [ObjectBinding], _ binding: ObjectBinding, _ target: ObjectTarget) {
        switch operation {
        case .events: showEvents(binding, target)
        case .rolloutStatus: showRolloutStatus(binding, target)
        case .history: showHistory(binding, target)
        case .scale: many(bindings, askScaleMany) { askScale(binding, target) }
        case .restart: askRestart(bindings)
        case .undo: askUndo(binding, target)
        case .pause: operate { client throws(APIStatus) in try await Rollouts.setPaused(target, true, client) }
        case .resume: operate { client throws(APIStatus) in try await Rollouts.setPaused(target, false, client) }
        case .setImage: many(bindings, askImageMany) { askImage(binding, target) }
        case .containers: showContainers(binding, target)
        case .files: pickContainer(binding, target, "Files of which container?") { [weak self] in self?.openFiles($0, binding) }
        case .processes: pickContainer(binding, target, "Processes of which container?") { [weak self] in self?.openProcesses($0, binding) }
        case .sockets: pickContainer(binding, target, "Sockets of which container?") { [weak self] in self?.openSockets($0, binding) }
        case .connections: showConnections(binding)
        case .capture: showCapture(binding)
        case .forward: askForward(binding, target)
        case .debug: askDebug(binding, target)
        case .attach: askAttach(binding)
        case .nodeShell: askNodeShell(binding)
        case .tree: showTree(binding, target)
        case .usedBy: showUsers(binding, target)
        case .whoCan: askWhoCan(binding)
        case .can: askCan(binding)
        case .whyDenied: askWhyDenied(binding)
        case .labels: mark(bindings, .labels, binding, target)
        case .annotations: mark(bindings, .annotations, binding, target)
        case .removeFinalizers: askFinalizers(binding, target)
        case .evict: askEvict(bindings)
        case .cleanPods: askCleanPods(binding)
        case .cordon: cordon(bindings.compactMap(known), true)
        case .uncordon: cordon(bindings.compactMap(known), false)
        case .drain: askDrain(binding, target)
        case .taints: askTaints(binding, target)
        case .trigger: operate { client throws(APIStatus) in try await JobOperations.trigger(target, client) }
        case .suspend: operate { client throws(APIStatus) in try await JobOperations.setSuspended(target, true, client) }
        case .unsuspend: operate { client throws(APIStatus) in try await JobOperations.setSuspended(target, false, client) }
        case .rerun: operate { client throws(APIStatus) in try await JobOperations.rerun(target, client) }
        }
    }

    /// Asks one way for many objects, and another for one; of what cannot be found nothing is asked.
    private func many(_ bindings: [ObjectBinding], _ all: ([ObjectBinding], [ObjectTarget]) -> Void, one: () -> Void) {
        guard bindings.count > 1 else { return one() }
        let targets = bindings.compactMap(known)
        if targets.count == bindings.count { all(bindings, targets) }
    }

    private func mark(_ bindings: [ObjectBinding], _ map: ObjectMarks.Map, _ binding: ObjectBinding, _ target: ObjectTarget) {
        many(bindings) {
            askMarksMany($0, $1, map)
        } one: {
            askMarks(binding, target, map)
        }
    }

    /// Does something beside everything else and says what was done, or why it was not.
    func operate(_ work: @escaping @Sendable (KubeClient) async throws(APIStatus) -> String) {
        guard let client = cluster?.client else { return app.toast("no cluster is connected", .warning) }
        tasks.add { [weak self] in
            do throws(APIStatus) {
                let done = try await work(client)
                self?.app.toast(done, .ok)
            } catch {
                guard !Task.isCancelled else { return }
                self?.app.toast("not done: \(error.message)", error.code == 404 || error.code == 409 ? .warning : .error)
            }
        }
    }

    /// Reads what a question needs and goes on with it, unless the user has begun something else meanwhile.
    func inquire<Value: Sendable>(
        _ work: @escaping @Sendable (KubeClient) async throws(APIStatus) -> Value, then: @escaping @MainActor (Value) -> Void
    ) {
        guard let client = cluster?.client else { return app.toast("no cluster is connected", .warning) }
        let detail = app.detail
        tasks.run(.question) { [weak self] in
            do throws(APIStatus) {
                let value = try await work(client)
                guard let self, !Task.isCancelled, app.detail === detail, app.modal == nil, app.prompt == nil, app.inputMode == .browse else { return }
                then(value)
            } catch {
                guard !Task.isCancelled else { return }
                self?.app.toast(error.message, error.code == 404 ? .warning : .error)
            }
        }
    }

    /// Asks for a line of text that begins with `text`; while `check` says what is wrong with a line it is not taken.
    func askLine(_ label: String, _ text: String, check: @escaping (String) -> String? = { _ in nil }, onSubmit: @escaping (String) -> Void) {
        app.openPrompt(.line, label, text, { _ in }, check: check, onSubmit)
    }

    /// What makes a text no image's name; nil when it may be one.
    static func imageProblem(_ text: String) -> String? {
        text.isEmpty || text.contains(where: \.isWhitespace) ? "\"\(text)\" is not the name of an image" : nil
    }

    /// Asks before something is done to objects, of which context is said; the answer of Enter is no unless a name has to be typed.
    func ask(
        _ title: String, _ body: [[TextSpan]], _ bindings: [ObjectBinding], verb: String, isDestructive: Bool = true, typedName: String? = nil,
        onYes: @escaping @MainActor () -> Void
    ) {
        let isOne = bindings.count == 1
        let context = bindings.count > 1 ? [[TextSpan("in context ", .dim), TextSpan(bindings[0].context)]] : []
        app.modal = .dialog(
            DialogModel(
                title: title, body: context + body, binding: isOne ? bindings[0] : nil, bindings: isOne ? [] : bindings,
                choices: [
                    DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "yes", title: verb, key: "y", isDestructive: isDestructive),
                ],
                defaultChoice: 0, typedName: typedName
            ) { [weak self] id in
                self?.app.modal = nil
                if id == "yes" { onYes() }
            })
    }

    func showEvents(_ binding: ObjectBinding, _ target: ObjectTarget) {
        follow(target, DetailModel(title: "Events", binding: binding)) { snapshot, now, context, _ in
            var text = DetailText()
            text.context = context
            text.events(snapshot.events, unread: snapshot.unread, now: now)
            return text
        }
    }
}
