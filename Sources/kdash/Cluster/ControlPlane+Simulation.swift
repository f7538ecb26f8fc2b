import APIMachinery
import JSONCore
import LinuxKernel
import SimulatedNodes

extension ControlPlane {
    /// Wants another number of simulated nodes, from now on and after each start.
    func simulate(_ count: Int) throws(APIStatus) {
        try fleet.resize(to: count)
        do {
            guard var stored = try ClusterInstance.load(options.directory) else { return }
            stored.simulatedNodes = count
            try stored.save(options.directory)
        } catch {
            throw .internalError("the number of simulated nodes is \(count) now, but cannot be written to \(options.directory.instance): \(error)")
        }
    }

    /// How the simulated nodes stand.
    var simulation: JSONValue {
        let summary = fleet.summary
        return ["wanted": .integer(Int64(summary.wanted)), "nodes": .integer(Int64(summary.nodes)), "pods": .integer(Int64(summary.pods))]
    }
}
