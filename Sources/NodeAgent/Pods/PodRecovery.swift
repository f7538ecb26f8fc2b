import APIMachinery
import ContainerRuntime
import JSONCore
import KubeSchemas
import LinuxKernel

/// Rebuilds what is known of a pod from its last status and from what the supervisor still holds.
enum PodRecovery {
    /// What a daemon that has just started knows about a pod.
    struct Recovered: Sendable {
        var histories: [String: ContainerHistory] = [:]
        /// What the node has granted to each container; those it has told nothing of have what their spec says.
        var allocated: [String: JSONValue] = [:]
        /// Set when the pod cannot go on: its node went away and its policy forbids a restart.
        var ending: PodLifecycle.Ending?
    }

    /// Whether the namespaces that the supervisor holds for a pod are used again. While no container has started in them nobody knows whether the
    /// daemon before came to the end of making them, with their link and files: they are replaced, unless the pod goes anyway.
    static func keepsSandbox(of pod: Pod, records: [ContainerRecord]) -> Bool {
        !records.isEmpty || pod.isTerminated || pod.object.deletionTimestamp != nil
    }

    /// - Parameter records: the supervisor's containers of this pod; after a reboot or of a new supervisor, those whose end the one before
    ///   wrote down.
    /// - Parameter hasSandbox: whether the pod still has the namespaces that its containers ran in.
    /// - Parameter monotonic: now, for the probes of containers that run.
    static func recover(_ pod: Pod, records: [ContainerRecord], hasSandbox: Bool, now: Timestamp, monotonic: Duration) -> Recovered {
        var recovered = Recovered()
        var lost: [String] = []
        let byName = Dictionary(grouping: records) { ContainerID(parsing: $0.id)?.nameHash ?? "" }
        for container in pod.allContainers {
            let status = pod.containerStatus(container.name)
            let own = byName[ContainerID.hash(container.name)] ?? []
            let newest = own.max { attempt($0) < attempt($1) }
            var history = fromStatus(status)
            // What the status says of an end is as good, and knows why.
            let isTold = newest != nil && newest?.id == history.current?.id && history.termination != nil
            if let newest, !isTold, attempt(newest) >= history.restartCount || history.current == nil {
                adopt(newest, into: &history)
            } else if history.isRunning, var instance = history.current {
                lost.append(container.name)
                instance.phase = .exited(
                    Termination(
                        containerID: instance.id, exitCode: 137, reason: "ContainerStatusUnknown",
                        message: "the node stopped while the container ran", startedAt: startOf(history), finishedAt: now))
                history.current = instance
            }
            if history.isRunning {
                history.probes = ContainerProbes(container, startedAt: monotonic)
                history.probes?.assume(started: status?["started"]?.boolValue ?? false, ready: status?["ready"]?.boolValue ?? false)
                history.resources = status?["resources"] ?? container.value["resources"] ?? .object([:])
            }
            if history.current != nil {
                history.user = status?["user"]
                history.stopSignalName = status?["stopSignal"]?.stringValue
            }
            history.isOfEarlierSandbox = !hasSandbox && !pod.isTerminated && history.current != nil
            recovered.histories[container.name] = history
            if let resources = status.map({ $0["resources"] ?? .object([:]) }) { recovered.allocated[container.name] = resources }
        }
        if let own = pod.object.value["status"]?["resources"] { recovered.allocated[Pod.whole] = own }
        if !lost.isEmpty, pod.spec.restartPolicy == "Never", !pod.isTerminated {
            recovered.ending = .nodeShutdown
        }
        return recovered
    }

    private static func attempt(_ record: ContainerRecord) -> Int { ContainerID(parsing: record.id)?.attempt ?? 0 }

    private static func startOf(_ history: ContainerHistory) -> Timestamp? {
        if case .running(let since) = history.current?.phase { since } else { nil }
    }

    private static func adopt(_ record: ContainerRecord, into history: inout ContainerHistory) {
        let number = attempt(record)
        if let current = history.current, current.attempt < number { history.previous = history.termination ?? history.previous }
        let phase: ContainerHistory.Phase =
            switch record.state {
            case .running: .running(since: record.startedAt)
            case .exited(let exit): .exited(Termination(record: record, exit: exit))
            }
        history.current = ContainerHistory.Instance(id: record.id, attempt: number, phase: phase)
        history.waiting = nil
    }

    private static func fromStatus(_ status: JSONValue?) -> ContainerHistory {
        var history = ContainerHistory()
        guard let status else { return history }
        history.imageID = status["imageID"]?.stringValue ?? ""
        history.previous = termination(status["lastState"]?["terminated"])
        guard let id = bareID(status["containerID"]), let attempt = ContainerID(parsing: id)?.attempt else { return history }
        let phase: ContainerHistory.Phase
        if let ended = termination(status["state"]?["terminated"]) {
            phase = .exited(ended)
        } else if let since = status["state"]?["running"]?["startedAt"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }) {
            phase = .running(since: since)
        } else if let ended = history.previous {
            phase = .exited(ended)  // Waiting to be restarted: the last end is the current instance's.
        } else {
            return history
        }
        history.current = ContainerHistory.Instance(id: id, attempt: attempt, phase: phase)
        return history
    }

    private static func termination(_ value: JSONValue?) -> Termination? {
        guard let value, let finished = value["finishedAt"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }) else { return nil }
        return Termination(
            containerID: bareID(value["containerID"]) ?? "", exitCode: Int(value["exitCode"]?.integerValue ?? 0),
            signal: Int(value["signal"]?.integerValue ?? 0), reason: value["reason"]?.stringValue ?? "",
            message: value["message"]?.stringValue ?? "", startedAt: value["startedAt"]?.stringValue.flatMap { Timestamp(rfc3339: $0) },
            finishedAt: finished)
    }

    private static func bareID(_ value: JSONValue?) -> String? {
        guard let text = value?.stringValue, text.hasPrefix("kdash://") else { return nil }
        return String(text.dropFirst("kdash://".count))
    }
}

extension Termination {
    /// What the supervisor's record means in Kubernetes' words.
    init(record: ContainerRecord, exit: ExitRecord, message: String = "") {
        self.init(
            containerID: record.id, exitCode: Int(exit.code), signal: Int(exit.signal ?? 0),
            reason: Self.reason(exit), message: message, startedAt: record.startedAt, finishedAt: exit.finishedAt)
    }

    /// Why a container ended by itself.
    static func reason(_ exit: ExitRecord) -> String { exit.isOutOfMemory ? "OOMKilled" : exit.code == 0 ? "Completed" : "Error" }
}

extension Pod {
    /// The status entry of a container of any of the three lists.
    func containerStatus(_ name: String) -> JSONValue? {
        for list in ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] {
            if let found = object.value["status"]?[list]?.arrayValue?.first(where: { $0["name"]?.stringValue == name }) { return found }
        }
        return nil
    }
}
