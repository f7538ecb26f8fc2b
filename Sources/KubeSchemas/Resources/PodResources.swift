package import APIMachinery
import JSONCore
package import LinuxKernel

/// What a pod asks for and may use in all, as the scheduler counts it: the larger of what its containers need together and what any
/// init container needs (with the sidecars started before it), plus the overhead.
/// Source: component-helpers `resource.PodRequests` and `PodLimits`.
package struct PodResources: Sendable, Hashable {
    /// Amounts that are set aside, by resource name.
    package let requests: [String: Quantity]
    /// Amounts that may be used at most, by resource name; a resource that one container leaves open is limited only by the others.
    package let limits: [String: Quantity]
    /// The class that decides who is killed first.
    package let qosClass: QOSClass

    /// Counts a pod's spec.
    package init(_ spec: PodSpec) {
        requests = Self.effective(spec) { $0.requests }
        limits = Self.effective(spec) { $0.limits }
        qosClass = QOSClass(spec)
    }

    /// CPU set aside.
    package var cpuRequest: MilliCPU { MilliCPU(requests["cpu"]?.milliValue ?? 0) }
    /// Memory set aside.
    package var memoryRequest: ByteCount { ByteCount(requests["memory"]?.value ?? 0) }
    /// CPU at most; nil when no container has a limit.
    package var cpuLimit: MilliCPU? { limits["cpu"].map { MilliCPU($0.milliValue) } }
    /// Memory at most; nil when no container has a limit.
    package var memoryLimit: ByteCount? { limits["memory"].map { ByteCount($0.value) } }

    /// The requests of one container, with a limit standing in for a missing request.
    package static func requests(of resources: ResourceRequirements) -> [String: Quantity] {
        resources.limits.merging(resources.requests) { _, request in request }
    }

    private static func effective(_ spec: PodSpec, _ amounts: (ResourceRequirements) -> [String: Quantity]) -> [String: Quantity] {
        var running: [String: Quantity] = [:]
        for container in spec.containers { running.add(amounts(container.resources)) }
        var sidecars: [String: Quantity] = [:]
        var starting: [String: Quantity] = [:]
        for container in spec.initContainers {
            if container.isSidecar {
                sidecars.add(amounts(container.resources))
                starting.raise(to: sidecars)
            } else {
                var phase = sidecars
                phase.add(amounts(container.resources))
                starting.raise(to: phase)
            }
        }
        running.add(sidecars)
        running.raise(to: starting)
        for (name, amount) in amounts(spec.resources) { running[name] = amount }
        if !running.isEmpty || !spec.overhead.isEmpty { running.add(spec.overhead) }
        return running
    }
}

extension [String: Quantity] {
    fileprivate mutating func add(_ other: [String: Quantity]) {
        for (name, amount) in other { self[name] = self[name].map { $0 + amount } ?? amount }
    }

    fileprivate mutating func raise(to other: [String: Quantity]) {
        for (name, amount) in other { self[name] = self[name].map { Swift.max($0, amount) } ?? amount }
    }
}
