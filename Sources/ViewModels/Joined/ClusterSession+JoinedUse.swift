import KubeClient
import LinuxKernel

/// What pods or nodes use in a joined table: sampled in each context that tells, while somebody sees the table.
extension ClusterSession {
    func sampleJoined() {
        guard let joined = app.joined else { return }
        let kind = app.kind
        let isSeen = kind.isMeasured && app.visiblePanes.contains(.pods)
        for place in joined.members.indices {
            guard isSeen, let source = joined.members[place].cluster.flatMap({ UsageSource($0, time: time) }) else {
                tasks.cancel(.memberUsage(place))
                if kind.isMeasured { joined.table.setUsage(nil, of: place) }
                continue
            }
            let scope = source.isMetricsAPI ? app.scope : .all
            if tasks.isRunning(.memberUsage(place)), let sampled = sampledMembers[place], sampled == (scope, kind.id) { continue }
            sampledMembers[place] = (scope, kind.id)
            tasks.run(.memberUsage(place)) { [weak self, time] in
                let digest = UsageDigest(source)
                var isFirst = true
                while !Task.isCancelled {
                    let begin = time.monotonic()
                    let look = await digest.look(scope, for: nil, isSeen: true)
                    guard let self, !Task.isCancelled, let joined = app.joined, app.kind.id == kind.id else { return }
                    let reading = look.reading
                    // On kdash's own cluster the context's line says how the connection is.
                    let gap = !source.isMetricsAPI ? nil : kind.isPods ? reading.pods : reading.nodes
                    joined.table.setUsage(!look.isTold || gap != nil ? nil : kind.isPods ? look.pods : UsageCells(look.nodes), of: place)
                    joined.members[place].usageTrouble = gap?.brief ?? (kind.isPods ? reading.partly : nil)
                    joined.table.usageGap = gap ?? joined.table.usageGap
                    tellJoined()
                    let pause = source.pause(after: time.monotonic() - begin, gap, isFirst: isFirst)
                    isFirst = false
                    do { try await time.sleep(for: pause) } catch { return }
                }
            }
        }
    }
}
