import KubeClient
import KubeSchemas
import Synchronization

/// How the probes of the node's pods have gone, for `/metrics/probes`.
final class ProbeCounts: Sendable {
    private struct Key: Hashable {
        var container: String
        var kind: ProbeKind
        var result: ProbeCount.Result
    }

    private struct PodCounts {
        var namespace: String
        var pod: String
        var tries: [Key: Int] = [:]
    }

    private let counts = Mutex<[String: PodCounts]>([:])

    /// Counts one try.
    func note(_ pod: Pod, container: String, _ kind: ProbeKind, _ outcome: ProbeOutcome) {
        let result: ProbeCount.Result =
            switch outcome {
            case .success, .warning: .successful
            case .failure: .failed
            case .unknown: .unknown
            }
        let name = PodCounts(namespace: pod.namespace ?? "default", pod: pod.name)
        counts.withLock { $0[pod.uid, default: name].tries[Key(container: container, kind: kind, result: result), default: 0] += 1 }
    }

    /// Drops the counts of a pod that is gone.
    func forget(_ uid: String) { counts.withLock { $0[uid] = nil } }

    /// Every count, in a fixed order.
    func all() -> [ProbeCount] {
        let pods = counts.withLock { $0 }
        let all = pods.flatMap { uid, pod in
            pod.tries.map { key, tries in
                ProbeCount(
                    namespace: pod.namespace, pod: pod.pod, podUID: uid, container: key.container, probe: key.kind.rawValue, result: key.result,
                    tries: tries)
            }
        }
        return all.sorted { a, b in
            (a.namespace, a.pod, a.podUID, a.container, a.probe, a.result.rawValue) < (b.namespace, b.pod, b.podUID, b.container, b.probe, b.result.rawValue)
        }
    }
}
