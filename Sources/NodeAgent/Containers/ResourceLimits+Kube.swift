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
            memoryRequest: requests["memory"].map { ByteCount($0.value) }, memoryLimit: limits["memory"].map { ByteCount($0.value) })
    }

    /// What the pod as a whole asks for. A limit holds for the pod only when every container has one.
    init(pod: Pod) {
        let resources = PodResources(pod.spec)
        let containers = pod.spec.containers
        let allLimitCPU = containers.allSatisfy { $0.resources.limits["cpu"] != nil }
        let allLimitMemory = containers.allSatisfy { $0.resources.limits["memory"] != nil }
        self.init(
            cpuRequest: resources.requests["cpu"].map { MilliCPU($0.milliValue) }, cpuLimit: allLimitCPU ? resources.cpuLimit : nil,
            memoryRequest: resources.requests["memory"].map { ByteCount($0.value) }, memoryLimit: allLimitMemory ? resources.memoryLimit : nil)
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
