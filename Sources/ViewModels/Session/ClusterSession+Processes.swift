import APIMachinery
import ClusterOperations
import KubeClient
import LinuxKernel

/// Processes and sockets of containers.
extension ClusterSession {
    /// The signals that are offered, with what they are for.
    private static let signals: [(name: String, number: Int32, meaning: String)] = [
        ("TERM", 15, "end, in good order"), ("INT", 2, "interrupt, as Ctrl-c does"), ("HUP", 1, "reload, by habit"), ("QUIT", 3, "end and leave a trace"),
        ("KILL", 9, "end at once; nothing is saved"), ("USR1", 10, "as the program likes"), ("USR2", 12, "as the program likes"),
        ("STOP", 19, "halt until CONT"), ("CONT", 18, "go on after STOP"),
    ]

    func openProcesses(_ container: ContainerTarget, _ binding: ObjectBinding) {
        lookInside("Processes of a container") { [weak self] in self?.showProcesses(container, binding) }
    }

    private func showProcesses(_ container: ContainerTarget, _ binding: ObjectBinding) {
        let model = DetailModel(title: "Processes of \(container.pod)/\(container.container)", kind: .processes, binding: binding)
        model.lines = [[TextSpan("reading", .pending)]]
        var order = ProcessOrder.cpu
        var last: (found: ContainerProcesses, at: Duration)?
        var before: (processes: ContainerProcesses, elapsed: Duration)?
        let draw = { [weak self, weak model] in
            guard let self, let model, let last else { return }
            model.show(ContainerProcessesText.processes(last.found, earlier: before, order: order, now: time.now()))
            app.signal.touch()
        }
        model.actions[.order] = {
            order = order.next
            draw()
        }
        model.actions[.signal] = { [weak self, weak model] in
            guard let value = model?.selectedLink?.value, let process = last?.found.processes.first(where: { "\($0.pid)" == value }) else { return }
            self?.askSignal(container, process, binding)
        }
        model.onOpen = { [weak self, weak model] id in
            guard let value = model?.links[id]?.value, let process = last?.found.processes.first(where: { "\($0.pid)" == value }) else { return }
            self?.showProcess(process, container, binding)
        }
        show(model)
        model.isReading = false
        model.hints = [("detail.open", "environment and files"), ("processes.order", "order"), ("processes.signal", "send a signal")]
        keepLooking(model) { inside throws(APIStatus) in
            try await inside.processes(container)
        } show: { [weak self] found in
            guard let self else { return }
            let now = time.monotonic()
            if let last { before = (last.found, now - last.at) }
            last = (found, now)
            draw()
        }
    }

    /// One process: its environment and its open files, kept current while it lives.
    private func showProcess(_ process: ContainerProcess, _ container: ContainerTarget, _ binding: ObjectBinding) {
        let model = DetailModel(title: "Process \(process.pid) of \(container.pod)/\(container.container)", kind: .processes, binding: binding)
        model.lines = [[TextSpan("reading", .pending)]]
        model.isRevealed = false
        var last: ProcessDetails?
        let draw = { [weak self, weak model] in
            guard let self, let model, let last else { return }
            model.show(ContainerProcessesText.process(process, last, isRevealed: model.isRevealed == true, now: time.now()))
            app.signal.touch()
        }
        model.onReveal = draw
        show(model)
        model.hints = [("detail.reveal", "show or hide values"), ("detail.copy", "copy")]
        keepLooking(model) { inside throws(APIStatus) in
            try await ProcessDetails.read(process, of: container, inside)
        } show: { found in
            last = found
            draw()
        }
    }

    private func askSignal(_ container: ContainerTarget, _ process: ContainerProcess, _ binding: ObjectBinding) {
        let items = Self.signals.map { PaletteItem(id: "\($0.number)", title: $0.name, detail: $0.meaning) }
        app.pick("Which signal for process \(process.pid)?", items) { [weak self] id in
            guard let self, let signal = Self.signals.first(where: { "\($0.number)" == id }) else { return }
            var body = [
                [TextSpan(DetailText.short(process.command), .accent)],
                [TextSpan("process \(process.pid) of \(process.user), in container \(container.container)", .dim)],
            ]
            if process.pid == 1 {
                body.append([TextSpan("It is the container's first process: when it ends, the container does, and what restartPolicy says follows.", .warning)])
            }
            ask("Send SIG\(signal.name) to process \(process.pid)?", body, [binding], verb: "Send") { [weak self] in
                guard let self, let inside = containerAccess else { return }
                operate { _ throws(APIStatus) in
                    try await inside.signal(container, process, signal: signal.number)
                    return "SIG\(signal.name) sent to process \(process.pid) of \(container.container)"
                }
            }
        }
    }

    func openSockets(_ container: ContainerTarget, _ binding: ObjectBinding) {
        lookInside("Sockets of a container") { [weak self] in self?.showSockets(container, binding) }
    }

    private func showSockets(_ container: ContainerTarget, _ binding: ObjectBinding) {
        let model = DetailModel(title: "Sockets of \(container.pod)/\(container.container)", kind: .sockets, binding: binding)
        model.lines = [[TextSpan("reading", .pending)]]
        show(model)
        model.isReading = false
        model.hints = [("detail.copy", "copy the address")]
        keepLooking(model) { inside throws(APIStatus) in
            try await inside.sockets(container)
        } show: { [weak model] found in
            model?.show(ContainerProcessesText.sockets(found))
        }
    }
}
