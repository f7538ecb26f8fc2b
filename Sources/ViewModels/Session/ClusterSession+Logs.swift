import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

extension ClusterSession {
    /// How long the cursor rests before panes follow it, so that scrolling through pods opens no stream for each.
    static let followDelay = Duration.milliseconds(150)

    /// The logs and YAML panes show the pod under the cursor once it rests there.
    func follow(_ pod: PodRow) {
        let binding = app.binding(pod)
        followedUID = pod.uid
        tasks.run("follow") { [weak self, time] in
            do { try await time.sleep(for: Self.followDelay) } catch { return }
            guard let self, app.selectedPodBinding?.uid == binding.uid else { return }
            if app.logs.target?.podUID != binding.uid { showLogs(binding, container: nil, isPrevious: false) }
            showPodInEditor(binding)
        }
    }

    package func showLogs(_ binding: ObjectBinding, container: String?, isPrevious: Bool) {
        guard let client = cluster?.client, let uid = binding.uid else { return }
        guard let object = feed?.pods.get(namespace: binding.namespace, name: binding.name), object.uid == uid else {
            return showKeptLog(binding, container: container, isPrevious: isPrevious, client)
        }
        let pod = Pod(object)
        let spec = pod.spec
        app.logs.containers = spec.containers.map(\.name) + spec.initContainers.map(\.name) + spec.ephemeralContainers.map(\.name)
        guard let name = container ?? Self.defaultContainer(pod) else { return }
        let target = LogTarget(namespace: binding.namespace ?? "", pod: binding.name, podUID: uid, container: name, isPrevious: isPrevious)
        tasks.run("logs") { [weak self, logs] in
            await logs.follow(target, client: client) { self?.podState(target) ?? .gone }
        }
    }

    /// The log of a pod that is deleted, as long as its node keeps it.
    private func showKeptLog(_ binding: ObjectBinding, container: String?, isPrevious: Bool, _ client: KubeClient) {
        guard app.context.isEmbedded, let pod = gonePods.last(where: { $0.uid == binding.uid }),
            let name = container ?? pod.containers.first
        else { return app.toast("\(binding.text) is gone", .warning) }
        app.logs.containers = pod.containers
        let target = LogTarget(
            namespace: pod.namespace, pod: pod.name, podUID: pod.uid, container: name, isPrevious: isPrevious, isGone: true)
        tasks.run("logs") { [logs] in await logs.follow(target, client: client) { .gone } }
    }

    /// Remembers pods that are about to leave the list, so that their logs can be asked for.
    func remember(gone uids: some Collection<String>) {
        gonePods += uids.compactMap { app.pods.pod(uid: $0) }
        gonePods.removeFirst(max(0, gonePods.count - Self.rememberedPods))
    }

    private static let rememberedPods = 200

    package func pickKeptLog() {
        guard app.context.isEmbedded else { return app.toast("only kdash's own cluster keeps the logs of deleted pods", .dim) }
        let pods = gonePods.reversed().filter { app.namespace == nil || $0.namespace == app.namespace }
        guard !pods.isEmpty else { return app.toast("no pod was deleted since kdash was opened", .dim) }
        app.pick("Log of which deleted pod?", pods.map { "\($0.namespace)/\($0.name)" }) { [weak self] text in
            guard let self, let pod = pods.first(where: { "\($0.namespace)/\($0.name)" == text }) else { return }
            showLogs(app.binding(pod), container: nil, isPrevious: false)
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
    func podState(_ target: LogTarget) -> LogsDriver.PodState {
        guard let object = feed?.pods.get(namespace: target.namespace, name: target.pod), object.uid == target.podUID else {
            // Before the first list nothing is known.
            return feed?.pods.hasSynced == true ? .gone : .alive
        }
        let pod = Pod(object)
        let statuses = pod.status.containerStatuses + pod.status.initContainerStatuses + pod.status.ephemeralContainerStatuses
        let state = statuses.first { $0.name == target.container }?.state
        guard let ended = state?.terminated else { return pod.isTerminated && state?.running == nil ? .ended("the pod has ended") : .alive }
        let isFinal = pod.isTerminated || pod.spec.restartPolicy == "Never" || ended.exitCode == 0 && pod.spec.restartPolicy == "OnFailure"
        let isInit = pod.status.initContainerStatuses.contains { $0.name == target.container }
        return isFinal || isInit && ended.exitCode == 0
            ? .ended(ContainerText.ending(ended)) : .pausing("\(ContainerText.ending(ended)), starts again")
    }
}
