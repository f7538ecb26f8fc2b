import APIMachinery
import JSONCore
import LinuxKernel
import SimulatedNodes
import Synchronization

extension ControlPlane {
    /// Wants another number of simulated nodes, from now on and after each start.
    func simulate(_ count: Int) async throws(APIStatus) {
        try SimulatedFleet.check(count)
        try await KernelThread.run("kdash-simulate") { [self] () throws(APIStatus) in
            // One step: of two numbers at once the same one is written and taken over last.
            try simulationChange.withLock { (_) throws(APIStatus) in
                try store(simulatedNodes: count)
                try fleet.resize(to: count)
            }
        }
    }

    /// Writes the number for the next start. Blocking.
    private func store(simulatedNodes count: Int) throws(APIStatus) {
        do {
            guard var stored = try ClusterInstance.load(options.directory) else { return }
            stored.simulatedNodes = count
            try stored.save(options.directory)
        } catch {
            throw .internalError("the number of simulated nodes stays, since \(count) cannot be written to \(options.directory.instance): \(error)")
        }
    }

    /// How the simulated nodes stand.
    var simulation: JSONValue {
        let summary = fleet.summary
        return [
            "wanted": .integer(Int64(summary.wanted)), "nodes": .integer(Int64(summary.nodes)), "pods": .integer(Int64(summary.pods)),
            "inTheWay": .array(summary.inTheWay.map { .string($0) }),
        ]
    }
}
