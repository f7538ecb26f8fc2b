import APIMachinery
import JSONCore
import KubeSchemas
package import LinuxKernel

/// What of the machine is left for pods, and when that is too little. Pure; a reading comes from outside.
///
/// Source: the kubelet's eviction manager. Its bound for the disk is 10 % of it, at which many a workstation lives; here it is an amount.
package struct NodePressure: Sendable {
    /// What must be left; zero never is too little.
    package struct Thresholds: Sendable, Hashable {
        package var memory: ByteCount
        package var disk: ByteCount
        /// Processes and threads that may still be started on the machine.
        package var processes: Int64

        /// By default 100 MiB of memory, the kubelet's, 1 GiB of the disk with the data directory, and 1,000 processes.
        package init(memory: ByteCount = .mebibytes(100), disk: ByteCount = .gibibytes(1), processes: Int64 = 1000) {
            self.memory = memory
            self.disk = disk
            self.processes = processes
        }
    }

    /// What may run short.
    enum Resource: String, CaseIterable, Sendable, Hashable {
        case memory
        case disk = "ephemeral-storage"
        case processes = "pids"

        /// The node's condition that tells of it.
        var condition: String {
            switch self {
            case .memory: "MemoryPressure"
            case .disk: "DiskPressure"
            case .processes: "PIDPressure"
            }
        }
    }

    /// What is left at one moment.
    struct Reading: Sendable, Hashable {
        var memory: ByteCount
        var disk: ByteCount
        /// The whole disk.
        var diskTotal: ByteCount
        /// Processes and threads that may still be started.
        var processes: Int64
        /// As many may be at a time.
        var processLimit: Int64

        init(
            memory: ByteCount, disk: ByteCount, diskTotal: ByteCount = ByteCount(.max), processes: Int64 = .max, processLimit: Int64 = .max
        ) {
            self.memory = memory
            self.disk = disk
            self.diskTotal = diskTotal
            self.processes = processes
            self.processLimit = processLimit
        }

        /// The machine's, with the disk that holds `data`. What cannot be read is plenty.
        init(data: String) {
            memory = Self.availableMemory((try? FileSystem.readText("/proc/meminfo")) ?? "")  // best effort: then memory is not watched
            let space = try? FileSystemSpace(at: data)  // best effort: then the disk is not watched
            disk = space?.available ?? ByteCount(.max)
            diskTotal = space?.total ?? ByteCount(.max)
            let limits = ["kernel/pid_max", "kernel/threads-max"].map { Self.text("/proc/sys/\($0)") }
            let limit = limits.compactMap { Int64($0) }.filter { $0 > 0 }.min() ?? .max
            processLimit = limit
            processes = Self.running(Self.text("/proc/loadavg")).map { max(0, limit - $0) } ?? .max
        }

        private static func text(_ path: String) -> String {
            (try? FileSystem.readText(path)) ?? ""  // best effort: then processes are not watched
        }

        /// The threads of the whole machine: the second number of the fourth field of /proc/loadavg.
        static func running(_ text: String) -> Int64? {
            let fields = text.split(separator: " ")
            guard fields.count >= 4 else { return nil }
            return fields[3].split(separator: "/").last.flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil }
        }

        /// The same for a node that has only a share of the memory, of which its pods use a part.
        /// - Parameter used: nil for a node that has all of it.
        func bounded(by share: ByteCount, used: ByteCount?) -> Reading {
            guard let used else { return self }
            var reading = self
            reading.memory = min(memory, ByteCount(max(share.value - used.value, 0)))
            return reading
        }

        /// `MemAvailable` of /proc/meminfo.
        static func availableMemory(_ text: String) -> ByteCount {
            let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
            guard let number = line?.split(separator: " ").dropFirst().first.flatMap({ Int64($0) }) else { return ByteCount(.max) }
            let (bytes, overflow) = number.multipliedReportingOverflow(by: 1024)
            return ByteCount(overflow ? .max : bytes)
        }
    }

    /// How long a condition stays after its cause has gone, so that it does not come and go. Source: evictionPressureTransitionPeriod.
    static let transition: Duration = .seconds(300)

    let thresholds: Thresholds
    private var lastShort: [Resource: Duration] = [:]
    /// What the node's conditions say.
    private(set) var pressures: Set<Resource> = []

    init(thresholds: Thresholds) { self.thresholds = thresholds }

    /// Takes a reading at a monotonic time; returns what is short right now, the most urgent first.
    mutating func observe(_ reading: Reading, at now: Duration) -> [Resource] {
        let short = Resource.allCases.filter { amount($0, of: reading) < threshold($0, of: reading) }
        for resource in short { lastShort[resource] = now }
        lastShort = lastShort.filter { now - $0.value < Self.transition }
        pressures = Set(lastShort.keys)
        return short
    }

    /// What must be left, in bytes or processes. Of a small disk and few processes no more than a tenth, or they would always be short.
    func threshold(_ resource: Resource, of reading: Reading) -> Int64 {
        switch resource {
        case .memory: thresholds.memory.value
        case .disk: min(thresholds.disk.value, reading.diskTotal.value / 10)
        case .processes: min(thresholds.processes, reading.processLimit / 10)
        }
    }

    /// What is left, in bytes or processes.
    func amount(_ resource: Resource, of reading: Reading) -> Int64 {
        switch resource {
        case .memory: reading.memory.value
        case .disk: reading.disk.value
        case .processes: reading.processes
        }
    }

    /// Why a pod is not taken while the conditions hold; nil when it is. Source: the eviction manager's Admit.
    static func refusal(of pod: Pod, under pressures: Set<Resource>) -> NodeLedger.Answer? {
        guard !pressures.isEmpty, !pod.isCritical else { return nil }
        if pressures == [.memory] {
            if PodResources(pod.spec).qosClass != .bestEffort { return nil }
            let taint = Taint(["key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"])
            if pod.spec.tolerations.contains(where: { $0.tolerates(taint) }) { return nil }
        }
        let names = pressures.map(\.condition).sorted().joined(separator: " ")
        return .refused(reason: "Evicted", message: "The node had condition: [\(names)]. ")
    }
}

extension Pod {
    /// What the cluster itself cannot do without. Source: scheduling.SystemCriticalPriority.
    var isCritical: Bool { spec.priority >= 2_000_000_000 }
}
