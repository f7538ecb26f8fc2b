package import LinuxKernel

/// What a cgroup's memory consists of.
package struct MemorySample: Sendable, Hashable {
    /// All that is charged to it, caches included.
    package var used: ByteCount
    /// The programs' own, without caches.
    package var resident: ByteCount
    /// Pages that were looked for since the start.
    package var faults: Int64
    /// Those of them that had to be read from a disk.
    package var majorFaults: Int64

    /// A sample.
    package init(used: ByteCount = .zero, resident: ByteCount = .zero, faults: Int64 = 0, majorFaults: Int64 = 0) {
        self.used = used
        self.resident = resident
        self.faults = faults
        self.majorFaults = majorFaults
    }

    /// Both together.
    package static func + (a: MemorySample, b: MemorySample) -> MemorySample {
        MemorySample(used: a.used + b.used, resident: a.resident + b.resident, faults: a.faults &+ b.faults, majorFaults: a.majorFaults &+ b.majorFaults)
    }
}

/// What a file system holds and can still take.
package struct SpaceSample: Sendable, Hashable {
    /// All of it.
    package var capacity: ByteCount
    /// What may still be written.
    package var available: ByteCount
    /// How many files may still be made.
    package var availableFiles: Int64

    /// A sample.
    package init(capacity: ByteCount, available: ByteCount, availableFiles: Int64) {
        self.capacity = capacity
        self.available = available
        self.availableFiles = availableFiles
    }
}
