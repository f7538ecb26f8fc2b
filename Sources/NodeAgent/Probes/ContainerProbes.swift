import KubeSchemas

/// The probes of one container instance together: the startup probe holds the others back. Pure; times are monotonic.
struct ContainerProbes: Sendable {
    /// What a failed probe asks for.
    struct Failure: Sendable, Hashable {
        var kind: ProbeKind
        /// The probe's own grace period; nil for the pod's.
        var grace: Int64?
    }

    private var states: [ProbeState]

    /// Nil when the container has none.
    init?(_ container: Container, startedAt: Duration) {
        let wanted: [(ProbeKind, Probe?)] = [
            (.startup, container.startupProbe), (.liveness, container.livenessProbe), (.readiness, container.readinessProbe),
        ]
        states = wanted.compactMap { kind, probe in probe.map { ProbeState(kind, $0, startedAt: startedAt) } }
        if states.isEmpty { return nil }
    }

    private func state(_ kind: ProbeKind) -> ProbeState? { states.first { $0.kind == kind } }

    /// The startup probe has succeeded, or there is none.
    var isStarted: Bool { state(.startup).map { $0.verdict == true } ?? true }

    /// The readiness probe has succeeded last, or there is none.
    var isReady: Bool { isStarted && state(.readiness).map { $0.verdict == true } ?? true }

    /// A startup or liveness probe that has failed for good.
    var failure: Failure? {
        states.first { $0.kind != .readiness && $0.verdict == false }.map {
            Failure(kind: $0.kind, grace: $0.probe.terminationGracePeriodSeconds)
        }
    }

    /// Probes to try now. While the container stops only its readiness is of interest.
    mutating func begin(at now: Duration, isStopping: Bool) -> [ProbeState] {
        var due: [ProbeState] = []
        for index in states.indices where isOpen(states[index].kind, isStopping) {
            if states[index].begin(at: now) { due.append(states[index]) }
        }
        return due
    }

    private func isOpen(_ kind: ProbeKind, _ isStopping: Bool) -> Bool {
        switch kind {
        case .startup: !isStopping
        case .liveness: !isStopping && isStarted
        case .readiness: isStarted
        }
    }

    /// Takes note of an outcome.
    mutating func end(_ kind: ProbeKind, _ outcome: ProbeOutcome, at now: Duration) {
        guard let index = states.firstIndex(where: { $0.kind == kind }) else { return }
        let changed = states[index].end(outcome)
        guard changed, kind == .startup, isStarted else { return }
        for other in states.indices where states[other].kind != .startup { states[other].wait(until: now) }
    }

    /// A probe for an instance that an earlier daemon started keeps what the status says of it.
    mutating func assume(started: Bool, ready: Bool) {
        for index in states.indices {
            switch states[index].kind {
            case .startup where started, .readiness where ready: states[index].assumeSuccess()
            default: break
            }
        }
    }

    /// When the next try is due.
    func wakeAt(isStopping: Bool) -> Duration? {
        states.filter { isOpen($0.kind, isStopping) && !$0.isRunning }.compactMap(\.nextAt).min()
    }
}
