import APIMachinery
import KubeClient

/// What a source told of use at a moment, and why it did not tell the rest.
struct UsageReading: Sendable {
    var samples: [NodeStats]
    /// Why nothing is told of any pod; nil when something is.
    var pods: UsageGap?
    /// Why nothing is told of the nodes; nil when it is.
    var nodes: UsageGap?
    /// A sentence about the namespaces whose pods alone are not told; nil for none.
    var partly: String?

    /// A reading without gaps.
    init(samples: [NodeStats]) { self.samples = samples }

    /// Why nothing could be read at all.
    init(failure: any Error) {
        samples = []
        (pods, nodes) = (UsageGap(failure), UsageGap(failure))
    }

    /// What the metrics API answered.
    init(_ measured: MeasuredUsage) {
        samples = measured.samples
        nodes = measured.nodeFailure.map { UsageGap($0) }
        guard let first = measured.podFailures.first else { return }
        guard measured.tellsPods else {
            pods = UsageGap(first.status)
            return
        }
        let names = measured.podFailures.compactMap(\.namespace)
        let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
        partly = "what pods in \(shown) use is not told: \(first.status.message)"
    }
}
