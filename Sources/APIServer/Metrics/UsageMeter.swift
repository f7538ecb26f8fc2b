internal import KubeClient
internal import LinuxKernel
internal import Synchronization

/// What a node and its pods used between two samples of its agent. Pure.
struct UsageWindow: Sendable {
    /// A sample, and the monotonic time it was taken at: the wall clock may be set in between.
    struct Sample: Sendable {
        let stats: NodeStats
        let takenAt: Duration
    }

    let earlier: Sample
    let later: Sample

    /// How much time lies between the samples.
    var length: Duration { later.takenAt - earlier.takenAt }

    /// Billionths of a core that the node used on average.
    var node: Int64 { later.stats.usage.nanoCPU(since: earlier.stats.usage, over: length) }

    /// Billionths of a core that a container used on average. One that is not in the earlier sample has started since.
    func rate(_ container: ContainerStats, of pod: PodStats) -> Int64 {
        let before = earlier.stats.pods.first { $0.uid == pod.uid }?.containers.first { $0.name == container.name }
        return container.usage.nanoCPU(since: before?.usage, over: length)
    }
}

/// Measures the use of nodes when somebody asks: nothing runs while nobody does.
final class UsageMeter: Sendable {
    /// The least time a rate is taken over: who asks first waits this long, who asks again sooner gets the same answer.
    static let shortest: Duration = .seconds(1)
    /// An older sample says nothing of now any more.
    static let longest: Duration = .seconds(60)

    private let windows = Mutex<[String: UsageWindow]>([:])

    /// What the nodes of a directory used lately, by name. Nodes are measured at the same time.
    func windows(_ nodes: NodeDirectory, _ time: any TimeSource) async -> [String: UsageWindow] {
        let names = nodes.names
        let found = await withTaskGroup(of: (String, UsageWindow?).self) { group in
            for name in names {
                guard let connection = nodes.connection(named: name) else { continue }
                group.addTask { (name, await self.window(name, connection, time)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        windows.withLock { $0 = $0.filter { names.contains($0.key) } }
        return found
    }

    /// Nil when the server stops meanwhile.
    private func window(_ name: String, _ connection: any NodeConnection, _ time: any TimeSource) async -> UsageWindow? {
        let kept = windows.withLock { $0[name] }
        if let kept, time.monotonic() - kept.later.takenAt < Self.shortest { return kept }
        var later = await Self.sample(connection, time)
        var earlier = kept?.later ?? later
        if kept == nil || later.takenAt - earlier.takenAt > Self.longest {
            earlier = later
            do { try await time.sleep(for: Self.shortest) } catch { return nil }
            later = await Self.sample(connection, time)
        }
        let window = UsageWindow(earlier: earlier, later: later)
        windows.withLock { $0[name] = window }
        return window
    }

    private static func sample(_ connection: any NodeConnection, _ time: any TimeSource) async -> UsageWindow.Sample {
        let stats = await connection.stats()
        return UsageWindow.Sample(stats: stats, takenAt: time.monotonic())
    }
}
