extension CommandTable {
    /// The local ports that lead into clusters. Beginning one is an ``ObjectOperation``.
    static let forwards: [Command] =
        forwards(in: .pods, "forwards", isListed: true) + forwards(in: .namespaces, "namespaces.forwards", isListed: false) + [
            action(.beginAgain, "forwards.beginAgain", "Begin the forward again", ["b"], "Forwards", "that is for forwards", changes: true),
            action(
                .beginAll, "forwards.beginAll", "Begin all forwards of the session before again", ["A"], "Forwards", "that is for forwards", changes: true),
        ]

    private static func forwards(in pane: PaneID, _ area: String, isListed: Bool) -> [Command] {
        let list = Command(
            "\(area).list", "Forwards: local ports, and what went through them", section: "Forwards", keys: ["F l"], scope: .pane(pane), isListed: isListed,
            availability: whenConnected
        ) { $0.cluster?.showForwards() }
        let selector = Command(
            "\(area).selector", "Forward a local port to pods by labels", section: "Forwards", keys: ["F s"], scope: .pane(pane), isListed: isListed,
            availability: whenWritable
        ) { $0.cluster?.askForwardBySelector() }
        return [list, selector]
    }
}
