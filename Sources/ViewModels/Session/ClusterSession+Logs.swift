import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

extension ClusterSession {
    /// How long the cursor rests before panes follow it, so that scrolling through pods opens no stream for each.
    static let followDelay = Duration.milliseconds(150)

    /// The panes of text show the object under the cursor once it rests there: its YAML, and a pod's log.
    func followSelected() {
        guard let binding = app.selectedListBinding else { return }
        followedUID = binding.uid
        let isPod = app.kind.isPods
        tasks.run(.follow) { [weak self, time] in
            do { try await time.sleep(for: Self.followDelay) } catch { return }
            guard let self, app.selectedListBinding == binding else { return }
            // best effort: what cannot be read is not shown unasked.
            if isPod { _ = try? await readPod(binding) }
            guard !Task.isCancelled, app.selectedListBinding == binding else { return }
            // A merge was asked for by name and stays until it is closed.
            if isPod, app.logs.merge == nil, app.logs.target?.podUID != binding.uid { showLogs(binding, container: nil, isPrevious: false) }
            showInEditor(binding)
        }
    }

    package func showLogs(_ binding: ObjectBinding, container: String?, isPrevious: Bool) {
        guard let uid = binding.uid else { return }
        withPod(binding, .pod) { session, object in
            guard let client = session.cluster?.client else { return }
            if let object { return session.showLogs(Pod(object), uid, container: container, isPrevious: isPrevious, client) }
            session.findKeptLog(binding, container: container, isPrevious: isPrevious, client)
        }
    }

    private func showLogs(_ pod: Pod, _ uid: String, container: String?, isPrevious: Bool, _ client: KubeClient) {
        let spec = pod.spec
        app.logs.containers = spec.containers.map(\.name) + spec.initContainers.map(\.name) + spec.ephemeralContainers.map(\.name)
        guard let name = container ?? Self.defaultContainer(pod) else { return }
        let target = LogTarget(namespace: pod.namespace ?? "", pod: pod.name, podUID: uid, container: name, isPrevious: isPrevious)
        show(target, client)
    }

    /// Follows one container's log in place of what was shown.
    func show(_ target: LogTarget, _ client: KubeClient) {
        logs.reset(.container(target))
        follow(target, client)
    }

    private func follow(_ target: LogTarget, _ client: KubeClient) {
        let (updates, updater) = AsyncStream<LogsDriver.Update>.makeStream()
        updater.yield(LogsDriver.Update(targets: [target]))
        updater.finish()
        tasks.run(.logs) { [weak self, logs] in
            await logs.follow(updates, client: client, window: .zero) { target in
                target.isGone ? .gone : self?.logStatus(target) ?? .gone
            }
        }
    }

    /// Follows what was shown before over a new connection, from where it stopped.
    func resumeLogs(_ client: KubeClient) {
        switch app.logs.selection {
        case .container(let target)?: follow(target, client)
        case .merge(let merge)?: follow(merge, client)
        case nil: break
        }
    }

    /// The log of a pod that is deleted, as long as its node keeps it.
    private func findKeptLog(_ binding: ObjectBinding, container: String?, isPrevious: Bool, _ client: KubeClient) {
        if let kept = shownKeptLog, kept.podUID == binding.uid { return show(kept, container: container, isPrevious: isPrevious, client) }
        guard let keptLogs = cluster?.keptLogs else { return app.toast("\(binding.text) is gone", .warning) }
        tasks.run(.logs) { [weak self] in
            do {
                let kept = try await keptLogs().first { $0.podUID == binding.uid }
                guard let self, !Task.isCancelled else { return }
                guard let kept, !kept.isEmpty else { return app.toast("\(binding.text) is gone", .warning) }
                show(kept, container: container, isPrevious: isPrevious, client)
            } catch {
                guard !Task.isCancelled else { return }
                self?.app.toast("the logs of deleted pods cannot be listed: \(error)", .error)
            }
        }
    }

    private func show(_ kept: KeptLog, container: String?, isPrevious: Bool, _ client: KubeClient) {
        guard let name = container ?? kept.containers.first else { return }
        shownKeptLog = kept
        app.logs.containers = kept.containers
        let target = LogTarget(
            namespace: kept.namespace, pod: kept.pod, podUID: kept.podUID, container: name, isPrevious: isPrevious, isGone: true)
        show(target, client)
    }

    package func pickKeptLog() {
        guard let cluster, let keptLogs = cluster.keptLogs else { return app.toast("only kdash's own cluster keeps the logs of deleted pods", .dim) }
        tasks.run(.keptLogs) { [weak self] in
            do {
                let kept = try await keptLogs()
                guard let self, !Task.isCancelled else { return }
                let isShown = { (log: KeptLog) in self.app.namespace == nil || log.namespace == self.app.namespace }
                pick(kept.filter { !$0.isEmpty && isShown($0) }, client: cluster.client)
            } catch {
                guard !Task.isCancelled else { return }
                self?.app.toast("the logs of deleted pods cannot be listed: \(error)", .error)
            }
        }
    }

    private func pick(_ kept: [KeptLog], client: KubeClient) {
        guard app.modal == nil else { return }  // Something else was opened meanwhile.
        guard !kept.isEmpty else {
            return app.toast("no logs of deleted pods are kept\(app.namespace.map { " in namespace \($0)" } ?? "")", .dim)
        }
        let now = time.now()
        let items = kept.map { log in
            PaletteItem(
                id: log.podUID, title: "\(log.namespace)/\(log.pod)", detail: "\(HumanDuration.text(now - log.lastWrite)) ago, \(log.size)")
        }
        app.pick("Log of which deleted pod?", items) { [weak self] uid in
            guard let self, let log = kept.first(where: { $0.podUID == uid }) else { return }
            tasks.cancel(.follow)
            show(log, container: nil, isPrevious: false, client)
            app.focus = .logs
        }
    }

    /// The container kubectl would take: the annotated one, else an init container that has not finished, else the first.
    private static func defaultContainer(_ pod: Pod) -> String? {
        let names = pod.spec.containers.map(\.name)
        if let chosen = pod.object.annotations["kubectl.kubernetes.io/default-container"], names.contains(chosen) { return chosen }
        let waiting = pod.status.initContainerStatuses.first { status in
            status.state.running != nil && status.started != true || (status.state.terminated.map { $0.exitCode != 0 } ?? false)
        }
        return waiting?.name ?? names.first
    }

    /// How the container of a log stands now.
    private func logStatus(_ target: LogTarget) -> LogPodStatus {
        let isListed = app.pods.row(uid: target.podUID) != nil
        // Before the first list nothing is known.
        guard isListed || !arePodsKnown(in: target.namespace) else { return .gone }
        return keptPods.get(uid: target.podUID).map { LogPodStatus(Pod($0), container: target.container) } ?? .alive
    }
}
