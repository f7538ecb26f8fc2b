import APIMachinery
import JSONCore

/// How well a pod is protected when memory runs out. Source: component-helpers `qos.ComputePodQOS`.
package enum QOSClass: String, Sendable, Hashable {
    /// Every container has equal requests and limits of CPU and memory.
    case guaranteed = "Guaranteed"
    /// Something is requested or limited, but not all.
    case burstable = "Burstable"
    /// Nothing is requested or limited.
    case bestEffort = "BestEffort"

    /// The class of a pod's spec.
    package init(_ spec: PodSpec) {
        var isAnySet = false
        var isGuaranteed = true
        let ofPod = spec.resources
        let all = ofPod.value.objectValue?.isEmpty ?? true ? (spec.initContainers + spec.containers).map(\.resources) : [ofPod]
        for resources in all {
            let limits = Self.counted(resources.limits)
            let requests = Self.counted(PodResources.requests(of: resources))
            if !requests.isEmpty || !limits.isEmpty { isAnySet = true }
            if limits.count != 2 || requests != limits { isGuaranteed = false }
        }
        self = !isAnySet ? .bestEffort : isGuaranteed ? .guaranteed : .burstable
    }

    private static func counted(_ amounts: [String: Quantity]) -> [String: Quantity] {
        amounts.filter { ($0.key == "cpu" || $0.key == "memory") && !$0.value.isZero }
    }
}
