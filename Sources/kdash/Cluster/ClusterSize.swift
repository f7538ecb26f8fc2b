import Glibc
import LinuxKernel
import NodeAgent
import PodNetwork

/// How many nodes a cluster may have on this machine, and what keeps it from having another number.
struct ClusterSize: Sendable {
    /// Each costs a process, an agent and 2 MB.
    static let range = 1...32
    /// What a node needs for itself and a few pods.
    static let leastMemory = ByteCount.mebibytes(256)

    let directory: DataDirectory

    /// Takes over the wanted number. Throws what to do where that cannot be; nothing is changed then.
    func apply(_ wanted: Int?, to instance: inout ClusterInstance) throws(CommandError) {
        guard let wanted, wanted != instance.nodes else { return }
        if let alive = NodeIdentity.all(instance, in: directory).first(where: \.isAlive) {
            let remedy = ClusterAccess(own: directory).command("down")
            throw CommandError(
                "--nodes \(wanted): the cluster has \(Self.count(instance.nodes)), and \(alive.name) runs since its daemon ended; stop it first: \(remedy)")
        }
        instance.nodes = wanted
    }

    /// Whether this machine can have the nodes of a cluster.
    func check(_ instance: ClusterInstance, _ ranges: ClusterRanges) throws(CommandError) {
        let count = instance.nodes
        guard count > 1 else { return }
        guard geteuid() == 0 else {
            throw CommandError(
                "--nodes \(count): an ordinary user's nodes have no network between them; run `sudo kdash up --nodes \(count)`, or leave it at 1")
        }
        guard ranges.podCIDR(ofNode: count - 1) != nil else {
            throw CommandError(
                "--nodes \(count): the pod range \(ranges.podCIDR) has no /24 for each; give a new cluster a larger podCIDR in config.yaml, or fewer nodes")
        }
        let share = NodeCapacity.share(of: count)
        guard share.memory >= Self.leastMemory else {
            throw CommandError("--nodes \(count): each would have \(share.memory) of memory, and needs \(Self.leastMemory); ask for fewer")
        }
    }

    /// A cluster that runs has the nodes it has; throws when another number is wanted of it.
    static func checkRunning(_ access: ClusterAccess, wanted: Int?) throws(CommandError) {
        guard let wanted, let instance = try ClusterInstance.load(access.directory), wanted != instance.nodes else { return }
        guard try DaemonLauncher(directory: access.directory).isRunning else { return }
        let (down, up) = (access.command("down"), access.command("up --nodes \(wanted)"))
        throw CommandError("--nodes \(wanted): the cluster runs with \(count(instance.nodes)); stop it first: \(down), then \(up)")
    }

    static func count(_ nodes: Int) -> String { nodes == 1 ? "1 node" : "\(nodes) nodes" }
}
