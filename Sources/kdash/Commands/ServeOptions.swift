import ArgumentParser

/// Flags that `up`, `serve` and the screen pass on to a daemon they start.
struct ServeOptions: ParsableArguments {
    @Option(name: .customLong("api-port"), help: "Port of the API on 127.0.0.1. Default: what the cluster used before, else 6443, else a free one.")
    var apiPort: Int?

    @Option(help: ArgumentHelp("Number of nodes.", visibility: .hidden))
    var nodes: Int = 1

    @Flag(name: .customLong("no-merge"), help: "Leave your kubeconfig alone.")
    var noMerge = false

    func validate() throws {
        if let apiPort, !(1...65535).contains(apiPort) { throw ValidationError("--api-port \(apiPort): a port is a number from 1 to 65535.") }
        if nodes != 1 { throw ValidationError("--nodes \(nodes): clusters of several nodes are not supported yet; leave it at 1.") }
    }

    /// As they are typed.
    var arguments: [String] {
        (apiPort.map { ["--api-port", "\($0)"] } ?? []) + (noMerge ? ["--no-merge"] : [])
    }
}
