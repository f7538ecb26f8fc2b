import APIMachinery
import KubeClient
import LinuxKernel

/// Where a cluster tells what its pods use, and how often that is worth asking.
struct UsageSource: Sendable {
    /// Asks, for the pods of some namespaces.
    let read: @Sendable (NamespaceScope) async throws -> UsageReading
    /// Whether means come from the metrics API: CPU and memory alone, of the namespaces that were asked for.
    let isMetricsAPI: Bool
    /// From one sample to the next while somebody sees them.
    let pause: Duration

    /// The pause after a sample: an answer that takes long is asked for seldom, and what is not there is looked for now and then.
    func pause(after elapsed: Duration, _ gap: UsageGap?, isFirst: Bool) -> Duration {
        guard isMetricsAPI else { return isFirst ? Self.firstPause : pause }
        if gap == .missing { return Self.missingPause }
        return max(pause, elapsed * 10)
    }

    /// The most namespaces that are asked for one by one.
    private static let mostNamespaces = 20
    private static let missingPause = Duration.seconds(300)
    /// CPU use needs two samples: the second comes soon, so that the bars do not stay empty.
    private static let firstPause = Duration.milliseconds(300)

    /// A cluster of kdash's own counts, every second; of others the metrics API is asked, which measures anew every 15 seconds or so.
    /// Nil where neither tells.
    init?(_ cluster: ConnectedCluster, time: any TimeSource) {
        guard let usage = cluster.usage else {
            if cluster.isEmbedded { return nil }
            let client = cluster.client
            read = { scope in
                var names: [String]?
                if case .only(let chosen) = scope, chosen.count <= Self.mostNamespaces { names = chosen.sorted() }
                return UsageReading(await client.measuredUsage(in: names, now: time.now()))
            }
            (isMetricsAPI, pause) = (true, .seconds(15))
            return
        }
        read = { _ in UsageReading(samples: try await usage()) }
        (isMetricsAPI, pause) = (false, .seconds(1))
    }
}
