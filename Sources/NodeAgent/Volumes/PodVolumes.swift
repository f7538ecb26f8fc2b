import KubeSchemas
import LinuxKernel

/// What a pod worker knows of its pod's volumes.
struct PodVolumes: Sendable {
    /// What is written in each volume of files; rewritten only when it differs.
    var written: [String: [VolumeFile]] = [:]
    /// Tokens by volume and index of the source.
    var tokens: [TokenPlace: PodToken] = [:]
    /// What the claims and images of volumes stand for.
    var claimed: [String: ClaimedVolume] = [:]
    /// Memory is mounted at these volumes.
    var memory: Set<String> = []
    /// Failed tries in a row, for the pause before the next.
    var failures = 0
    /// What the last event said.
    var lastProblem = ""

    struct TokenPlace: Sendable, Hashable {
        var volume: String
        var source: Int
    }

    /// When the first token wants to be replaced.
    var refreshAt: Timestamp? { tokens.values.map(\.refreshAt).min() }

    /// Source: the kubelet's back-off of volume operations: 500 ms, doubled up to 2 min 2 s.
    var retryDelay: Duration { min(.milliseconds(500) * (1 << min(max(failures - 1, 0), 8)), .seconds(122)) }
}
