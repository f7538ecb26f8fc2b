import APIMachinery
import ContainerImages
import ContainerRuntime
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import PodNetwork

/// What a pod worker works with: the same for all pods of the node.
struct PodContext: Sendable {
    let nodeName: String
    let client: KubeClient
    let runtime: NodeSupervisor
    let images: ImageStore
    let cgroups: CgroupTree?
    let network: NodeNetwork?
    let paths: NodePaths
    let time: any TimeSource
    let logger: Logger
    let events: EventSink
    /// The ConfigMaps and Secrets that pods use.
    let objects: ObjectCache
    /// The services of all namespaces, for the environment of containers.
    let services: Informer
    /// Waits for the output of probes and hooks.
    let poller: DescriptorPoller
    let resolver: ResolverConfiguration
    /// Addresses of cluster DNS; none without a network of the node's own.
    let clusterDNS: [String]
    /// The address pods and people reach the node at.
    let hostIP: String
    /// What the node has for all its pods.
    let capacity: NodeCapacity
    /// Most processes and threads of one pod; nil for no bound.
    let podProcessLimit: Int64?
    let logSettings: ContainerSpecBuilder.LogSettings
    /// Followers of logs, told when a container ends.
    let followers: LogFollowers
    /// Which instance runs in each container, for readers of logs and for exec.
    let running: RunningAttempts
    /// How probes have gone.
    let probeCounts: ProbeCounts
    /// Which of the machine's users pods have as their own.
    let users: PodUsers
    /// What pods take of the disk.
    let storageFigures = StorageFigures()
    /// What the node has given to its pods.
    let ledger: NodeLedger
    /// The kubernetes service, for the environment of containers.
    let serviceAddress: String

    /// The node's own file system.
    var node: NodeTree { NodeTree(pid: runtime.pid) }

    /// The cgroup of a pod.
    func placement(of pod: Pod) -> CgroupPlacement {
        guard let cgroups else { return .none }
        return cgroups.placement(pod: pod.uid, qos: QualityOfService(PodResources(pod.spec).qosClass))
    }

    /// Where a container of the pod is in the cgroup tree.
    func placement(of id: String, _ pod: Pod) -> CgroupPlacement {
        guard let cgroups else { return .none }
        return cgroups.placement(container: id, in: placement(of: pod))
    }

    /// What environments and downwardAPI volumes may say of a pod.
    func fields(of pod: Pod, podIP: String) -> PodFields {
        PodFields(pod: pod, nodeName: nodeName, hostIP: hostIP, podIP: podIP, nodeMemory: capacity.memory, nodeCPU: capacity.cpu)
    }
}

/// A pod's namespaces and address.
struct PodSandbox: Sendable, Hashable {
    /// Dotted quad; the node's own address for a pod on the node's network.
    var address: String
    /// Whether `address` came from the pool and goes back to it.
    var ownsAddress: Bool
}
