import APIMachinery
package import KubeClient
import KubeSchemas
import LinuxKernel

extension PodContext {
    /// Starts to count beside the worker what the pod takes of the disk, when that is due. Pods without limits cost nothing.
    func watchStorage(_ state: inout PodWorker.State) {
        guard case .mounted = state.volumeProgress, let limits = StorageLimits(state.pod), state.storage.begin(at: time.monotonic()) else { return }
        let (pod, inbox) = (state.pod, state.inbox)
        state.jobs.append { [self] in
            let began = time.monotonic()
            let storage = await KernelThread.run("kdash-usage") { count(pod) }
            let violation = limits.violation(storage)
            inbox.put { contents in
                contents.storageCounted = time.monotonic() - began
                if let violation { contents.eviction = violation }
            }
        }
    }

    /// Walks everything on disk that lives and dies with a pod. Blocking.
    func count(_ pod: Pod) -> PodStorage {
        let logs = LogDirectory.name(namespace: pod.namespace ?? "default", pod: pod.name, uid: pod.uid)
        let containers = pod.allContainers.map { container in
            PodStorage.Container(
                name: container.name, root: DirectoryUsage.measure(paths.relative(paths.container(pod.uid, container.name)), below: paths.data),
                logs: DirectoryUsage.measure("\(logs)/\(container.name)", below: paths.logs.root))
        }
        let volumes = pod.spec.volumes.filter(\.isOnPodDisk).map { volume in
            PodStorage.Volume(name: volume.name, use: DirectoryUsage.measure(paths.relative(paths.volume(pod.uid, volume.name)), below: paths.data))
        }
        let storage = PodStorage(uid: pod.uid, containers: containers, volumes: volumes)
        storageFigures.note(storage, at: time.monotonic())
        return storage
    }

    /// Ends a pod because the node needs it gone.
    func evict(_ message: String, _ state: inout PodWorker.State) {
        guard state.settled == nil, state.pod.object.deletionTimestamp == nil else { return }
        events.record(.warning, reason: "Evicted", message, about: state.pod.object)
        state.settled = .failed(reason: "Evicted", message: message)
        state.isEvicted = true
    }
}

extension NodeAgent {
    /// What the pods take of the disk. Counts those that nobody has for a minute.
    package func storage() async -> [PodStorage] {
        let (pods, context) = (pods.all().map { Pod($0) }.filter { !$0.isTerminated }, context)
        return await KernelThread.run("kdash-usage") {
            pods.map { context.storageFigures.fresh($0.uid, at: context.time.monotonic()) ?? context.count($0) }
        }
    }
}

extension Volume {
    /// Whether its files lie on the disk with the pod's own.
    var isOnPodDisk: Bool { emptyDir.map { $0.medium.isEmpty } ?? projectsFiles }
}
