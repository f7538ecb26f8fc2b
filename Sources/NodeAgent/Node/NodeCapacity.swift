package import LinuxKernel

/// What of the machine a node can give to its pods.
package struct NodeCapacity: Sendable, Hashable {
    /// A weight where the machine is busy, no bound.
    package var cpu: MilliCPU
    /// The bound of all its pods together.
    package var memory: ByteCount
    /// How many pods it takes. Source: the kubelet's default of maxPods.
    package var pods = 110
    /// How many nodes share the disk, of which each tells an equal part.
    package var diskParts = 1
    /// Memory that only containers which ask for it by the size of its pages get; no part of what other memory is given from.
    package var hugePages: [HugePages] = []

    /// The whole machine.
    package static var machine: NodeCapacity {
        NodeCapacity(cpu: .cores(Int64(SystemFacts.processorCount)), memory: SystemFacts.totalMemory, hugePages: HugePages.ofMachine)
    }

    /// An equal part of the machine.
    /// - Parameter count: how many nodes share it, at least 1.
    package static func share(of count: Int, machine: NodeCapacity = .machine) -> NodeCapacity {
        let parts = Int64(max(count, 1))
        return NodeCapacity(
            cpu: MilliCPU(machine.cpu.value / parts), memory: ByteCount(machine.memory.value / parts), pods: machine.pods, diskParts: Int(parts),
            hugePages: machine.hugePages.map { HugePages(pageSize: $0.pageSize, count: $0.count / parts) })
    }

    /// Whether other nodes share the machine.
    package var isPart: Bool { diskParts > 1 }
}
