import LinuxKernel
import NodeAgent

/// Who a node of a cluster is, and what of the machine is its own: everything that is named after a node gets its name from here.
struct NodeIdentity: Sendable, Hashable {
    /// The cluster's eight digits: the cgroup is `kdash-<clusterID>/<name>`.
    let clusterID: String
    /// Its place among the cluster's nodes, from 0: in the name of its link `kd<clusterID>n<index>` and in its range of pod addresses.
    let index: Int
    /// How many nodes share the machine.
    let count: Int
    let directory: DataDirectory

    init(_ instance: ClusterInstance, index: Int, in directory: DataDirectory) {
        clusterID = instance.id
        self.index = index
        count = instance.nodes
        self.directory = directory
    }

    /// All nodes of a cluster, in order.
    static func all(_ instance: ClusterInstance, in directory: DataDirectory) -> [NodeIdentity] {
        (0..<instance.nodes).map { NodeIdentity(instance, index: $0, in: directory) }
    }

    /// The first is `kdash`, as a single machine should read well in `kubectl get nodes`.
    var name: String { index == 0 ? "kdash" : "kdash-\(index)" }
    /// Holds the supervisor's socket.
    var runDirectory: String { RunDirectory().node(clusterID, name) }
    /// Whether its supervisor answers.
    var isAlive: Bool {
        do throws(SystemError) {
            _ = try UnixSocket.connect(runDirectory + "/supervisor.sock", kind: .sequencedPacket)
            return true
        } catch {
            return false
        }
    }
    /// Everything of it in the cluster's directory but the first node's pods and logs.
    var ownDirectory: String { "\(directory.nodes)/\(name)" }
    var rootDirectory: String { "\(ownDirectory)/root" }
    var stateDirectory: String { "\(ownDirectory)/state" }
    /// The first node's pods and logs lie in the cluster's directory itself.
    var paths: NodePaths { index == 0 ? NodePaths(data: directory.path) : NodePaths(data: directory.path, own: ownDirectory) }
    /// The machine's ids for pods with users of their own: no other node of the cluster has them, and hardly one of another.
    var userBlock: UserBlock { UserBlock(cluster: UInt32(clusterID, radix: 16) ?? 0, node: index) }
    /// Its share of the machine.
    var capacity: NodeCapacity { .share(of: count) }
}
