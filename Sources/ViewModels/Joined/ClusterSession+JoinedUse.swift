import KubeClient
import LinuxKernel

/// What pods use in a joined table: sampled in each context that tells, while somebody sees the table.
extension ClusterSession {
    func sampleJoined() {
        guard let joined = app.joined else { return }
        let isSeen = app.kind.isPods && app.visiblePanes.contains(.pods)
        for place in joined.members.indices {
            guard isSeen, let source = joined.members[place].cluster.flatMap({ UsageSource($0, time: time) }) else {
                tasks.cancel(.memberUsage(place))
                if app.kind.isPods { joined.table.setUsage(nil, of: place) }
                continue
            }
            let scope = source.isMetricsAPI ? app.scope : .all
            guard !tasks.isRunning(.memberUsage(place)) || sampledMembers[place] != scope else { continue }
            sampledMembers[place] = scope
            tasks.run(.memberUsage(place)) { [weak self, time] in
                var sampler = UsageSampler()
                var isFirst = true
                while !Task.isCancelled {
                    let begin = time.monotonic()
                    var samples: [NodeStats]?
                    var gap: UsageGap?
                    // best effort: without a sample the bars go, and the context's own line says why.
                    do { samples = try await source.read(scope) } catch { gap = UsageGap(error) }
                    guard let self, !Task.isCancelled, let joined = app.joined, app.kind.isPods else { return }
                    joined.table.setUsage(samples.map { sampler.take($0) }, of: place)
                    let pause = source.pause(after: time.monotonic() - begin, gap, isFirst: isFirst)
                    isFirst = false
                    do { try await time.sleep(for: pause) } catch { return }
                }
            }
        }
    }
}
