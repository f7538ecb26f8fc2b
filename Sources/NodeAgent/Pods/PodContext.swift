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
    let resolver: ResolverConfiguration
    /// The address pods and people reach the node at.
    let hostIP: String
    let totalMemory: ByteCount
    let logSettings: ContainerSpecBuilder.LogSettings
    /// Followers of logs, told when a container ends.
    let followers: LogFollowers
    /// Which instance runs in each container, for readers of logs and for exec.
    let running: RunningAttempts
    /// The kubernetes service, for the environment of containers.
    let serviceAddress: String

    /// Where a container of the pod is in the cgroup tree.
    func placement(of id: String, _ pod: Pod) -> CgroupPlacement {
        guard let cgroups else { return .none }
        let parent = cgroups.placement(pod: pod.uid, qos: QualityOfService(PodResources(pod.spec).qosClass))
        return cgroups.placement(container: id, in: parent)
    }
}

/// A pod's namespaces and address.
struct PodSandbox: Sendable, Hashable {
    /// Dotted quad; the node's own address for a pod on the node's network.
    var address: String
    /// Whether `address` came from the pool and goes back to it.
    var ownsAddress: Bool
}
