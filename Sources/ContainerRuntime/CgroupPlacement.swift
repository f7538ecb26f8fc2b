package import LinuxKernel

/// Where in the node's cgroup tree something lives.
package struct CgroupPlacement: Sendable, Hashable {
    /// Relative to the node's own cgroup: `kubepods/burstable/pod<uid>/<container>`.
    package let path: String
    package init(path: String) { self.path = path }
}

/// Which of the kernel's two cgroup interfaces carries the limits.
package enum CgroupVersion: Sendable, Hashable { case v1, v2 }

/// One sample of what a cgroup uses.
package struct CgroupUsage: Sendable, Hashable {
    /// Processor time used since the cgroup was made.
    package var cpu: Duration
    /// Periods in which it was held back by its quota.
    package var throttledPeriods: UInt64
    /// Time for which it was held back.
    package var throttledTime: Duration
    /// All memory charged to it, caches included.
    package var memory: ByteCount
    /// Memory that cannot be taken back at once: usage without inactive file pages, as kubelet counts it.
    package var workingSet: ByteCount
    /// Memory of the programs themselves, without caches.
    package var residentMemory = ByteCount.zero
    /// Pages that were looked for, and those of them that had to be read from a disk.
    package var pageFaults: Int64 = 0
    package var majorPageFaults: Int64 = 0
    /// Nil without a limit.
    package var memoryLimit: ByteCount?
    /// Processes killed for memory.
    package var outOfMemoryKills: UInt64
    /// Processes and threads; 0 when the kernel does not count them.
    package var processes: Int
    /// What was transferred from and to disks; nil when the kernel does not count it.
    package var disk: DiskUsage?
    /// How long its tasks waited; nil when the kernel does not measure it, as with cgroup v1.
    package var pressure: CgroupPressure?
}

/// Which limits the kernel really enforces here.
package struct CgroupEnforcement: Sendable, Hashable {
    package enum Verdict: Sendable, Hashable {
        case enforced
        /// Why not, and the command that lifts it, where there is one.
        case notEnforced(reason: String, remedy: String?)
    }

    package var cpu: Verdict
    package var memory: Verdict
    package var pids: Verdict

    package init(cpu: Verdict, memory: Verdict, pids: Verdict) {
        self.cpu = cpu
        self.memory = memory
        self.pids = pids
    }
}
