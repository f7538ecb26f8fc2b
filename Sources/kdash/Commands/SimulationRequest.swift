import Glibc
import JSONCore
import KubeClient
import LinuxKernel
import SimulatedNodes

/// Asks a running daemon for simulated nodes, and waits until they are as many as were asked for.
struct SimulationRequest {
    private let client: DaemonClient
    /// How long the nodes may take to come or go.
    private static let patience: Duration = .seconds(120)

    init(_ access: ClusterAccess) throws(CommandError) { client = try DaemonClient(access) }

    /// Wants a number of nodes, and waits for it. Blocking.
    func send(_ wanted: Int) throws {
        _ = try Blocking.run { () throws(CommandError) in
            try await client.call(.put, "/simulated-nodes", query: [QueryItem("count", "\(wanted)")])
        }
        try self.await(wanted)
    }

    /// Waits for a number of nodes that a daemon was started with, and says how they are used. Blocking.
    func await(_ wanted: Int) throws {
        let clock = SystemTimeSource()
        let deadline = clock.monotonic() + Self.patience
        while true {
            let (nodes, inTheWay) = try standing()
            if nodes == wanted { break }
            if !inTheWay.isEmpty, nodes + inTheWay.count == wanted {
                let names = inTheWay.prefix(3).joined(separator: " ") + (inTheWay.count > 3 ? " …" : "")
                throw CommandError(
                    "there are \(nodes) simulated nodes instead of \(wanted), since others have the names of \(inTheWay.count): "
                        + "`kubectl delete node \(names)` makes room for simulated ones")
            }
            guard clock.monotonic() < deadline else {
                throw CommandError("there are \(nodes) simulated nodes instead of \(wanted); the daemon's log says why")
            }
            usleep(20_000)
        }
        guard wanted > 0, let first = SimulatedNode(number: 1), let last = SimulatedNode(number: wanted) else {
            return Output.error("there are no simulated nodes")
        }
        Output.error("simulated nodes: \(first.name) to \(last.name); pods that tolerate the taint \(SimulatedNode.mark) are pretended there")
    }

    /// How many nodes there are, and the names of those that keep others from being made.
    private func standing() throws -> (nodes: Int, inTheWay: [String]) {
        let status = try Blocking.run { () throws(CommandError) in try await client.call(.get, "/status") }
        let simulated = status["simulatedNodes"]
        let inTheWay = simulated?["inTheWay"]?.arrayValue?.compactMap(\.stringValue) ?? []
        return (Int(clamping: simulated?["nodes"]?.integerValue ?? 0), inTheWay)
    }
}
