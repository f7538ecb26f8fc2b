import LinuxKernel

/// The way of one running container from the wish to stop it to its SIGKILL: hook, signal, kill. Pure; times are monotonic.
///
/// Source: the kubelet's killContainer: the preStop hook and the wait for its turn count against the grace period, and after the signal
/// there are always at least two seconds.
struct ContainerStop: Sendable, Hashable {
    /// What the worker does next.
    enum Step: Sendable, Hashable {
        /// Run the preStop hook and report with `hookEnded`.
        case runHook(timeout: Duration)
        /// Send the stop signal.
        case signal
        /// Kill every process.
        case kill
    }

    enum Phase: Sendable, Hashable {
        /// The hook is to be started.
        case hook
        case hookRuns
        /// Others have to end first.
        case turn
        case signalled
        case killed(at: Duration)
    }

    /// Source: the kubelet's minimumGracePeriodInSeconds.
    static let minimumGrace: Duration = .seconds(2)
    /// A kill that had no effect (a process in uninterruptible sleep) is repeated.
    static let killInterval: Duration = .seconds(2)

    private(set) var phase: Phase
    /// When the grace period is over.
    private(set) var deadline: Duration
    /// The end of the whole pod: sidecars wait for those that were started after them.
    let isOrdered: Bool

    init(grace: Duration, hasHook: Bool, isOrdered: Bool, now: Duration) {
        phase = hasHook && grace > .zero ? .hook : .turn
        deadline = now + grace
        self.isOrdered = isOrdered
    }

    /// A second wish with a shorter grace period counts.
    mutating func tighten(grace: Duration, now: Duration) {
        deadline = min(deadline, now + (phase == .signalled ? max(grace, Self.minimumGrace) : grace))
    }

    mutating func hookEnded() {
        if phase == .hookRuns { phase = .turn }
    }

    /// The next step; nil when it has to wait until ``wakeAt``, an event or its turn.
    mutating func step(isItsTurn: Bool, now: Duration) -> Step? {
        switch phase {
        case .hook:
            phase = .hookRuns
            return .runHook(timeout: max(deadline - now, .zero))
        case .hookRuns where now < deadline: return nil
        case .turn where !isItsTurn && isOrdered && now < deadline: return nil
        case .hookRuns, .turn:
            phase = .signalled
            deadline = max(deadline, now + Self.minimumGrace)
            return .signal
        case .signalled where now < deadline: return nil
        case .killed(let at) where now < at + Self.killInterval: return nil
        case .signalled, .killed:
            phase = .killed(at: now)
            return .kill
        }
    }

    /// When ``step(isItsTurn:now:)`` has something to do although nothing happens.
    var wakeAt: Duration {
        if case .killed(let at) = phase { at + Self.killInterval } else { deadline }
    }
}
