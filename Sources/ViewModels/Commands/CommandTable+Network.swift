extension CommandTable {
    /// What a network carries and refuses.
    static let network: [Command] = [
        action(.narrow, "network.narrow", "Show only lines with some words", ["&"], "Network", "that is for connections, names and packets"),
        action(.names, "network.names", "Names that cluster DNS was asked for from there", ["d"], "Network", "that is for connections"),
        action(.capture, "network.capture", "Capture the packets of the pod", ["K"], "Network", "that is for the connections of a pod"),
    ]
}
