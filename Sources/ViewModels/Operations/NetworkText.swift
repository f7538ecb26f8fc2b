import KubeClient

/// What connections are ordered by.
enum ConnectionOrder: String, CaseIterable, Sendable {
    case denied, bytes, peer

    /// The next one, round.
    var next: ConnectionOrder { Self.allCases[((Self.allCases.firstIndex(of: self) ?? 0) + 1) % Self.allCases.count] }

    /// In words.
    var title: String {
        switch self {
        case .denied: "denied first"
        case .bytes: "most bytes first"
        case .peer: "by who is at the ends"
        }
    }
}

/// What a network carries and refuses, in words.
enum NetworkText {
    /// Connections; `pod` (NAMESPACE/NAME) is whose they are, nil for those of several. The value of each line is the answering end's address.
    static func connections(_ found: NetworkConnections, of pod: String?, order: ConnectionOrder, filter: String) -> DetailText {
        var text = DetailText()
        let shown = sorted(found.connections, order).map { ($0, cells($0, of: pod)) }.filter { matches($0.1, filter) }
        let denied = found.connections.count(where: \.isDenied)
        let open = found.connections.count - denied
        var more = [TextSpan(denied == 0 ? "  none denied" : "  \(denied) denied in the last ten minutes", denied == 0 ? .dim : .error)]
        more.append(TextSpan(", \(order.title)", .dim))
        if !filter.isEmpty { more.append(TextSpan(", \(shown.count) with \"\(filter)\"", .accent)) }
        text.heading("\(open)\(found.isCut ? "+" : "") connection\(open == 1 ? "" : "s")", more)
        if found.isCut { text.line([TextSpan("Only the first \(NetworkConnections.maximumCount) are shown.", .warning)]) }
        for note in found.notes { text.line([TextSpan(note, .warning)]) }
        if found.connections.isEmpty { text.line([TextSpan("The node knows of none; the kernel forgets one some time after it has ended.", .dim)]) }
        guard !shown.isEmpty else { return text }
        let ends = pod == nil ? ["FROM", "TO"] : ["WAY", "PEER"]
        let hasServices = shown.contains { $0.0.service != nil }
        var columns = TextColumns(ends + ["PORT", "STATE", "POLICY", "SENT", "BACK"] + (hasServices ? ["SERVICE"] : []))
        for (connection, cells) in shown {
            let service = hasServices ? [TextSpan(connection.service ?? "", .dim)] : []
            columns.add(cells.ends + cells.middle + [cells.policy] + cells.volumes + service)
        }
        text.lineUp(columns) { DetailLink(value: "\(shown[$0].0.destination.address):\(shown[$0].0.destination.port)") }
        return text
    }

    private struct Cells {
        let ends: [TextSpan]
        let middle: [TextSpan]
        let policy: TextSpan
        let volumes: [TextSpan]
    }

    private static func cells(_ connection: NetworkConnection, of pod: String?) -> Cells {
        let isOut = connection.source.name == pod
        let ends =
            pod == nil
            ? [end(connection.source), end(connection.destination)]
            : [TextSpan(isOut ? "out" : "in", .dim), end(isOut ? connection.destination : connection.source)]
        let port = connection.destination.port == 0 ? connection.transport : "\(connection.destination.port)/\(connection.transport)"
        let volumes =
            connection.isDenied
            ? [TextSpan(packets(connection.sent), .dim), TextSpan("")]
            : [connection.sent, connection.received].map { TextSpan($0.map { ByteText.short($0.bytes) } ?? "-", .dim) }
        return Cells(ends: ends, middle: [TextSpan(port), state(connection)], policy: policy(connection), volumes: volumes)
    }

    private static func packets(_ volume: NetworkConnection.Volume?) -> String {
        let count = volume?.packets ?? 0
        return "\(count) packet\(count == 1 ? "" : "s")"
    }

    private static func end(_ end: NetworkConnection.End) -> TextSpan {
        end.name.isEmpty ? TextSpan(end.address) : TextSpan(end.name, end.name.contains("/") ? .accent : .dim)
    }

    private static func state(_ connection: NetworkConnection) -> TextSpan {
        if let ago = connection.deniedAgo { return TextSpan("DENIED \(ago < 60 ? "\(ago)s" : "\(ago / 60)m") ago", .error) }
        switch connection.state {
        case "ESTABLISHED", "REPLIED": return TextSpan(connection.state, .ok)
        case "SYN_SENT", "UNREPLIED": return TextSpan(connection.state, .warning)
        default: return TextSpan(connection.state, .dim)
        }
    }

    private static func policy(_ connection: NetworkConnection) -> TextSpan {
        let sides = [("out", connection.egress), ("in", connection.ingress)]
        let refusing = sides.filter { $0.1.outcome == .denied }.map { "\($0.0): \($0.1.policies.joined(separator: ", "))" }.joined(separator: "; ")
        if connection.isOutlived { return TextSpan("open from before \(refusing)", .warning) }
        if connection.isDenied { return refusing.isEmpty ? TextSpan("would pass now", .ok) : TextSpan("closed \(refusing)", .error) }
        let allowing = sides.compactMap { side, verdict in
            verdict.outcome == .allowed ? "\(side): \(verdict.policies.first ?? "") rule \(verdict.rule ?? 0)" : nil
        }
        if !allowing.isEmpty { return TextSpan(allowing.joined(separator: "; ")) }
        return TextSpan(sides.contains { $0.1.outcome == .exempt } ? "its node, or itself" : "no policy", .dim)
    }

    private static func sorted(_ connections: [NetworkConnection], _ order: ConnectionOrder) -> [NetworkConnection] {
        func bytes(_ one: NetworkConnection) -> Int64 { (one.sent?.bytes ?? 0) &+ (one.received?.bytes ?? 0) }
        switch order {
        case .denied: return connections
        case .bytes: return connections.sorted { bytes($0) > bytes($1) }
        case .peer:
            return connections.sorted {
                ($0.source.name, $0.source.address, $0.destination.name, $0.destination.address, $0.destination.port)
                    < ($1.source.name, $1.source.address, $1.destination.name, $1.destination.address, $1.destination.port)
            }
        }
    }

    /// Whether a line has the words of a filter, ignoring case.
    private static func matches(_ cells: Cells, _ filter: String) -> Bool {
        filter.isEmpty || (cells.ends + cells.middle + [cells.policy]).map(\.text).joined(separator: " ").hasWords(of: filter)
    }
}
