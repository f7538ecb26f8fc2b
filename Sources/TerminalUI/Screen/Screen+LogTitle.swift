import ViewModels

extension Screen {
    /// What the log pane shows, beside its name.
    func logDetail() -> [TextSpan] {
        let logs = app.logs
        var spans: [TextSpan] = []
        if let merge = logs.merge {
            let pods = Set(logs.sources.map(\.target.podUID)).count
            spans.append(TextSpan(merge.title, .normal))
            spans.append(TextSpan(" \(pods == 1 ? "1 pod" : "\(pods) pods")", .dim))
            if logs.sources.count > pods { spans.append(TextSpan(" \(logs.sources.count) containers", .dim)) }
            if logs.waitingCount > 0 { spans.append(TextSpan(" \(logs.waitingCount) not started", .pending)) }
            let held = logs.sources.count { if case .waiting = $0.state { true } else { false } }
            if held > 0 { spans.append(TextSpan(" \(held) waiting", .warning)) }
            let failed = logs.sources.count { if case .failed = $0.state { true } else { false } }
            if failed > 0 { spans.append(TextSpan(" \(failed) failed", .error)) }
            if logs.refusedCount > 0 { spans.append(TextSpan(" \(logs.refusedCount) not followed", .warning)) }
        } else if let target = logs.target {
            spans = [TextSpan(target.pod, .normal), TextSpan("/" + target.container, .dim)]
            let isListed = app.pods.pod(uid: target.podUID) != nil
            if target.isGone || !isListed && app.connection == .ready { spans.append(TextSpan(" deleted", .warning)) }
            if let instance = target.instance { spans.append(TextSpan(" instance \(instance)", .warning)) }
            if target.isPrevious { spans.append(TextSpan(" previous", .warning)) }
        }
        // What hides lines is said first: a narrow title ends early.
        if let level = logs.filter.minimumLevel, logs.isFiltered { spans.insert(TextSpan("\(level.name)+ ", .warning), at: 0) }
        if logs.isFiltered, !logs.filter.text.isEmpty { spans.append(TextSpan(" &\(logs.filter.text)", .accent)) }
        if !logs.filterError.isEmpty { spans.append(TextSpan(" &\(logs.filterError)", .error)) }
        if logs.isFiltered {
            spans.append(TextSpan(" \(Units.grouped(logs.shownCount)) of \(Units.grouped(logs.endLine - logs.firstLine))", .dim))
            if let progress = logs.filterProgress { spans.append(TextSpan(" (\(Int(progress * 100)) %)", .pending)) }
            if let source = logs.filter.source, logs.sources.indices.contains(source) {
                spans.append(TextSpan(" @\(logs.sources[source].label)", .accent))
            }
        }
        if !logs.search.isEmpty { spans.append(TextSpan(" /\(logs.search)", .accent)) }
        return spans
    }

    /// How the log stands, at the right end.
    func logState() -> [TextSpan] {
        switch app.logs.state {
        case .idle: return []
        case .loading: return [TextSpan("reading", .pending)]
        case .waiting: return [TextSpan("waiting", .pending)]
        case .failed: return [TextSpan("failed", .error)]
        case .ended(let reason): return [TextSpan(DisplayWidth.shortened(reason, columns: 24, ellipsis: glyphs.ellipsis), .done)]
        case .live:
            guard app.logs.isFollowing else {
                let unseen = app.logs.unseen > 0 ? " \(glyphs.dot) \(Units.grouped(app.logs.unseen)) new" : ""
                return [TextSpan("paused" + unseen, .warning)]
            }
            guard let lag = app.logs.lag else { return [TextSpan("live", .ok)] }
            return [TextSpan("live ", .ok), TextSpan("lag \(Units.wait(lag))", lag > .seconds(1) ? .warning : .dim)]
        }
    }
}
