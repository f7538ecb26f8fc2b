import APIMachinery
import ContainerRuntime
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

    var current: Instance?
    /// How the instance before `current` ended.
    var previous: Termination?
    var waiting: Waiting?
    var backOff = BackOff()
    /// Monotonic time before which no new attempt is made.
    var retryAt: Duration?
    /// The image's digest once it is known.
    var imageID = ""

    /// The attempt number that the next instance gets.
    var nextAttempt: Int { current.map { $0.attempt + 1 } ?? 0 }
    /// As the status reports it.
    var restartCount: Int { current?.attempt ?? 0 }

    var isRunning: Bool {
        if case .running = current?.phase { true } else { false }
    }

    /// The end of the current instance, when it has ended.
    var termination: Termination? {
        if case .exited(let termination) = current?.phase { termination } else { nil }
    }
}

/// How an instance of a container ended, as `ContainerStateTerminated` tells it.
struct Termination: Sendable, Hashable {
    var containerID: String
    var exitCode: Int
    var signal: Int = 0
    /// `Completed`, `Error`, `OOMKilled`, `StartError` or `ContainerStatusUnknown`.
    var reason: String
    var message: String = ""
    var startedAt: Timestamp?
    var finishedAt: Timestamp
}
