import ClusterOperations

/// A forward as the list of them shows it.
struct ShownForward: Sendable, Hashable {
    /// The local port.
    var port: UInt16
    /// Where it leads.
    var target: String
    /// The context it leads into.
    var context: String
    /// What went through.
    var traffic: PortForward.Traffic

    /// `127.0.0.1:8080`.
    var address: String { "127.0.0.1:\(port)" }
    /// For a browser.
    var link: String { "http://127.0.0.1:\(port)/" }

    /// What it does, in a word, and how that is.
    var state: (text: String, tone: Tone) {
        if traffic.waiting > 0 { return ("waiting", .warning) }
        if traffic.open > 0 { return ("busy", .ok) }
        return traffic.lastError == nil ? ("open", .ok) : ("failed last", .error)
    }
}

/// The forwards that are open, in words.
enum ForwardText {
    static func list(_ forwards: [ShownForward], stopped: [SavedForward] = [], left: [SavedForward] = []) -> DetailText {
        var text = DetailText()
        guard !forwards.isEmpty else {
            text.heading("No forward is open")
            end(stopped, left, &text)
            text.line([TextSpan("F n on a pod, a Service or a workload opens one: a port of this machine that leads to a ready pod of it.", .dim)])
            return text
        }
        var columns = TextColumns(["LOCAL", "TARGET", "STATE", "OPEN", "SENT", "RECEIVED", "LAST POD"])
        for forward in forwards {
            let traffic = forward.traffic
            columns.add([
                TextSpan(forward.address, .accent), TextSpan(forward.target), TextSpan(forward.state.text, forward.state.tone),
                TextSpan("\(traffic.open) of \(traffic.total)"), TextSpan(ByteText.short(traffic.sent)),
                TextSpan(ByteText.short(traffic.received)), TextSpan(traffic.pod, .dim),
            ])
        }
        text.lineUp(columns) { DetailLink(value: forwards[$0].address) }
        for forward in forwards {
            guard let error = forward.traffic.lastError else { continue }
            text.line([TextSpan("\(forward.address): ", .dim), TextSpan(DetailText.short(error), .error)])
        }
        text.line([])
        let contexts = Set(forwards.map(\.context))
        if contexts.count > 1 {
            for context in contexts.sorted() {
                let ports = forwards.filter { $0.context == context }.map { "\($0.port)" }
                text.fact(context, ports.joined(separator: ", "))
            }
        }
        text.line([
            TextSpan("Each connection goes to a pod that is ready at that moment, and waits \(PortForward.patience.components.seconds) s for one.", .dim)
        ])
        text.line([TextSpan("Forwards end with this kdash; those that are open then can begin again at the next start.", .dim)])
        end(stopped, left, &text)
        return text
    }

    /// What is not open and can be: the lines follow those of the open ones.
    private static func end(_ stopped: [SavedForward], _ left: [SavedForward], _ text: inout DetailText) {
        for (title, list, keys) in [
            ("Stopped", stopped, "b begins again, S forgets"), ("Of the session before", left, "b begins again, A all of them, S forgets"),
        ] {
            guard !list.isEmpty else { continue }
            text.heading(title, [TextSpan("  \(keys)", .dim)])
            for saved in list {
                text.line([TextSpan("127.0.0.1:\(saved.port)", .dim), TextSpan("  \(saved.target.text)"), TextSpan("  in context \(saved.context)", .dim)])
                text.link(DetailLink(value: "127.0.0.1:\(saved.port)"))
            }
        }
    }
}
