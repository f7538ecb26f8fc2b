import ContainerRuntime
import Glibc
import LinuxKernel
import Logging
import NodeAgent
import PodNetwork

/// Starts or finds a node: cgroups, supervisor, link to the host.
struct NodeLauncher: Sendable {
    let identity: NodeIdentity
    let ranges: ClusterRanges
    let shares: NodeShares
    let logger: Logger
    let time: any TimeSource

    /// Never throws: a node that cannot run is part of a cluster that can.
    func launch() async -> LaunchedNode {
        protectFromMemoryShortage()
        var notes: [String] = []
        var cgroups = findCgroups(&notes)
        let isRootless = geteuid() != 0
        let early = isRootless ? shares.atStart : (binds: [], notes: [])
        notes += early.notes
        let configuration = supervisorConfiguration(cgroups, early.binds)
        do {
            // Secrets and tokens lie in pods, volumes and logs: for the node alone, and no other user of the machine.
            for (folder, _, isReadOnly) in identity.paths.binds {
                if isReadOnly { try FileSystem.makeDirectories(folder, mode: 0o711) } else { try FileSystem.makePrivateDirectory(folder) }
            }
            let supervisor = try await update(try await NodeSupervisor.attachOrStart(configuration), configuration)
            // One that an earlier daemon started elsewhere keeps what it has.
            if isRootless, !supervisor.isFresh {
                notes = early.notes
                cgroups = findCgroups(of: supervisor.pid, &notes)
            }
            // On cgroup v2 the supervisor must live in its own leaf before controllers are turned on for the others.
            try cgroups?.prepare(
                capacity: ResourceLimits(cpuRequest: identity.capacity.cpu, memoryLimit: identity.capacity.memory))
            if !isRootless { notes += await shares.bring(intoNode: identity.name, supervisor.pid) }
            let (link, network, outside) = try await connect(supervisor, &notes)
            return LaunchedNode(
                identity: identity, supervisor: supervisor, cgroups: cgroups, link: link, network: network, outside: outside, notes: notes, reason: nil,
                logger: logger)
        } catch {
            logger.error("the node cannot run", metadata: ["error": "\(error)"])
            notes.append("the node cannot run pods: \(error)")
            return LaunchedNode(
                identity: identity, supervisor: nil, cgroups: cgroups, link: nil, network: nil, outside: nil, notes: notes, reason: "\(error)",
                logger: logger)
        }
    }

    /// The node's cgroups, or those that its living supervisor is in; nil where it has none, which the notes say.
    private func findCgroups(of supervisor: Int32? = nil, _ notes: inout [String]) -> CgroupTree? {
        do throws(RuntimeError) {
            let tree = try CgroupTree(clusterID: identity.clusterID, node: identity.name, supervisor: supervisor)
            notes += Self.unenforced(tree.enforcement)
            // An ordinary user without a delegated hierarchy cannot make cgroups at all: the node then runs without any.
            return geteuid() == 0 || tree.enforcement.cpu == .enforced || tree.enforcement.memory == .enforced ? tree : nil
        } catch {
            notes.append("limits are not enforced: \(error)")
            return nil
        }
    }

    /// Pods go before what looks after them. The supervisor inherits it and gives every container a score of its own.
    /// Source: the kubelet's KubeletOOMScoreAdj.
    private func protectFromMemoryShortage() {
        guard geteuid() == 0, identity.index == 0 else { return }
        do throws(SystemError) { try FileSystem.write("-999", to: "/proc/self/oom_score_adj") } catch {
            logger.info("the daemon is not protected from a shortage of memory", metadata: ["error": "\(error)"])
        }
    }

    /// A supervisor from another build of kdash goes on as this one; where it cannot, it serves as well as it did before.
    private func update(_ supervisor: NodeSupervisor, _ configuration: NodeSupervisorConfiguration) async throws(RuntimeError) -> NodeSupervisor {
        guard !supervisor.isCurrent else { return supervisor }
        do throws(RuntimeError) {
            try await supervisor.replace()
            logger.info("the node's supervisor was replaced", metadata: ["pid": "\(supervisor.pid)"])
        } catch  where error.code == .supervisorLost {
            logger.error("the node's supervisor ended while it was replaced", metadata: ["error": "\(error)"])
            return try await NodeSupervisor.attachOrStart(configuration)
        } catch {
            logger.warning("the node's supervisor stays an older program until the next `kdash down`", metadata: ["error": "\(error)"])
        }
        return supervisor
    }

    /// What `up` says about limits that the kernel does not hold, with the command that lifts it.
    private static func unenforced(_ enforcement: CgroupEnforcement) -> [String] {
        [("CPU", enforcement.cpu), ("memory", enforcement.memory)].compactMap { name, verdict in
            guard case .notEnforced(let reason, let remedy) = verdict else { return nil }
            return "\(name) limits are not enforced: \(reason)\(remedy.map { "; lift it with: \($0)" } ?? "")"
        }
    }

    private func supervisorConfiguration(_ cgroups: CgroupTree?, _ shares: [NodeShare]) -> NodeSupervisorConfiguration {
        NodeSupervisorConfiguration(
            clusterID: identity.clusterID, nodeName: identity.name, runDirectory: identity.runDirectory, stateDirectory: identity.stateDirectory,
            rootDirectory: identity.rootDirectory,
            binds: identity.paths.binds.map { .init(source: $0.host, target: $0.node, isReadOnly: $0.isReadOnly) }
                + shares.map { .init(source: $0.path, target: $0.path, isReadOnly: $0.isReadOnly) },
            cgroups: cgroups,
            isRootless: geteuid() != 0)
    }

    private func connect(_ supervisor: NodeSupervisor, _ notes: inout [String]) async throws -> (NodeLink, NodeNetwork, OutsideProgram?) {
        let handles = try await supervisor.nodeHandles().release()
        let namespace = NetworkNamespace(owning: handles.networkNamespace)
        let socket = NetlinkSocket(owning: handles.netlink)
        guard geteuid() == 0 else { return try await enclose(namespace, socket, &notes) }
        let link = try NodeLink.establish(
            .init(clusterID: identity.clusterID, nodeIndex: identity.index, ranges: ranges, node: namespace, shared: RunDirectory().shared))
        notes += link.announce()
        if let obstacle = try link.forwardObstacle() {
            let places = identity.count > 1 ? "the outside and other nodes" : "the outside"
            notes.append("pods cannot reach \(places): \(obstacle.description). Lift it with: \(obstacle.remedy)")
        }
        return (link, NodeNetwork(pool: PodAddressPool(range: link.podCIDR), node: socket, mtu: link.mtu, address: link.nodeAddress), nil)
    }

    /// An ordinary user cannot make a link to the host: the node has a network of its own, and a program leads out of it.
    private func enclose(
        _ namespace: NetworkNamespace, _ socket: NetlinkSocket, _ notes: inout [String]
    ) async throws -> (NodeLink, NodeNetwork, OutsideProgram?) {
        let link = try NodeLink.enclose(
            .init(clusterID: identity.clusterID, nodeIndex: identity.index, ranges: ranges, node: namespace, shared: RunDirectory().shared))
        let outside = OutsideProgram(
            network: namespace, ranges: ranges, runDirectory: identity.runDirectory, stateDirectory: identity.stateDirectory, time: time,
            logger: logger)
        switch await outside.ensure() {
        case .runs(let name): notes.append("pods reach the outside through \(name)")
        case .missing:
            notes.append(
                "pods cannot reach the outside: neither slirp4netns nor pasta is installed. Lift it with: "
                    + "sudo apt-get install slirp4netns, then kdash down and kdash up")
        case .failed(let reason): notes.append("pods cannot reach the outside: \(reason); kdash tries again")
        }
        notes.append("the addresses of pods and services are the cluster's own: this machine reaches them by `kubectl port-forward`, or with `sudo kdash up`")
        let network = NodeNetwork(pool: PodAddressPool(range: link.podCIDR), node: socket, mtu: link.mtu, address: link.nodeAddress, enclosure: namespace)
        return (link, network, outside)
    }
}

/// A node that runs, or the reason why it does not.
struct LaunchedNode: Sendable {
    let identity: NodeIdentity
    let supervisor: NodeSupervisor?
    let cgroups: CgroupTree?
    let link: NodeLink?
    let network: NodeNetwork?
    /// What leads an ordinary user's node to the outside.
    let outside: OutsideProgram?
    /// What `up` tells about the host and the limits.
    let notes: [String]
    /// Why the node is NotReady, with the remedy; nil when it runs.
    let reason: String?
    let logger: Logger

    /// Ends the node. Its link goes with its network.
    func end() async {
        await supervisor?.shutdown()
        OutsideProgram.end(in: identity.runDirectory)
        cgroups?.removeNode()
    }

    /// Ends all nodes of a cluster and everything they changed on the host.
    static func shutdown(_ nodes: [LaunchedNode]) async {
        await withDiscardingTaskGroup { group in
            for node in nodes { group.addTask { await node.end() } }
        }
        guard let first = nodes.first else { return }
        do {
            try MachineSweep(id: first.identity.clusterID).removeAll()
        } catch {
            first.logger.warning("something of the nodes is left", metadata: ["error": "\(error)"])
        }
    }

    /// After a failed start: nodes that this start made go again; those that were found keep their containers.
    static func undo(_ nodes: [LaunchedNode]) async {
        if nodes.allSatisfy({ $0.supervisor?.isFresh ?? false }) { return await shutdown(nodes) }
        for node in nodes {
            guard let supervisor = node.supervisor else { continue }
            if supervisor.isFresh { await node.end() } else { supervisor.disconnect() }
        }
    }

    /// What `up` tells of all nodes, each thing once; whose it is where there are several.
    static func notes(_ nodes: [LaunchedNode]) -> [String] {
        let all = nodes.map { Set($0.notes) }
        var told: Set<String> = []
        return nodes.flatMap { node in
            node.notes.compactMap { note in
                guard told.insert(note).inserted else { return nil }
                return all.allSatisfy { $0.contains(note) } ? note : "node \(node.identity.name): \(note)"
            }
        }
    }
}
