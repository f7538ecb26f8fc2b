import ContainerRuntime
import Glibc
import LinuxKernel
import PodNetwork

/// Removes what a cluster changed on the machine outside its directory: processes, mounts, cgroups, links, rules, sockets.
struct MachineSweep: Sendable {
    let id: String

    /// Harmless when there is nothing; the cluster must not be running.
    func removeAll() throws {
        let run = RunDirectory()
        CgroupTree.sweep(clusterID: id)
        // Only root's clusters have a link and rules on the host.
        if geteuid() == 0 { try NodeLink.sweep(clusterID: id, shared: run.shared) }
        if FileSystem.exists(run.cluster(id)) {
            for node in try FileSystem.names(in: run.cluster(id)) { OutsideProgram.end(in: run.node(id, node)) }
            try FileSystem.removeTree(run.cluster(id))
        }
        try run.shared.removeIfUnused()
    }
}
