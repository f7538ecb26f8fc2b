import KubeSchemas

/// What one try of a probe found.
enum ProbeOutcome: Sendable, Hashable {
    case success
    /// A success that somebody should look at.
    case warning(String)
    case failure(String)
    /// The try itself went wrong; it counts neither way.
    case unknown(String)
}

/// Which of a container's three probes.
enum ProbeKind: String, Sendable, Hashable, CaseIterable {
    case startup = "Startup"
    case liveness = "Liveness"
    case readiness = "Readiness"
}

/// One probe of one container instance: when it is tried, and what its tries amount to. Pure; times are monotonic.
///
/// Source: the kubelet's prober worker. Before the first verdict readiness counts as failed, liveness as succeeded, startup as open.
struct ProbeState: Sendable {
    let kind: ProbeKind
    let probe: Probe
    /// True succeeded, false failed; nil before the threshold was reached once.
    private(set) var verdict: Bool?
    /// Monotonic time of the next try; nil when there is none to come.
    private(set) var nextAt: Duration?
    private(set) var isRunning = false
    private var lastResult: Bool?
    private var resultRun: Int64 = 0

    init(_ kind: ProbeKind, _ probe: Probe, startedAt: Duration) {
        self.kind = kind
        self.probe = probe
        nextAt = startedAt + .seconds(max(0, probe.initialDelaySeconds))
    }

    /// Whether a try is to be made now; marks it as running.
    mutating func begin(at now: Duration) -> Bool {
        guard let nextAt, !isRunning, now >= nextAt else { return false }
        isRunning = true
        self.nextAt = now + .seconds(probe.periodSeconds)
        return true
    }

    /// Takes note of a try's outcome; true when the verdict has changed.
    mutating func end(_ outcome: ProbeOutcome) -> Bool {
        isRunning = false
        let result: Bool
        switch outcome {
        case .success, .warning: result = true
        case .failure: result = false
        case .unknown: return false
        }
        resultRun = lastResult == result ? resultRun + 1 : 1
        lastResult = result
        guard resultRun >= (result ? probe.successThreshold : probe.failureThreshold) else { return false }
        let changed = verdict != result
        verdict = result
        // A failed container is on its way out, a started one needs no startup probe any more.
        if kind == .startup || kind == .liveness && !result { nextAt = nil }
        return changed
    }

    /// What an earlier daemon found holds until the next try says otherwise.
    mutating func assumeSuccess() {
        verdict = true
        if kind == .startup { nextAt = nil }
    }

    /// Moves the first try, for probes that had to wait for the startup probe.
    mutating func wait(until moment: Duration) {
        if let nextAt { self.nextAt = max(nextAt, moment) }
    }
}
