import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

extension PodContext {
    /// How often the size of limited volumes is looked at. Source: the kubelet's eviction monitor.
    static var usageInterval: Duration { .seconds(10) }

    /// Starts to measure the pod's limited volumes beside the worker when that is due. Pods without limits cost nothing.
    func measureVolumes(_ state: inout PodWorker.State) {
        guard case .mounted = state.volumeProgress else { return }
        let now = time.monotonic()
        let limits = state.pod.limitedVolumes
        guard !limits.isEmpty else { return }
        guard let dueAt = state.volumes.measureAt else {
            state.volumes.measureAt = now + Self.usageInterval
            return
        }
        guard dueAt <= now else { return }
        state.volumes.measureAt = now + Self.usageInterval
        let places = limits.map { (name: $0.name, limit: $0.limit, path: paths.volume(state.pod.uid, $0.name)) }
        let inbox = state.inbox
        state.jobs.append {
            let excess = await KernelThread.run("kdash-usage") {
                places.first { DirectoryUsage.bytes(below: $0.path) > $0.limit.value }
            }
            guard let excess else { return }
            inbox.put { $0.excessiveVolume = excess.name }
        }
    }

    /// Ends a pod that holds more than it may.
    func evict(volume name: String, _ state: inout PodWorker.State) {
        guard let limit = state.pod.spec.volumes.first(where: { $0.name == name })?.emptyDir?.value["sizeLimit"]?.stringValue
        else { return }
        evict("Usage of EmptyDir volume \"\(name)\" exceeds the limit \"\(limit)\". ", &state)
    }

    /// Ends a pod because the node needs it gone.
    func evict(_ message: String, _ state: inout PodWorker.State) {
        guard state.settled == nil, state.pod.object.deletionTimestamp == nil else { return }
        events.record(.warning, reason: "Evicted", message, about: state.pod.object)
        state.settled = .failed(reason: "Evicted", message: message)
        state.isEvicted = true
    }
}

extension Pod {
    /// Volumes on disk whose size is limited; memory limits itself.
    var limitedVolumes: [(name: String, limit: ByteCount)] {
        spec.volumes.compactMap { volume in
            guard let source = volume.emptyDir, source.medium != "Memory", let limit = source.sizeLimit, !limit.isZero else { return nil }
            return (volume.name, ByteCount(limit.value))
        }
    }
}
