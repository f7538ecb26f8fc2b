import APIMachinery
import ContainerImages
import ContainerRuntime
import Glibc
import JSONCore
import KubeSchemas
import LinuxKernel
import Logging

extension PodContext {
    /// Starts the next instance of a container. True when the state changed so that deciding again makes sense.
    func start(container name: String, _ state: inout PodWorker.State) async -> Bool {
        guard let container = state.allocatedPod.allContainers.first(where: { $0.name == name }) else { return false }
        var history = state.histories[name] ?? ContainerHistory()
        let attempt = history.nextAttempt
        do throws(ConfigurationError) {
            let image = try self.image(for: container)
            history.imageID = image.statusID
            let specification = try await specification(container, image: image, attempt: attempt, state)
            let running = try await run(specification, container)
            await forgetEndedInstance(history, state.pod, name)
            await forgetEarlierLogs(state.pod, name)
            history.begin(.init(id: specification.id, attempt: attempt, phase: .running(since: running.startedAt)))
            history.process = specification.process
            let stopSignal = container.lifecycle.stopSignal.isEmpty ? image.config.stopSignal : container.lifecycle.stopSignal
            history.stopSignal = StopSignal.number(stopSignal)
            history.stopSignalName = StopSignal.name(stopSignal)
            history.user = specification.process.user.status
            history.resources = container.value["resources"] ?? .object([:])
            self.running.noteStart(specification.id)
            let field = state.pod.fieldPath(ofContainer: name)
            events.record(.normal, reason: "Created", "Created container: \(name)", about: state.pod.object, fieldPath: field)
            events.record(.normal, reason: "Started", "Started container \(name)", about: state.pod.object, fieldPath: field)
            hasStarted(container, &history, &state)
        } catch {
            couldNotStart(error, attempt: attempt, &history, container, state.pod)
        }
        state.histories[name] = history
        return true
    }

    private func couldNotStart(
        _ error: ConfigurationError, attempt: Int, _ history: inout ContainerHistory, _ container: Container, _ pod: Pod
    ) {
        let isRepeated = history.waiting?.message == error.message && error.reason == "CreateContainerConfigError"
        if !isRepeated {
            events.record(
                .warning, reason: error.eventReason, error.eventMessage, about: pod.object, fieldPath: pod.fieldPath(ofContainer: container.name))
        }
        logger.info("container did not start", metadata: ["pod": "\(pod.object.name)", "container": "\(container.name)", "error": "\(error.message)"])
        history.backOff.failed()
        if error.reason == "StartError" {
            let now = time.now()
            let id = ContainerID(podUID: pod.object.uid, container: container.name, attempt: attempt).string
            let ended = Termination(containerID: id, exitCode: 128, reason: "StartError", message: error.message, startedAt: now, finishedAt: now)
            history.begin(.init(id: id, attempt: attempt, phase: .exited(ended)))
            scheduleRestart(&history, container, pod)
        } else {
            let hadFailedBefore = history.waiting?.reason.contains("Image") == true
            let reason = error.reason == "ErrImagePull" && hadFailedBefore ? "ImagePullBackOff" : error.reason
            history.waiting = .init(reason: reason, message: error.message)
            history.retryAt = time.monotonic() + history.backOff.retryDelay
        }
    }

    // MARK: The parts of a start

    private func image(for container: Container) throws(ConfigurationError) -> Image {
        do throws(ImageError) {
            if let found = try images.resolve(container.image) {
                images.noteUse(of: found.id, at: time.now())
                return found
            }
        } catch {
            throw ConfigurationError("Failed to apply default image tag \"\(container.image)\": \(error)", reason: "InvalidImageName")
        }
        let remedy = "load it with `kdash image load FILE` or `kdash image import-host PROGRAM`"
        if container.imagePullPolicy == "Never" {
            throw ConfigurationError("image \(container.image) is not present and imagePullPolicy is Never; \(remedy)", reason: "ErrImageNeverPull")
        }
        throw ConfigurationError("image \(container.image) is not present and pulling from registries is not supported yet; \(remedy)", reason: "ErrImagePull")
    }

    private func specification(
        _ container: Container, image: Image, attempt: Int, _ state: PodWorker.State
    ) async throws(ConfigurationError) -> ContainerSpec {
        let pod = state.pod
        let environment = try await EnvironmentBuilder(context: self, pod: pod, podIP: state.sandbox?.address ?? "").build(container, image: image)
        try makeDirectories(pod, container.name, attempt)
        let appArmor = await AppArmor.support()
        let builder = ContainerSpecBuilder(
            pod: pod, container: container, image: image, attempt: attempt, paths: paths, environment: environment,
            cgroup: try cgroup(state.allocatedPod, container, attempt), oomScoreAdjust: oomScoreAdjust(container, pod), log: logSettings,
            appArmor: appArmor, claimed: state.volumes.claimed)
        for (volume, subPath) in try builder.subPaths() { try makeSubPath(subPath, in: volume, pod, claimed: state.volumes.claimed[volume.name]) }
        var specification = try builder.build()
        specification.processesOf = try target(of: container, state)
        if let error = AppArmorChoice(of: container, in: pod).missingDefault(isPrivileged: specification.isPrivileged, support: appArmor) {
            logger.warning(
                "a container runs without AppArmor's default profile", metadata: ["pod": "\(pod.name)", "container": "\(container.name)", "error": "\(error)"])
        }
        return specification
    }

    /// The instance that an ephemeral container looks into, if it names one.
    private func target(of container: Container, _ state: PodWorker.State) throws(ConfigurationError) -> String? {
        let name = container.targetContainerName
        guard !name.isEmpty else { return nil }
        guard let history = state.histories[name], history.isRunning, let current = history.current else {
            throw ConfigurationError("container \(container.name) looks into container \(name), which is not running", reason: "CreateContainerError")
        }
        return current.id
    }

    private func makeDirectories(_ pod: Pod, _ container: String, _ attempt: Int) throws(ConfigurationError) {
        do throws(SystemError) {
            // By descriptors: pods that see these directories could plant links in them, which here would lead into the host.
            let path = paths.relative(paths.instance(pod.object.uid, container, attempt))
            let instance = try InstanceDirectory.make(path, below: paths.data)
            // Any user of the container may write its last words.
            try VolatileFile.write("", to: "termination-log", in: instance, mode: 0o666)
            let logs = LogDirectory.name(namespace: pod.object.namespace ?? "default", pod: pod.object.name, uid: pod.object.uid)
            _ = try SafeDirectory.make("\(logs)/\(container)", below: paths.logs.root, mode: 0o755)
        } catch {
            throw ConfigurationError("cannot prepare container \(container): \(error)", reason: "CreateContainerError")
        }
    }

    private func cgroup(_ pod: Pod, _ container: Container, _ attempt: Int) throws(ConfigurationError) -> CgroupPlacement {
        guard let cgroups else { return .none }
        do throws(RuntimeError) {
            let parent = try cgroups.createPod(
                uid: pod.uid, qos: QualityOfService(PodResources(pod.spec).qosClass), limits: ResourceLimits(pod: pod, pids: podProcessLimit))
            let id = ContainerID(podUID: pod.uid, container: container.name, attempt: attempt).string
            return try cgroups.createContainer(id, in: parent, limits: ResourceLimits(container))
        } catch {
            throw ConfigurationError("cannot limit container \(container.name): \(error)", reason: "CreateContainerError")
        }
    }

    /// How readily the kernel kills the container when the machine runs out of memory.
    func oomScoreAdjust(_ container: Container, _ pod: Pod) -> Int32 {
        QualityOfService(PodResources(pod.spec).qosClass).oomScoreAdjust(memoryRequest: pod.oomMemoryRequest(of: container), capacity: capacity.memory)
    }

    private func run(_ specification: ContainerSpec, _ container: Container) async throws(ConfigurationError) -> RunningContainer {
        do throws(RuntimeError) {
            return try await runtime.start(specification)
        } catch {
            if let target = error.unmappableMount {
                let volume = container.volumeMounts.first { $0.mountPath == target }.map { "volume \($0.name)" } ?? target
                throw ConfigurationError(
                    "\(volume): \(error); move it to a file system with id-mapped mounts, such as ext4, xfs, btrfs or (from Linux 6.3) tmpfs, or leave `hostUsers: false` out",
                    reason: "CreateContainerError")
            }
            guard error.code != .startError else { throw ConfigurationError(error.message, reason: "StartError") }
            throw ConfigurationError("\(error)", reason: "CreateContainerError")
        }
    }

    /// How a container's program is started, computed anew for one that an earlier daemon started.
    func process(of target: ActionTarget) async throws(ConfigurationError) -> ProcessSpec {
        let image = try image(for: target.container)
        let environment = try await EnvironmentBuilder(context: self, pod: target.pod, podIP: target.podIP).build(target.container, image: image)
        return try ContainerSpecBuilder(
            pod: target.pod, container: target.container, image: image, attempt: 0, paths: paths, environment: environment,
            cgroup: target.cgroup, oomScoreAdjust: oomScoreAdjust(target.container, target.pod), log: logSettings,
            appArmor: await AppArmor.support()
        ).process()
    }

    /// The ended instance's files go when the next one has started; its log stays.
    private func forgetEndedInstance(_ history: ContainerHistory, _ pod: Pod, _ name: String) async {
        guard let ended = history.current else { return }
        try? await runtime.remove(ended.id)  // best effort: already forgotten
        await removeCgroup(of: ended.id, pod)
        let container = paths.container(pod.object.uid, name)
        let (logger, paths) = (logger, paths)
        await KernelThread.run("kdash-remove") {
            do throws(SystemError) {
                let directory = try SafeDirectory.open(paths.relative(container), below: paths.data)
                try FileSystem.removeTree("\(ended.attempt)", at: directory.raw)
            } catch {
                logger.warning("could not remove an ended container's files", metadata: ["path": "\(container)/\(ended.attempt)", "error": "\(error)"])
            }
        }
    }

    private func forgetEarlierLogs(_ pod: Pod, _ name: String) async {
        let path = "\(LogDirectory.name(namespace: pod.namespace ?? "default", pod: pod.name, uid: pod.uid))/\(name)"
        let (logger, root) = (logger, paths.logs.root)
        await KernelThread.run("kdash-remove") {
            do throws(SystemError) { try LogAttempts.removeEarlier(in: path, below: root) } catch {
                logger.warning("could not remove an earlier instance's log", metadata: ["path": "\(path)", "error": "\(error)"])
            }
        }
    }

    /// Ended containers keep no cgroup; the pod's own goes with its sandbox.
    func removeCgroup(of id: String, _ pod: Pod) async {
        guard let cgroups else { return }
        let placement = placement(of: id, pod)
        do throws(RuntimeError) {
            try await KernelThread.run("kdash-cgroup") { () throws(RuntimeError) in try cgroups.remove(placement) }
        } catch {
            logger.warning("could not remove a container's cgroup", metadata: ["container": "\(id)", "error": "\(error)"])
        }
    }
}

extension ConfigurationError {
    /// The reason of the event that tells about it.
    var eventReason: String {
        switch reason {
        case "ErrImageNeverPull": "ErrImageNeverPull"
        case "InvalidImageName": "InspectFailed"
        default: "Failed"
        }
    }

    /// As the kubelet words it.
    var eventMessage: String { reason.hasPrefix("Create") || reason == "StartError" ? "Error: \(message)" : message }
}

extension Pod {
    /// The request that decides when a container is killed for memory: a sidecar goes no sooner than the containers that it serves.
    /// Source: kubelet pkg/kubelet/qos/policy.go.
    func oomMemoryRequest(of container: Container) -> ByteCount {
        let own = ResourceLimits(container).memoryRequest ?? .zero
        guard role(of: container.name) == .sidecar else { return own }
        return max(own, spec.containers.map { ResourceLimits($0).memoryRequest ?? .zero }.min() ?? .zero)
    }

    /// `spec.containers{main}`, as events name a part of a pod.
    func fieldPath(ofContainer name: String) -> String {
        switch role(of: name) {
        case .initial, .sidecar: "spec.initContainers{\(name)}"
        case .ephemeral: "spec.ephemeralContainers{\(name)}"
        case .main: "spec.containers{\(name)}"
        }
    }
}
