import APIMachinery
import ClusterOperations
import KubeClient
import KubeSchemas
import LinuxKernel

/// The containers of a pod, and what is done with one.
extension ClusterSession {
    /// How often what is going on in containers is looked at again.
    static let containerPause = Duration.seconds(2)

    /// Asks which container is meant, where there are several.
    func pickContainer(_ binding: ObjectBinding, _ target: ObjectTarget, _ question: String, then: @escaping (ContainerTarget) -> Void) {
        inquire { client throws(APIStatus) in
            Pod(try await target.read(client))
        } then: { [weak self] pod in
            let containers = ContainersText.containers(pod)
            func place(_ name: String) -> ContainerTarget {
                ContainerTarget(namespace: binding.namespace ?? "", pod: binding.name, podUID: pod.uid, container: name)
            }
            guard containers.count > 1 else { return containers.first.map { then(place($0.name)) } ?? () }
            let items = containers.map { PaletteItem(id: $0.name, title: $0.name, detail: ContainersText.state($0.name, pod)) }
            self?.app.pick(question, items) { then(place($0)) }
        }
    }

    /// Lists the containers of a pod and keeps the list current.
    func showContainers(_ binding: ObjectBinding, _ target: ObjectTarget) {
        let model = DetailModel(title: "Containers", kind: .containers, binding: binding)
        model.lines = [[TextSpan("reading \(target.text)", .pending)]]
        func act(_ work: @escaping (ClusterSession, ContainerTarget) -> Void) -> () -> Void {
            { [weak self, weak model] in
                guard let self, let name = model?.selectedLink?.value else { return }
                work(self, ContainerTarget(namespace: binding.namespace ?? "", pod: binding.name, podUID: binding.uid, container: name))
            }
        }
        let logs = { [weak self, weak model] (isPrevious: Bool) in
            guard let self, let name = model?.selectedLink?.value else { return }
            app.detail = nil
            showLogs(binding, container: name, isPrevious: isPrevious)
            app.focus = .logs
        }
        model.actions = [
            .logs: { logs(false) }, .previousLogs: { logs(true) },
            .files: act { $0.openFiles($1, binding) }, .processes: act { $0.openProcesses($1, binding) }, .sockets: act { $0.openSockets($1, binding) },
        ]
        model.actions[.shell] = act { $0.openShell(binding, container: $1.container, isBeside: false) }
        model.onOpen = { _ in logs(false) }
        model.bindingOfLink = { link in
            link.value.map {
                ObjectBinding(context: binding.context, namespace: binding.namespace, kind: "Container", name: $0, uid: binding.uid, resource: .containers)
            }
        }
        show(model)
        model.isReading = false
        model.hints = [
            ("containers.logs", "logs"), ("containers.previousLogs", "logs before"), ("containers.shell", "shell"), ("containers.files", "files"),
            ("containers.processes", "processes"), ("containers.sockets", "sockets"),
        ]
        sampleWhileVisible()
        keepReading(model) { client throws(APIStatus) in
            Pod(try await target.read(client))
        } show: { [weak self, weak model] pod in
            guard let self, let model else { return }
            let now = time.now()
            let usage = ContainersText.containers(pod).reduce(into: [String: ContainersText.Usage]()) { usage, container in
                let last = usageHistory.container(of: pod, container.name, now: now).suffix(2).last { $0.samples > 0 }
                guard let last else { return }
                usage[container.name] = ContainersText.Usage(
                    cpu: last.cpuSamples > 0 ? last.cpu / Double(last.cpuSamples) : nil, memory: last.memory / Double(last.samples))
            }
            model.show(ContainersText.list(pod, usage: usage, gap: app.pods.usageGap, now: now))
        }
    }

    /// Reads something again and again while a text that shows it is open, and stops when it is gone.
    func keepReading<Value: Sendable>(
        _ model: DetailModel, every pause: Duration = ClusterSession.containerPause, _ read: @escaping @Sendable (KubeClient) async throws(APIStatus) -> Value,
        show: @escaping (Value) -> Void
    ) {
        let start = { [weak self, weak model] in
            guard let self, let model, let client = cluster?.client else { return }
            model.onClose = { [weak self] in self?.tasks.cancel(.detail) }
            tasks.run(.detail) { [weak self, weak model, time] in
                while !Task.isCancelled {
                    var failure: APIStatus?
                    var value: Value?
                    do throws(APIStatus) { value = try await read(client) } catch { failure = error }
                    guard let self, let model, !Task.isCancelled, self.app.detail === model else { return }
                    if let value {
                        show(value)
                        model.vanished = nil
                    } else if let failure {
                        self.tell(failure, in: model)
                    }
                    self.app.signal.touch()
                    do { try await time.sleep(for: pause) } catch { return }
                }
            }
        }
        model.reopen = start
        start()
    }

    /// What was shown stays, with why it is no longer current.
    private func tell(_ failure: APIStatus, in model: DetailModel) {
        let reason = insideText(failure)
        if model.stops.isEmpty {
            model.lines = [[TextSpan(reason, .error)]]
        } else {
            model.vanished = reason
        }
    }
}

extension GroupVersionResource {
    /// What k9s calls the containers of a pod; no API has it.
    static let containers = GroupVersionResource(group: "", version: "v1", resource: "containers")
}
