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
            return app.toast("\(binding.text) is gone", .warning)
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
