import APIMachinery
import ContainerRuntime
import KubeSchemas
import LinuxKernel

extension ResourceLimits {
    /// What one container asks for. A limit without a request is also the request.
    init(_ container: Container) {
        let requests = PodResources.requests(of: container.resources)
        let limits = container.resources.limits
        self.init(
            cpuRequest: requests["cpu"].map { MilliCPU($0.milliValue) }, cpuLimit: limits["cpu"].map { MilliCPU($0.milliValue) },
            memoryRequest: requests["memory"].map { ByteCount($0.value) }, memoryLimit: limits["memory"].map { ByteCount($0.value) },
            hugePages: Self.hugePages(limits))
    }

    /// What the pod as a whole asks for. A limit holds for the pod when the pod itself names one, or when every container has one, sidecars and
    /// those that come first included: the others' limits must not squeeze one that has none. `pids` is the node's bound for a pod.
    /// Source: the kubelet's ResourceConfigForPod.
    init(pod: Pod, pids: Int64? = nil) {
        let resources = PodResources(pod.spec)
        let containers = pod.spec.initContainers + pod.spec.containers
        func isBounded(_ name: String) -> Bool {
            pod.spec.resources.limits[name] != nil || containers.allSatisfy { ($0.resources.limits[name]?.milliValue ?? 0) > 0 }
        }
        self.init(
            cpuRequest: resources.requests["cpu"].map { MilliCPU($0.milliValue) }, cpuLimit: isBounded("cpu") ? resources.cpuLimit : nil,
            memoryRequest: resources.requests["memory"].map { ByteCount($0.value) }, memoryLimit: isBounded("memory") ? resources.memoryLimit : nil,
            pids: pids, hugePages: Self.hugePages(resources.limits))
    }

    /// Of every size that the machine has: what was asked for, or none.
    private static func hugePages(_ limits: [String: Quantity]) -> [ByteCount: ByteCount] {
        var result: [ByteCount: ByteCount] = [:]
        for size in HugePages.sizes { result[size] = ByteCount(limits[HugePageResource.name(size)]?.value ?? 0) }
        return result
    }
}

extension QualityOfService {
    /// The runtime's name of a pod's class.
    init(_ kind: QOSClass) {
        switch kind {
        case .guaranteed: self = .guaranteed
        case .burstable: self = .burstable
        case .bestEffort: self = .bestEffort
        }
    }
}

extension CgroupPlacement {
    /// No cgroup of its own: the container stays where its node is.
    static let none = CgroupPlacement(path: "")
}
