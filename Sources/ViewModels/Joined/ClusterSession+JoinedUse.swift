import KubeClient
import LinuxKernel

/// What pods use in a joined table: sampled in each context that tells, while somebody sees the table.
extension ClusterSession {
    func sampleJoined() {
        guard let joined = app.joined else { return }
        let isSeen = app.kind.isPods && app.visiblePanes.contains(.pods)
        for place in joined.members.indices {
            guard isSeen, let usage = joined.members[place].cluster?.usage else {
                tasks.cancel(.memberUsage(place))
                if app.kind.isPods { joined.table.setUsage(nil, of: place) }
                continue
            }
            guard !tasks.isRunning(.memberUsage(place)) else { continue }
            tasks.run(.memberUsage(place)) { [weak self, time] in
                var sampler = UsageSampler()
                // CPU use needs two samples: the second comes soon, so that the bars do not stay empty.
                var pause = Duration.milliseconds(300)
                while !Task.isCancelled {
                    // best effort: without a sample the bars go, and the context's own line says why.
                    let samples = try? await usage()
                    guard let self, !Task.isCancelled, let joined = app.joined, app.kind.isPods else { return }
                    joined.table.setUsage(samples.map { sampler.take($0) }, of: place)
                    do { try await time.sleep(for: pause) } catch { return }
                    pause = .seconds(1)
                }
            }
        }
    }
}
