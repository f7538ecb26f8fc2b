package import LinuxKernel

/// What a pod or container asks for and may use; nil means unset.
package struct ResourceLimits: Sendable, Hashable {
    package var cpuRequest: MilliCPU?
    package var cpuLimit: MilliCPU?
    package var memoryRequest: ByteCount?
    package var memoryLimit: ByteCount?
    /// Most processes and threads.
    package var pids: Int64?
    /// Most bytes in huge pages, by the size of a page; what is not named is not limited here.
    package var hugePages: [ByteCount: ByteCount]

    package init(
        cpuRequest: MilliCPU? = nil, cpuLimit: MilliCPU? = nil, memoryRequest: ByteCount? = nil, memoryLimit: ByteCount? = nil, pids: Int64? = nil,
        hugePages: [ByteCount: ByteCount] = [:]
    ) {
        self.cpuRequest = cpuRequest
        self.cpuLimit = cpuLimit
        self.memoryRequest = memoryRequest
        self.memoryLimit = memoryLimit
        self.pids = pids
        self.hugePages = hugePages
    }
}

/// Kubernetes' classes of service, as `status.qosClass` spells them.
package enum QualityOfService: String, Sendable, Hashable {
    case guaranteed = "Guaranteed"
    case burstable = "Burstable"
    case bestEffort = "BestEffort"

    /// How readily the kernel kills a container of this class when the machine is out of memory. Source: kubelet pkg/kubelet/qos/policy.go.
    package func oomScoreAdjust(memoryRequest: ByteCount, capacity: ByteCount) -> Int32 {
        switch self {
        case .guaranteed: return -997
        case .bestEffort: return 1000
        case .burstable:
            guard capacity.value > 0 else { return 999 }
            let (product, overflow) = max(0, memoryRequest.value).multipliedReportingOverflow(by: 1000)
            return Int32(clamping: min(max(1000 - (overflow ? 1000 : product / capacity.value), 3), 999))
        }
    }
}

/// From Kubernetes' units to the kernel's. Sources: kubelet pkg/kubelet/cm/helpers_linux.go; opencontainers/cgroups utils.go.
package enum CPUValues {
    /// Length of a quota period in microseconds.
    package static let period: Int64 = 100_000

    /// v1 `cpu.shares`, 2 … 262144.
    package static func shares(_ cpu: MilliCPU) -> Int64 {
        let (product, overflow) = max(0, cpu.value).multipliedReportingOverflow(by: 1024)
        return overflow ? 262_144 : min(max(product / 1000, 2), 262_144)
    }

    /// v1 `cpu.cfs_quota_us`, v2's first number of `cpu.max`; nil without a limit. Less than 10m counts as 10m.
    package static func quota(_ cpu: MilliCPU) -> Int64? {
        guard cpu.value > 0 else { return nil }
        let (product, overflow) = cpu.value.multipliedReportingOverflow(by: period)
        return overflow ? .max : max(1000, product / 1000)
    }

    /// v2 `cpu.weight` 1 … 10000, by the formula that maps 1 core (1024 shares) to the kernel's default of 100.
    package static func weight(shares: Int64) -> Int64 {
        if shares <= 2 { return 1 }
        if shares >= 262_144 { return 10_000 }
        let l = logarithm2(Double(shares))
        return Int64(power10((l * l + 125 * l) / 612 - 7.0 / 34).rounded(.up))
    }
}
