import ArgumentParser
import SimulatedNodes

/// Flags that `up`, `serve` and the screen pass on to a daemon they start.
struct ServeOptions: ParsableArguments {
    @Option(name: .customLong("api-port"), help: "Port of the API on 127.0.0.1. Default: what the cluster used before, else 6443, else a free one.")
    var apiPort: Int?

    @Option(help: "How many nodes share this machine. Default: what the cluster has, else 1. Only a stopped cluster takes another number.")
    var nodes: Int?

    @Option(
        name: .customLong("simulated-nodes"),
        help: ArgumentHelp(
            "How many nodes to pretend besides, for trying a cluster at scale; 0 removes them. Default: what the cluster had before.",
            valueName: "number"))
    var simulatedNodes: Int?

    @Flag(name: .customLong("no-merge"), help: "Leave your kubeconfig alone.")
    var noMerge = false

    func validate() throws {
        if let apiPort, !(1...65535).contains(apiPort) { throw ValidationError("--api-port \(apiPort): a port is a number from 1 to 65535.") }
        if let nodes, !ClusterSize.range.contains(nodes) {
            throw ValidationError("--nodes \(nodes): a cluster on one machine has \(ClusterSize.range.lowerBound) to \(ClusterSize.range.upperBound) nodes.")
        }
        if let simulatedNodes, !(0...SimulatedNode.limit).contains(simulatedNodes) {
            throw ValidationError("--simulated-nodes \(simulatedNodes): there can be 0 to \(SimulatedNode.limit).")
        }
    }

    /// As they are typed.
    var arguments: [String] { lastingArguments + Self.arguments(simulatedNodes: simulatedNodes) }

    /// Those that hold for every start: the number of simulated nodes is the cluster's once it was said, and may be another one by then.
    var lastingArguments: [String] {
        (apiPort.map { ["--api-port", "\($0)"] } ?? []) + (nodes.map { ["--nodes", "\($0)"] } ?? []) + (noMerge ? ["--no-merge"] : [])
    }

    /// A number of simulated nodes as it is typed; none for nil.
    static func arguments(simulatedNodes: Int?) -> [String] { simulatedNodes.map { ["--simulated-nodes", "\($0)"] } ?? [] }
}
