import ContainerRuntime
import LinuxKernel
import PodNetwork

/// Removes what a cluster changed on the machine outside its directory: processes, mounts, cgroups, links, rules, sockets.
struct MachineSweep: Sendable {
    let id: String

    /// Harmless when there is nothing; the cluster must not be running.
    func removeAll() throws {
        let run = RunDirectory()
        CgroupTree.sweep(clusterID: id)
        try NodeLink.sweep(clusterID: id, runDirectory: run.base)
        if FileSystem.exists(run.cluster(id)) { try FileSystem.removeTree(run.cluster(id)) }
        if FileSystem.exists(run.base), try FileSystem.names(in: run.base).isEmpty { try FileSystem.removeDirectory(run.base) }
    }
}
