package import LinuxKernel

/// The usage of a node and its pods at one moment.
package struct NodeStats: Sendable, Hashable {
    /// The node's name.
    package var node: String
    /// When the values were read.
    package var sampledAt: Timestamp
    /// The whole node's use, and what it can give.
    package var usage: UsageSample
    /// The pods that run on it.
    package var pods: [PodStats]
    /// All memory of the node; zero when that is not known.
    package var totalMemory = ByteCount.zero
    /// The file system of pods and images; nil when it cannot be asked.
    package var space: SpaceSample?

    /// A sample.
    package init(node: String, sampledAt: Timestamp, usage: UsageSample = UsageSample(), pods: [PodStats] = []) {
        self.node = node
        self.sampledAt = sampledAt
        self.usage = usage
        self.pods = pods
    }
}

/// The usage of one pod.
package struct PodStats: Sendable, Hashable {
    /// The pod's namespace.
    package var namespace: String
    /// The pod's name.
    package var name: String
    /// The pod's uid.
    package var uid: String
    /// The pod's cgroup: containers and sandbox together.
    package var usage: UsageSample
    /// Its running containers.
    package var containers: [ContainerStats]
    /// When the node took it.
    package var startedAt: Timestamp?
    /// What came in and went out through its own network since it was made; nil where it has none of its own, or it is not counted.
    package var network: TransferSample?
    /// When it was measured, where that is not when the node was asked.
    package var measuredAt: Timestamp?

    /// What it is known by: its uid or, where the source tells none, its namespace and name, which no uid can be taken for.
    package var identity: String { uid.isEmpty ? Self.identity(namespace: namespace, name: name) : uid }
    /// What a pod is known by whose uid is not told.
    package static func identity(namespace: String, name: String) -> String { "\(namespace)/\(name)" }

    /// A sample.
    package init(
        namespace: String, name: String, uid: String, usage: UsageSample = UsageSample(), containers: [ContainerStats] = [], network: TransferSample? = nil
    ) {
        self.network = network
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.usage = usage
        self.containers = containers
    }
}

/// The usage of one container.
package struct ContainerStats: Sendable, Hashable {
    /// The container's name.
    package var name: String
    /// Its cgroup's use and limits.
    package var usage: UsageSample
    /// When the instance that runs was started.
    package var startedAt: Timestamp?

    /// A sample.
    package init(name: String, usage: UsageSample = UsageSample()) {
        self.name = name
        self.usage = usage
    }
}

/// What one cgroup has used so far, and what the kernel holds it to.
package struct UsageSample: Sendable, Hashable {
    /// CPU time used since the start, in nanoseconds.
    package var cpuNanoseconds: Int64
    /// CPU used on average, in billionths of a core, where the source tells that and counts nothing; nil otherwise.
    package var cpuRate: Int64?
    /// Time spent held back by the CPU limit since the start, in nanoseconds.
    package var throttledNanoseconds: Int64
    /// Memory that cannot be reclaimed without pain: usage less inactive file pages.
    package var workingSet: ByteCount
    /// The CPU limit; nil without one.
    package var cpuLimit: MilliCPU?
    /// The memory limit; nil without one.
    package var memoryLimit: ByteCount?
    /// Whether the kernel holds the CPU limit; false when the cgroup controller is missing. Default true.
    package var isCPULimitEnforced: Bool
    /// Whether the kernel holds the memory limit. Default true.
    package var isMemoryLimitEnforced: Bool
    /// Whether ``cpuNanoseconds`` and ``workingSet`` were read; false where there is no cgroup to read. Default true.
    package var isMeasured: Bool
    /// What was read from and written to disks; nil when the kernel does not count it. With cgroup v1 writes through the page cache are missing.
    package var disk: TransferSample?
    /// How long tasks waited for processors, memory and disks; nil when the kernel does not measure it, as with cgroup v1.
    package var pressure: Pressure?
    /// What its memory consists of; nil when that was not read.
    package var memory: MemorySample?
    /// Processes killed for memory since the start.
    package var outOfMemoryKills: Int64 = 0
    /// Processes and threads; 0 when they are not counted.
    package var processes: Int64 = 0

    /// Waiting, by what for.
    package struct Pressure: Sendable, Hashable {
        /// For a processor.
        package var cpu: PressureSample
        /// For memory to be made free.
        package var memory: PressureSample
        /// For disks.
        package var io: PressureSample

        /// A sample.
        package init(cpu: PressureSample = PressureSample(), memory: PressureSample = PressureSample(), io: PressureSample = PressureSample()) {
            self.cpu = cpu
            self.memory = memory
            self.io = io
        }
    }

    /// A sample.
    package init(
        cpuNanoseconds: Int64 = 0, throttledNanoseconds: Int64 = 0, workingSet: ByteCount = ByteCount(0), cpuLimit: MilliCPU? = nil,
        memoryLimit: ByteCount? = nil, isCPULimitEnforced: Bool = true, isMemoryLimitEnforced: Bool = true,
        isMeasured: Bool = true
    ) {
        self.cpuNanoseconds = cpuNanoseconds
        self.throttledNanoseconds = throttledNanoseconds
        self.workingSet = workingSet
        self.cpuLimit = cpuLimit
        self.memoryLimit = memoryLimit
        self.isCPULimitEnforced = isCPULimitEnforced
        self.isMemoryLimitEnforced = isMemoryLimitEnforced
        self.isMeasured = isMeasured
    }
}

extension UsageSample {
    /// CPU used on average over `time`, in billionths of a core, since an earlier sample or, without one, since nothing was used. A
    /// counter that went back belongs to a new cgroup, which began at zero. `time` lies between the samples and is more than none.
    package func nanoCPU(since earlier: UsageSample?, over time: Duration) -> Int64 {
        let start = max(0, earlier?.cpuNanoseconds ?? 0)
        let used = max(0, cpuNanoseconds >= start ? cpuNanoseconds - start : cpuNanoseconds)
        let nanoseconds = max(1, time / .nanoseconds(1))
        return Int64(min(Double(used) / nanoseconds * 1e9, 1e15))
    }
}
