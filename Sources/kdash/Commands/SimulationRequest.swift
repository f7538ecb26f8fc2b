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
        while try count() != wanted {
            guard clock.monotonic() < deadline else {
                throw CommandError("there are \(try count()) simulated nodes instead of \(wanted); the daemon's log says why")
            }
            usleep(20_000)
        }
        guard wanted > 0, let first = SimulatedNode(number: 1), let last = SimulatedNode(number: wanted) else {
            return Output.error("there are no simulated nodes")
        }
        Output.error("simulated nodes: \(first.name) to \(last.name); pods that tolerate the taint \(SimulatedNode.mark) are pretended there")
    }

    private func count() throws -> Int {
        let status = try Blocking.run { () throws(CommandError) in try await client.call(.get, "/status") }
        return Int(clamping: status["simulatedNodes", "nodes"]?.integerValue ?? 0)
    }
}
