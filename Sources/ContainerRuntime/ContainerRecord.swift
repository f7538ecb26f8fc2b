package import LinuxKernel

/// A container whose program runs.
package struct RunningContainer: Sendable, Hashable {
    package let id: String
    /// Process id as the daemon sees it.
    package let pid: Int32
    package let startedAt: Timestamp
}

/// How a container or an exec ended.
package struct ExitRecord: Sendable, Hashable {
    /// Exit code as Kubernetes reports it: the program's own, or 128 + signal.
    package let code: Int32
    /// The signal that ended it, nil when it exited by itself.
    package let signal: Int32?
    /// A process of its cgroup was killed for memory.
    package let isOutOfMemory: Bool
    /// When the supervisor saw the end; true also when no daemon was running.
    package let finishedAt: Timestamp

    package init(code: Int32, signal: Int32?, isOutOfMemory: Bool, finishedAt: Timestamp) {
        self.code = code
        self.signal = signal
        self.isOutOfMemory = isOutOfMemory
        self.finishedAt = finishedAt
    }
}

/// What the supervisor knows of one container.
package struct ContainerRecord: Sendable, Hashable {
    package enum State: Sendable, Hashable {
        /// Its program runs; `pid` as the daemon sees it.
        case running(pid: Int32)
        case exited(ExitRecord)
    }

    package let id: String
    package let sandboxID: String
    package let startedAt: Timestamp
    package let state: State

    package init(id: String, sandboxID: String, startedAt: Timestamp, state: State) {
        self.id = id
        self.sandboxID = sandboxID
        self.startedAt = startedAt
        self.state = state
    }
}

/// Something that happened without being asked for.
package enum SupervisorEvent: Sendable, Hashable {
    /// A container ended; delivered at least once, also for ends while no daemon was connected.
    case exited(id: String, ExitRecord)
    /// The supervisor is gone and its node with it; the last event.
    case lost
}
