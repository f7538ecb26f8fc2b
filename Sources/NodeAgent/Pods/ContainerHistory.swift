import APIMachinery
import ContainerRuntime
import JSONCore
import LinuxKernel

/// What is known about one container of a pod across its restarts.
struct ContainerHistory: Sendable {
    /// The instance that runs or ran last.
    struct Instance: Sendable, Hashable {
        /// The supervisor's id; see `ContainerID`.
        var id: String
        /// 0 for the first instance; equal to the status's restartCount.
        var attempt: Int
        var phase: Phase
    }

    enum Phase: Sendable, Hashable {
        case running(since: Timestamp)
        case exited(Termination)
    }

    /// Why no instance runs although one is wanted.
    struct Waiting: Sendable, Hashable {
        /// A reason of the kubelet's, for example `CrashLoopBackOff`.
        var reason: String
        var message: String
    }

    /// What is said of a container that the node takes up again.
    static let interrupted = Waiting(reason: Termination.nodeShutdown, message: "stopped with its node, which starts it again")

    var current: Instance?
    /// The current instance was of namespaces that are gone, and what it prepared in them may be gone as well.
    var isOfEarlierSandbox = false
    /// How the instance before `current` ended.
    var previous: Termination?
    var waiting: Waiting?
    /// The current instance is being stopped because the node goes down.
    var isGoingDown = false
    var backOff = BackOff()
    /// Monotonic time before which no new attempt is made.
    var retryAt: Duration?
    /// The image's digest once it is known.
    var imageID = ""
    /// Set while the current instance is being stopped.
    var stop: ContainerStop?
    /// The postStart hook of the current instance still runs: nothing after it starts, and it does not count as started.
    var isInPostStart = false
    /// The current instance's probes; nil while there is nothing to probe.
    var probes: ContainerProbes?
    /// How the current instance's program was started, for probes and hooks; nil when an earlier daemon started it.
    var process: ProcessSpec?
    /// The signal that asks the current instance to stop.
    var stopSignal: Int32?
    /// Whom the current instance runs as, and the name of the signal that asks it to stop, as the status tells them.
    var user: JSONValue?
    var stopSignalName: String?
    /// The resources that the current instance's cgroup was given; nil when an earlier daemon gave them.
    var resources: JSONValue?

    /// The attempt number that the next instance gets.
    var nextAttempt: Int { current.map { $0.attempt + 1 } ?? 0 }
    /// As the status reports it.
    var restartCount: Int { current?.attempt ?? 0 }

    /// The current instance ended because the node went down; whatever its exit code, the node starts it again. Its end says so itself, which
    /// lasts as long as the status does.
    var isInterrupted: Bool { termination?.reason == Termination.nodeShutdown }

    /// Has run in the namespaces that the pod has now.
    var hasRunHere: Bool { current != nil && !isOfEarlierSandbox }

    /// Ended, by itself and well: what an init container has to do, in each sandbox anew.
    var isCompleted: Bool { termination?.exitCode == 0 && !isInterrupted && !isOfEarlierSandbox }

    var isRunning: Bool {
        if case .running = current?.phase { true } else { false }
    }

    /// Runs, its postStart hook has ended and its startup probe has succeeded.
    var isStarted: Bool { isRunning && !isInPostStart && probes?.isStarted ?? true }

    /// Started, and its readiness probe succeeds.
    var isReady: Bool { isStarted && probes?.isReady ?? true }

    /// The end of the current instance, when it has ended.
    var termination: Termination? {
        if case .exited(let termination) = current?.phase { termination } else { nil }
    }

    /// Makes `instance` the current one and forgets what belonged to the one before.
    mutating func begin(_ instance: Instance) {
        previous = termination ?? previous
        current = instance
        isOfEarlierSandbox = false
        waiting = nil
        isGoingDown = false
        retryAt = nil
        stop = nil
        isInPostStart = false
        probes = nil
        process = nil
        stopSignal = nil
        user = nil
        stopSignalName = nil
        resources = nil
    }

    /// The current instance has ended.
    mutating func end(_ termination: Termination) {
        current?.phase = .exited(termination)
        stop = nil
        isInPostStart = false
        probes = nil
        process = nil
    }
}

/// How an instance of a container ended, as `ContainerStateTerminated` tells it.
struct Termination: Sendable, Hashable {
    /// The reason of an end that the node asked for because it went down.
    static let nodeShutdown = "NodeShutdown"

    var containerID: String
    var exitCode: Int
    var signal: Int = 0
    /// `Completed`, `Error`, `OOMKilled`, `StartError`, `ContainerStatusUnknown` or `NodeShutdown`.
    var reason: String
    var message: String = ""
    var startedAt: Timestamp?
    var finishedAt: Timestamp
}
