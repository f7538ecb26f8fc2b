import APIMachinery
import ClusterOperations
import KubeClient
import LinuxKernel

/// Ports of this machine that lead into clusters. They live as long as the screen's process, whatever is on the screen.
extension ClusterSession {
    /// More forwards than this cannot be open.
    static let maximumForwards = 64

    func askForward(_ binding: ObjectBinding, _ target: ObjectTarget) {
        guard localPorts != nil else { return app.toast("this screen cannot open ports", .warning) }
        inquire { client throws(APIStatus) in
            let object = try await target.read(client)
            let owner = target.kind == "Pod" ? try await ForwardTarget.controller(of: object, client) : nil
            return (ForwardTarget.ports(object, target.groupKind), owner)
        } then: { [weak self] ports, owner in
            // Of what controls a pod another pod answers when this one goes.
            let targets = (owner.map { [$0] } ?? []) + [target]
            self?.pickPort(ports, targets.map { .object($0) })
        }
    }

    package func askForwardBySelector() {
        if let refusal = app.refusal { return app.toast(refusal, .warning) }
        guard let namespace = app.namespace else { return app.toast("show one namespace first: a selector finds pods of one", .warning) }
        askLine("forward to pods of \(namespace) with labels", "app=", check: Self.selectorProblem) { [weak self] text in
            self?.askRemotePort(.pods(namespace: namespace, selector: text))
        }
    }

    private static func selectorProblem(_ text: String) -> String? { problem { () throws(APIStatus) in _ = try LabelSelector(parsing: text) } }

    private static func remotePortProblem(_ text: String) -> String? { portProblem(text, least: 1) }
    private static func localPortProblem(_ text: String) -> String? { portProblem(text, least: 0) }

    private static func portProblem(_ text: String, least: UInt16) -> String? {
        if let port = UInt16(text), port >= least { return nil }
        return "\"\(text)\" is not a port: write one from \(least) to 65535"
    }

    private func pickPort(_ ports: [ForwardTarget.Port], _ destinations: [ForwardTarget.Destination]) {
        guard let first = destinations.first else { return }
        guard !ports.isEmpty || destinations.count > 1 else { return askRemotePort(first) }
        let choices = destinations.enumerated().flatMap { index, destination in
            ports.map { port in
                PaletteItem(
                    id: "\(index) \(port.number)", title: ForwardTarget(destination, port: port.number).text,
                    detail: [port.name, index == 0 && destinations.count > 1 ? "survives the pod" : ""].filter { !$0.isEmpty }.joined(separator: ", "))
            } + [PaletteItem(id: "\(index)", title: "another port of \(destination.text)")]
        }
        app.pick("Forward to which port?", choices) { [weak self] id in
            let words = id.split(separator: " ").compactMap { Int($0) }
            guard let self, let place = words.first, destinations.indices.contains(place) else { return }
            guard words.count > 1, let port = UInt16(exactly: words[1]) else { return askRemotePort(destinations[place]) }
            askLocalPort(ForwardTarget(destinations[place], port: port))
        }
    }

    private func askRemotePort(_ destination: ForwardTarget.Destination) {
        askLine("port of \(destination.text)", "", check: Self.remotePortProblem) { [weak self] text in
            guard let port = UInt16(text) else { return }
            self?.askLocalPort(ForwardTarget(destination, port: port))
        }
    }

    private func askLocalPort(_ target: ForwardTarget) {
        // What only root may open, or a forward has already, is not offered.
        let isTaken = target.port < 1024 || operations.forwards.contains { $0.forward.port == target.port }
        askLine("local port for \(target.text), 0 for any", "\(isTaken ? 0 : target.port)", check: Self.localPortProblem) { [weak self] text in
            guard let local = UInt16(text) else { return }
            self?.forward(target, local)
        }
    }

    private func forward(_ target: ForwardTarget, _ local: UInt16) {
        guard let localPorts else { return }
        guard mayForward() else { return }
        listen(target, local, app.context.name, localPorts)
    }

    /// Whether one more may be open; says so when not.
    private func mayForward() -> Bool {
        if operations.keptForwards.count + operations.beginningForwards < Self.maximumForwards { return true }
        app.toast("\(Self.maximumForwards) forwards are open, which is the most: stop one in \(app.keyText("forwards.list"))", .warning)
        return false
    }

    /// Opens the port; one that was given back a moment ago is waited for.
    private func listen(
        _ target: ForwardTarget, _ local: UInt16, _ context: String, _ localPorts: any LocalPorts, attempts: Int = 1, claimed: SavedForward? = nil
    ) {
        // One that was claimed counts already.
        if claimed == nil { operations.beginningForwards += 1 }
        tasks.add { [weak self, time, operations] in
            defer {
                if let claimed {
                    operations.giveBack(claimed)
                    if !operations.keptForwards.contains(claimed) { self?.keepForwards() }
                } else {
                    operations.beginningForwards -= 1
                }
            }
            for attempt in 1...max(1, attempts) {
                do throws(APIStatus) {
                    let listener = try await localPorts.listen(local)
                    guard let self, !Task.isCancelled else { return listener.close() }
                    return start(target, listener, context)
                } catch {
                    guard attempt < attempts else { return self?.app.toast("not forwarded: \(error.message)", .warning) ?? () }
                }
                do { try await time.sleep(for: .milliseconds(100)) } catch { return }
            }
        }
    }

    // MARK: - Begin again

    /// What a line of the list stands for.
    private enum ForwardRow {
        case running(String)
        case ended(SavedForward)
    }

    private static let attemptsToBegin = 20

    /// Begins a forward again: one that is open anew, one that is not at the port that it had.
    private func beginAgain(_ row: ForwardRow) {
        guard let localPorts else { return }
        switch row {
        case .running(let address):
            // It stands in the list of those that were stopped until it is open again.
            guard let old = stop(address) else { return }
            listen(old.forward.target, old.forward.port, old.context, localPorts, attempts: Self.attemptsToBegin)
        case .ended(let saved):
            if operations.forwards.contains(where: { $0.saved == saved }) { return }
            guard client(ofContext: saved.context) != nil else {
                return app.toast("open context \(saved.context) first: nothing is contacted that was not picked", .warning)
            }
            guard mayForward() else { return }
            guard operations.leftForwards?.contains(saved) == true else { return listen(saved.target, saved.port, saved.context, localPorts) }
            guard !operations.claimedForwards.contains(saved) else { return }
            begin(left: saved) { [weak self] in
                self?.listen(saved.target, saved.port, saved.context, localPorts, claimed: saved)
            }
        }
    }

    /// Ends a forward, which is listed as stopped from then on.
    private func stop(_ address: String) -> OperationState.RunningForward? {
        guard let place = operations.forwards.firstIndex(where: { $0.shown.address == address }) else { return nil }
        let old = operations.forwards.remove(at: place)
        old.stop()
        operations.stoppedForwards.removeAll { $0 == old.saved }
        operations.stoppedForwards.append(old.saved)
        return old
    }

    /// Ends a forward, or forgets one that has ended.
    private func end(_ row: ForwardRow) {
        switch row {
        case .running(let address):
            guard stop(address) != nil else { return }
            app.toast("\(address) leads nowhere any more", .ok)
        case .ended(let saved):
            operations.stoppedForwards.removeAll { $0 == saved }
            forget { $0 == saved }
        }
        keepForwards()
    }

    /// Takes some out of those that nobody has open.
    private func forget(_ isMeant: (SavedForward) -> Bool) {
        operations.droppedForwards += operations.leftForwards?.filter(isMeant) ?? []
        operations.leftForwards?.removeAll(where: isMeant)
    }

    private func start(_ target: ForwardTarget, _ listener: LocalListener, _ context: String) {
        let forward = PortForward(target, listener, time: time) { [weak self] in
            await self?.client(ofContext: context)
        } onChange: { [bell = operations.forwardsChanged] in
            bell.ring()
        }
        let work = tasks.add { await forward.run() }
        operations.forwards.append(OperationState.RunningForward(stop: { [weak tasks] in tasks?.cancelWork(work) }, forward: forward, context: context))
        operations.stoppedForwards.removeAll { $0.port == forward.port || $0.target == target && $0.context == context }
        forget { $0.target == target && $0.context == context }
        readForwards(isTold: false)
        keepForwards()
        operations.forwardsChanged.ring()
        app.toast("127.0.0.1:\(forward.port) leads to \(target.text); F l lists forwards", .ok)
    }

    package func showForwards() {
        readForwards(isTold: false, again: true)
        let model = DetailModel(title: "Forwards", kind: .forwards, binding: nil)
        var rows: [ForwardRow] = []
        model.refresh = { [weak self, weak model] in
            guard let self, let model else { return }
            let shown = operations.forwards.map(\.shown)
            let (stopped, left) = (operations.stoppedForwards, operations.leftForwards ?? [])
            rows = shown.map { .running($0.address) } + (stopped + left).map { .ended($0) }
            model.show(ForwardText.list(shown, stopped: stopped, left: left))
            app.signal.touch()
        }
        let selected = { [weak model] in model?.selectedIndex.flatMap { rows.indices.contains($0) ? rows[$0] : nil } }
        model.onOpen = { [weak self, weak model] id in
            guard let self, let value = model?.links[id]?.value, let found = operations.forwards.first(where: { $0.shown.address == value }) else { return }
            app.copy(found.shown.link, "copied \(found.shown.link): paste it into a browser")
        }
        model.onStop = { [weak self, weak model] in
            guard let self, let model, let row = selected() else { return }
            end(row)
            model.refresh?()
        }
        model.actions[.beginAgain] = { [weak self, weak model] in
            guard let self, let model, let row = selected() else { return }
            beginAgain(row)
            model.refresh?()
        }
        model.actions[.beginAll] = { [weak self] in
            guard let self else { return }
            for saved in operations.leftForwards ?? [] { beginAgain(.ended(saved)) }
        }
        let start = { [weak self, weak model] in
            guard let self, let model else { return }
            model.onClose = { [weak self] in self?.tasks.cancel(.detail) }
            model.refresh?()
            tasks.run(.detail) { [weak self, weak model, time] in
                guard let changes = self?.operations.forwardsChanged.changes() else { return }
                for await _ in changes {
                    guard let self, let model, self.app.detail === model else { break }
                    model.refresh?()
                    // A transfer changes the counts thousands of times a second.
                    do { try await time.sleep(for: .milliseconds(200)) } catch { break }
                }
            }
        }
        model.reopen = start
        show(model)
        model.isReading = false
        model.hints = [("detail.open", "copy the link"), ("detail.copy", "copy the address"), ("detail.stop", "stop"), ("forwards.beginAgain", "begin again")]
        start()
    }
}

extension ForwardTarget.Destination {
    /// What it is, without a port.
    var text: String {
        switch self {
        case .object(let object): object.text
        case .pods(let namespace, let selector): "pods \(namespace)/\(selector)"
        }
    }
}
