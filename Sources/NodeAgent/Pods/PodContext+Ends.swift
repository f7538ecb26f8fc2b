import APIMachinery
import ContainerRuntime
import Glibc
import KubeSchemas
import LinuxKernel

extension PodContext {
    /// Takes note of a container's end and decides when it may run again.
    func recordExit(_ id: String, _ record: ExitRecord, _ state: inout PodWorker.State) {
        guard let parsed = ContainerID(parsing: id),
            let container = state.pod.allContainers.first(where: { ContainerID.hash($0.name) == parsed.nameHash }),
            var history = state.histories[container.name], let current = history.current, current.id == id,
            case .running(let since) = current.phase
        else { return }
        let ran = record.finishedAt - since
        history.end(
            Termination(
                containerID: id, exitCode: Int(record.code), signal: Int(record.signal ?? 0),
                reason: history.isGoingDown ? Termination.nodeShutdown : Termination.reason(record),
                message: lastWords(container, state.pod, attempt: current.attempt, exitCode: record.code), startedAt: since,
                finishedAt: record.finishedAt))
        if history.isInterrupted {
            history.waiting = ContainerHistory.interrupted
        } else {
            history.backOff.failed(after: ran)
            scheduleRestart(&history, container, state.pod)
        }
        state.histories[container.name] = history
        followers.containerEnded(id)
    }

    /// Sets the waiting state and the time of the next attempt, if the pod's policy wants one.
    func scheduleRestart(_ history: inout ContainerHistory, _ container: Container, _ pod: Pod) {
        let code = history.termination?.exitCode ?? 0
        let delay = history.backOff.restartDelay
        guard pod.restarts(container, role: pod.role(of: container.name), after: code), delay > .zero, pod.object.deletionTimestamp == nil else { return }
        let place = "\(pod.object.name)_\(pod.object.namespace ?? "default")(\(pod.object.uid))"
        history.retryAt = time.monotonic() + delay
        history.waiting = .init(
            reason: "CrashLoopBackOff",
            message: "back-off \(Self.goDuration(delay)) restarting failed container=\(container.name) pod=\(place)")
        events.record(
            .warning, reason: "BackOff", "Back-off restarting failed container \(container.name) in pod \(place)",
            about: pod.object, fieldPath: pod.fieldPath(ofContainer: container.name))
    }

    /// `10s`, `1m20s`, `5m0s`, as the kubelet's messages write it.
    static func goDuration(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        return seconds < 60 ? "\(seconds)s" : "\(seconds / 60)m\(seconds % 60)s"
    }

    /// At most 4096 bytes of what the container wrote to its termination log, or the end of its log if it asks for that.
    /// Source: the kubelet's limits of 80 lines and 2048 bytes.
    private func lastWords(_ container: Container, _ pod: Pod, attempt: Int, exitCode: Int32) -> String {
        let path = paths.relative(paths.instance(pod.object.uid, container.name, attempt))
        var message = ""
        if let instance = try? SafeDirectory.open(path, below: paths.data),  // best effort: no last words
            let file = try? FileDescriptor.open("termination-log", O_RDONLY | O_NOFOLLOW | O_NONBLOCK, at: instance.raw),  // best effort: likewise
            let bytes = try? file.read(maximum: 4096)  // best effort: likewise
        {
            message = String(decoding: bytes, as: UTF8.self)
        }
        guard message.isEmpty, exitCode != 0, container.terminationMessagePolicy == "FallbackToLogsOnError" else { return message }
        let directory = paths.logs.path(namespace: pod.object.namespace ?? "default", pod: pod.object.name, uid: pod.object.uid, container: container.name)
        return LogEnd.text(directory: directory, attempt: attempt, lines: 80, bytes: 2048)
    }

    func signal(_ id: String, _ number: Int32?) async {
        try? await runtime.signal(id, number ?? SIGTERM)  // best effort: it may just have ended
    }

    func kill(_ id: String) async {
        try? await runtime.kill(id)  // best effort: it may just have ended
    }

    func eventKilling(_ name: String, _ reason: PodLifecycle.StopReason, _ pod: Pod) {
        var message = "Stopping container \(name)"
        switch reason {
        case .pod: break
        case .postStartHook: message = "FailedPostStartHook"
        case .probe(let kind):
            message = "Container \(name) failed \(kind.rawValue.lowercased()) probe"
            let container = pod.allContainers.first { $0.name == name }
            if let container, pod.restarts(container, role: pod.role(of: name), after: 137) { message += ", will be restarted" }
        }
        events.record(.normal, reason: "Killing", message, about: pod.object, fieldPath: pod.fieldPath(ofContainer: name))
    }
}
