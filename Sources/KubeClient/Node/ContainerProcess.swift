package import JSONCore
package import LinuxKernel

/// One process of a container.
package struct ContainerProcess: Sendable, Hashable {
    /// Its number inside of the container.
    package var pid: Int32
    /// Its parent's number there; 0 when the parent is outside.
    package var parent: Int32
    /// Its user's name by the container's passwd, or the number.
    package var user: String
    /// `R`, `S`, `D`, `Z`, `T` …, as the kernel says.
    package var state: String
    /// Processor time it has used, in milliseconds.
    package var cpuMilliseconds: Int64
    /// Memory of its own and shared that is in RAM.
    package var resident: ByteCount
    /// Its threads.
    package var threads: Int64
    /// When it started.
    package var startedAt: Timestamp
    /// When it started, in the kernel's ticks since boot: tells it from a later one of its number.
    package var startedTicks: UInt64
    /// The program and its arguments, at most 4,096 bytes; in brackets the program's name when it has none.
    package var command: String

    /// A process.
    package init(
        pid: Int32, parent: Int32, user: String, state: String, cpuMilliseconds: Int64, resident: ByteCount, threads: Int64, startedAt: Timestamp,
        startedTicks: UInt64, command: String
    ) {
        self.pid = pid
        self.parent = parent
        self.user = user
        self.state = state
        self.cpuMilliseconds = cpuMilliseconds
        self.resident = resident
        self.threads = threads
        self.startedAt = startedAt
        self.startedTicks = startedTicks
        self.command = command
    }

    /// As `/kdash/v1/containers` answers.
    package var value: JSONValue {
        [
            "pid": .integer(Int64(pid)), "parent": .integer(Int64(parent)), "user": .string(user), "state": .string(state),
            "cpuMilliseconds": .integer(cpuMilliseconds), "residentBytes": .integer(resident.value), "threads": .integer(threads),
            "startedAt": .string(startedAt.rfc3339), "startedTicks": .integer(Int64(clamping: startedTicks)), "command": .string(command),
        ]
    }

    /// Reads what ``value`` wrote; nil when it is no process.
    package init?(_ value: JSONValue) {
        guard let pid = value["pid"]?.integerValue.flatMap({ Int32(exactly: $0) }), pid > 0,
            let started = value["startedAt"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }),
            let ticks = value["startedTicks"]?.integerValue.flatMap({ UInt64(exactly: $0) })
        else { return nil }
        self.init(
            pid: pid, parent: value["parent"]?.integerValue.flatMap { Int32(exactly: $0) } ?? 0, user: value["user"]?.stringValue ?? "",
            state: value["state"]?.stringValue ?? "", cpuMilliseconds: value["cpuMilliseconds"]?.integerValue ?? 0,
            resident: ByteCount(value["residentBytes"]?.integerValue ?? 0), threads: value["threads"]?.integerValue ?? 0, startedAt: started,
            startedTicks: ticks, command: value["command"]?.stringValue ?? "")
    }
}

/// The processes of a container.
package struct ContainerProcesses: Sendable, Hashable {
    /// More are left out.
    package static let maximumCount = 4096

    /// The processes, by number.
    package var processes: [ContainerProcess]
    /// Whether there are more.
    package var isCut: Bool

    /// Processes.
    package init(processes: [ContainerProcess], isCut: Bool) {
        self.processes = processes
        self.isCut = isCut
    }

    /// As `/kdash/v1/containers` answers.
    package var value: JSONValue { ["processes": .array(processes.map(\.value)), "cut": .bool(isCut)] }

    /// Reads what ``value`` wrote; nil for anything else.
    package init?(_ value: JSONValue) {
        guard let listed = value["processes"]?.arrayValue else { return nil }
        self.init(processes: listed.compactMap { ContainerProcess($0) }, isCut: value["cut"]?.boolValue ?? false)
    }
}
