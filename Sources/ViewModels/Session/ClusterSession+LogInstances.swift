import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// Instances of a container that ended before the one that runs: as many as its node keeps.
extension ClusterSession {
    /// Shows the instance before the one that is shown, or the newest again.
    package func showEarlierInstance() {
        withShownLog { session, target, client in
            guard session.app.context.isEmbedded else { return session.togglePrevious(target) }
            session.withInstances(of: target, client) { session, instances in
                guard instances.count > 1 else {
                    return session.app.toast("only one instance of \(target.container) is kept: there is no earlier log", .dim)
                }
                let place = target.instance.flatMap { number in instances.firstIndex { $0.number == number } } ?? (target.isPrevious ? 1 : 0)
                session.show(place + 1 < instances.count ? place + 1 : 0, of: instances, target, client)
            }
        }
    }

    /// Asks which instance of the shown container to show.
    package func pickLogInstance() {
        withShownLog { session, target, client in
            guard session.app.context.isEmbedded else {
                let key = session.app.keyText("logs.previous")
                return session.app.toast("only kdash's own cluster keeps more than the instance before (\(key))", .dim)
            }
            session.pickInstance(of: target, client)
        }
    }

    private func pickInstance(of target: LogTarget, _ client: KubeClient) {
        withInstances(of: target, client) { session, instances in
            guard !instances.isEmpty else { return session.app.toast("no log of \(target.container) is kept", .dim) }
            guard session.app.modal == nil else { return }
            let now = session.time.now()
            let items = instances.map { instance in
                let state = instance.isRunning ? "runs" : "last line \(HumanDuration.text(now - instance.lastWrite)) ago"
                return PaletteItem(id: "\(instance.number)", title: "instance \(instance.number)", detail: "\(state), \(instance.size)")
            }
            session.app.pick("Log of which instance of \(target.container)?", items) { [weak session] id in
                guard let place = instances.firstIndex(where: { "\($0.number)" == id }) else { return }
                session?.show(place, of: instances, target, client)
            }
        }
    }

    /// Does something with the shown container's log. One that was just asked for may wait for its pod to be read: then it is awaited.
    private func withShownLog(_ body: @escaping @MainActor (ClusterSession, LogTarget, KubeClient) -> Void) {
        tasks.run(.keptLogs) { [weak self] in
            await self?.tasks.end(of: .follow)
            await self?.tasks.end(of: .pod)
            guard let self, !Task.isCancelled, let client = cluster?.client else { return }
            guard let target = app.logs.target else { return app.toast("no container's log is shown", .dim) }
            body(self, target, client)
        }
    }

    /// The newest is followed as ever; the others have ended.
    private func show(_ place: Int, of instances: [LogInstance], _ target: LogTarget, _ client: KubeClient) {
        var wanted = target
        (wanted.isPrevious, wanted.instance) = (place == 1, place > 1 ? instances[place].number : nil)
        show(wanted, client)
        let count = instances.count
        if place > 0 { app.toast("instance \(instances[place].number): \(place + 1) of \(count) that are kept, the newest first", .dim) }
    }

    /// Other clusters keep one instance before the newest.
    private func togglePrevious(_ target: LogTarget) {
        guard let binding = app.logPodBinding else { return }
        showLogs(binding, container: target.container, isPrevious: !target.isPrevious)
    }

    private func withInstances(of target: LogTarget, _ client: KubeClient, _ then: @escaping @MainActor (ClusterSession, [LogInstance]) -> Void) {
        let request = LogRequest(
            namespace: target.namespace, pod: target.pod, podUID: target.podUID, container: target.container, isDeleted: target.isGone)
        tasks.run(.keptLogs) { [weak self] in
            do throws(APIStatus) {
                let instances = try await client.logInstances(of: request)
                guard let self, !Task.isCancelled, app.logs.target == target else { return }
                guard let instances else { return togglePrevious(target) }
                then(self, instances)
            } catch {
                guard !Task.isCancelled else { return }
                self?.app.toast("the instances of \(target.container) cannot be listed: \(error.message)", .warning)
            }
        }
    }
}
