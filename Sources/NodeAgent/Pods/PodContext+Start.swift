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
        guard let container = (state.pod.spec.initContainers + state.pod.spec.containers).first(where: { $0.name == name }) else { return false }
        var history = state.histories[name] ?? ContainerHistory()
        let attempt = history.nextAttempt
        do throws(ConfigurationError) {
            let image = try self.image(for: container)
            history.imageID = image.statusID
            let specification = try await specification(container, image: image, attempt: attempt, state)
            let running = try await run(specification)
            history.previous = history.termination ?? history.previous
            await forgetEndedInstance(history, state.pod, name)
            history.current = .init(id: specification.id, attempt: attempt, phase: .running(since: running.startedAt))
            history.waiting = nil
            history.retryAt = nil
            self.running.noteStart(specification.id)
            let object = state.pod.object
            let field = state.pod.fieldPath(ofContainer: name)
            events.record(.normal, reason: "Created", "Created container: \(name)", about: object, fieldPath: field)
            events.record(.normal, reason: "Started", "Started container \(name)", about: object, fieldPath: field)
        } catch {
            couldNotStart(error, attempt: attempt, &history, container, state.pod)
        }
        state.histories[name] = history
        return true
    }

    private func couldNotStart(
        _ error: ConfigurationError, attempt: Int, _ history: inout ContainerHistory, _ container: Container, _ pod: Pod
    ) {
        let field = pod.fieldPath(ofContainer: container.name)
        events.record(.warning, reason: error.reason == "StartError" ? "Failed" : error.eventReason, error.message, about: pod.object, fieldPath: field)
        logger.info("container did not start", metadata: ["pod": "\(pod.object.name)", "container": "\(container.name)", "error": "\(error.message)"])
        history.backOff.failed()
        if error.reason == "StartError" {
            let now = time.now()
            history.previous = history.termination ?? history.previous
            let id = ContainerID(podUID: pod.object.uid, container: container.name, attempt: attempt).string
            let ended = Termination(containerID: id, exitCode: 128, reason: "StartError", message: error.message, startedAt: now, finishedAt: now)
            history.current = .init(id: id, attempt: attempt, phase: .exited(ended))
            scheduleRestart(&history, container.name, pod, ran: .zero, counted: true)
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
            if let found = try images.resolve(container.image) { return found }
        } catch {
            throw ConfigurationError("image \(container.image): \(error)", reason: "InvalidImageName")
        }
        let remedy = "load it with `kdash image load FILE` or `kdash image import-host PROGRAM`"
        if container.value["imagePullPolicy"]?.stringValue == "Never" {
            throw ConfigurationError("image \(container.image) is not present and imagePullPolicy is Never; \(remedy)", reason: "ErrImageNeverPull")
        }
        throw ConfigurationError("image \(container.image) is not present and pulling from registries is not supported yet; \(remedy)", reason: "ErrImagePull")
    }

    private func specification(
        _ container: Container, image: Image, attempt: Int, _ state: PodWorker.State
    ) async throws(ConfigurationError) -> ContainerSpec {
        let pod = state.pod
        let fsGroup = pod.spec.value["securityContext"]?["fsGroup"]?.integerValue
        for volume in pod.spec.value["volumes"]?.arrayValue ?? [] {
            try VolumeSource(volume, pod: pod, paths: paths).prepare(fsGroup: fsGroup)
        }
        let environment = try await EnvironmentBuilder(context: self, pod: pod, podIP: state.sandbox?.address ?? "").build(container, image: image)
        try makeDirectories(pod, container.name, attempt)
        return try ContainerSpecBuilder(
            pod: pod, container: container, image: image, attempt: attempt, paths: paths, environment: environment,
            cgroup: try cgroup(pod, container, attempt), oomScoreAdjust: oomScoreAdjust(container, pod), log: logSettings
        ).build()
    }

    private func makeDirectories(_ pod: Pod, _ container: String, _ attempt: Int) throws(ConfigurationError) {
        do throws(SystemError) {
            let instance = paths.instance(pod.object.uid, container, attempt)
            try FileSystem.makeDirectories(instance + "/upper", mode: 0o755)
            try FileSystem.makeDirectories(instance + "/work", mode: 0o755)
            // Any user of the container may write its last words.
            try VolatileFile.write("", to: instance + "/termination-log", mode: 0o666)
            let logs = paths.logs.path(namespace: pod.object.namespace ?? "default", pod: pod.object.name, uid: pod.object.uid, container: container)
            try FileSystem.makeDirectories(logs, mode: 0o755)
        } catch {
            throw ConfigurationError("cannot prepare container \(container): \(error)", reason: "CreateContainerError")
        }
    }

    private func cgroup(_ pod: Pod, _ container: Container, _ attempt: Int) throws(ConfigurationError) -> CgroupPlacement {
        guard let cgroups else { return .none }
        do throws(RuntimeError) {
            let parent = try cgroups.createPod(uid: pod.uid, qos: QualityOfService(PodResources(pod.spec).qosClass), limits: ResourceLimits(pod: pod))
            let id = ContainerID(podUID: pod.uid, container: container.name, attempt: attempt).string
            return try cgroups.createContainer(id, in: parent, limits: ResourceLimits(container))
        } catch {
            throw ConfigurationError("cannot limit container \(container.name): \(error)", reason: "CreateContainerError")
        }
    }

    /// How readily the kernel kills the container when the machine runs out of memory.
    func oomScoreAdjust(_ container: Container, _ pod: Pod) -> Int32 {
        QualityOfService(PodResources(pod.spec).qosClass).oomScoreAdjust(
            memoryRequest: ResourceLimits(container).memoryRequest ?? .zero, capacity: totalMemory)
    }

    private func run(_ specification: ContainerSpec) async throws(ConfigurationError) -> RunningContainer {
        do throws(RuntimeError) {
            return try await runtime.start(specification)
        } catch {
            throw ConfigurationError(error.message, reason: error.code == .startError ? "StartError" : "CreateContainerError")
        }
    }

    /// The ended instance's files go when the next one has started; its log stays.
    private func forgetEndedInstance(_ history: ContainerHistory, _ pod: Pod, _ name: String) async {
        guard let ended = history.current else { return }
        try? await runtime.remove(ended.id)  // best effort: already forgotten
        removeCgroup(of: ended.id, pod)
        let directory = paths.instance(pod.object.uid, name, ended.attempt)
        let logger = logger
        await KernelThread.run("kdash-remove") {
            do throws(SystemError) {
                try FileSystem.removeTree(directory)
            } catch {
                logger.warning("could not remove an ended container's files", metadata: ["path": "\(directory)", "error": "\(error)"])
            }
        }
    }

    /// Ended containers keep no cgroup; the pod's own goes with its sandbox.
    func removeCgroup(of id: String, _ pod: Pod) {
        guard let cgroups else { return }
        let parent = cgroups.placement(pod: pod.uid, qos: QualityOfService(PodResources(pod.spec).qosClass))
        do throws(RuntimeError) {
            try cgroups.remove(cgroups.placement(container: id, in: parent))
        } catch {
            logger.warning("could not remove a container's cgroup", metadata: ["container": "\(id)", "error": "\(error)"])
        }
    }

    // MARK: Ends

    /// Takes note of a container's end and decides when it may run again.
    func recordExit(_ id: String, _ record: ExitRecord, _ state: inout PodWorker.State) {
        guard let parsed = ContainerID(parsing: id),
            let name = (state.pod.spec.initContainers + state.pod.spec.containers).map(\.name).first(where: { ContainerID.hash($0) == parsed.nameHash }),
            var history = state.histories[name], let current = history.current, current.id == id, history.isRunning
        else { return }
        guard case .running(let since) = current.phase else { return }
        let message = terminationMessage(state.pod, name, current.attempt)
        history.current?.phase = .exited(
            Termination(
                containerID: id, exitCode: Int(record.code), signal: Int(record.signal ?? 0),
                reason: record.isOutOfMemory ? "OOMKilled" : record.code == 0 ? "Completed" : "Error", message: message, startedAt: since,
                finishedAt: record.finishedAt))
        history.backOff.failed(after: record.finishedAt - since)
        scheduleRestart(&history, name, state.pod, ran: record.finishedAt - since, counted: true)
        state.histories[name] = history
        followers.containerEnded(id)
    }

    /// Sets the waiting state and the time of the next attempt, if the pod's policy wants one.
    private func scheduleRestart(_ history: inout ContainerHistory, _ name: String, _ pod: Pod, ran: Duration, counted: Bool) {
        let isInit = pod.spec.initContainers.contains { $0.name == name }
        let code = history.termination?.exitCode ?? 0
        let restarts = pod.spec.restartPolicy == "Always" && !isInit || code != 0 && pod.spec.restartPolicy != "Never"
        let delay = history.backOff.restartDelay
        guard restarts, delay > .zero, pod.object.deletionTimestamp == nil else { return }
        history.retryAt = time.monotonic() + delay
        history.waiting = .init(
            reason: "CrashLoopBackOff",
            message:
                "back-off \(delay.components.seconds)s restarting failed container=\(name) pod=\(pod.object.name)_\(pod.object.namespace ?? "default")(\(pod.object.uid))"
        )
        events.record(
            .warning, reason: "BackOff",
            "Back-off restarting failed container \(name) in pod \(pod.object.name)_\(pod.object.namespace ?? "default")(\(pod.object.uid))",
            about: pod.object, fieldPath: pod.fieldPath(ofContainer: name))
    }

    /// At most 4096 bytes of what the container wrote to its termination log.
    private func terminationMessage(_ pod: Pod, _ name: String, _ attempt: Int) -> String {
        let path = paths.instance(pod.object.uid, name, attempt) + "/termination-log"
        guard let file = try? FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK),  // best effort: no last words
            let bytes = try? file.read(maximum: 4096)  // best effort: no last words
        else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    func signal(_ id: String, _ state: PodWorker.State) async {
        try? await runtime.signal(id, SIGTERM)  // best effort: it may just have ended
    }

    func kill(_ id: String) async {
        try? await runtime.kill(id)  // best effort: it may just have ended
    }

    func eventKilling(_ state: PodWorker.State) {
        for (name, history) in state.histories where history.isRunning {
            events.record(.normal, reason: "Killing", "Stopping container \(name)", about: state.pod.object, fieldPath: state.pod.fieldPath(ofContainer: name))
        }
    }
}

extension ConfigurationError {
    /// The reason of the event that tells about it.
    var eventReason: String { reason == "ErrImageNeverPull" ? "ErrImageNeverPull" : "Failed" }
}

extension Pod {
    /// `spec.containers{main}`, as events name a part of a pod.
    func fieldPath(ofContainer name: String) -> String {
        spec.initContainers.contains { $0.name == name } ? "spec.initContainers{\(name)}" : "spec.containers{\(name)}"
    }
}
