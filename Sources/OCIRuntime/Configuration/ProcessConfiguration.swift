internal import ContainerRuntime
internal import JSONCore

/// `process` of a configuration, or the file that `exec --process` names.
struct ProcessConfiguration: Sendable {
    struct Limit: Sendable, Hashable {
        let resource: UInt32
        let soft: UInt64
        let hard: UInt64
    }

    /// The five sets in the order in which the kernel part reads them.
    struct CapabilitySets: Sendable, Hashable {
        var bounding: Capabilities = []
        var effective: Capabilities = []
        var inheritable: Capabilities = []
        var permitted: Capabilities = []
        var ambient: Capabilities = []
        /// Names that this program does not know; the specification wants a warning.
        var unknown: [String] = []

        var all: [UInt64] { [bounding, effective, inheritable, permitted, ambient].map(\.rawValue) }
    }

    struct Scheduler: Sendable, Hashable {
        var policy: UInt32 = 0
        var flags: UInt64 = 0
        var nice: Int32 = 0
        var priority: UInt32 = 0
        // Nanoseconds.
        var runtime: UInt64 = 0
        var deadline: UInt64 = 0
        var period: UInt64 = 0

        /// Whether processes are put before all ordinary ones, as SCHED_FIFO and SCHED_RR do.
        var isRealtime: Bool { policy == 1 || policy == 2 }

        /// What the kernel would refuse with nothing but "Invalid argument". Source: sched(7), __checkparam_dl of the kernel.
        func deadlineProblem(hasRuntime: Bool, hasDeadline: Bool) -> String? {
            let range: ClosedRange<UInt64> = 1024...UInt64(Int64.max)
            guard hasRuntime else { return "requires `runtime`" }
            guard hasDeadline else { return "requires `deadline`" }
            guard runtime > 0 else { return "runtime must be greater than 0" }
            guard range.contains(runtime) else { return "runtime \(runtime) must be between \(range.lowerBound) and \(range.upperBound)" }
            guard runtime <= deadline else { return "runtime \(runtime) must be <= the deadline \(deadline)" }
            guard period == 0 || deadline <= period else { return "deadline \(deadline) must be <= the period \(period)" }
            return nil
        }
    }

    var terminal = false
    var width: UInt16 = 0
    var height: UInt16 = 0
    var arguments: [String] = []
    var environment: [String] = []
    var directory = "/"
    var uid: UInt32 = 0
    var gid: UInt32 = 0
    var additionalGroups: [UInt32] = []
    var umask: UInt32 = 0o022
    var capabilities = CapabilitySets()
    var noNewPrivileges = false
    var limits: [Limit] = []
    var outOfMemoryScore: Int64?
    var appArmorProfile: String?
    var selinuxLabel: String?
    var scheduler: Scheduler?
    var ioPriority: UInt64?
    /// Processors that an exec runs on, from its start on; nil: as its cgroup.
    var affinity: [UInt64]?

    init() {}

    init(_ field: SpecField) throws(OCIError) {
        terminal = try field.member("terminal").flag() ?? false
        let size = try field.member("consoleSize")
        width = UInt16(try size.member("width").integer(0...65535) ?? 0)
        height = UInt16(try size.member("height").integer(0...65535) ?? 0)
        arguments = try field.member("args").texts()
        guard !arguments.isEmpty, arguments[0] != "" else { throw try field.member("args").fault("must name a program") }
        environment = try field.member("env").texts()
        for (index, variable) in environment.enumerated() where !variable.utf8.contains(UInt8(ascii: "=")) || variable.hasPrefix("=") {
            throw OCIError(.invalidConfiguration, "config.json: \(field.path).env[\(index)] is `\(variable)`, which is not NAME=value")
        }
        directory = try field.member("cwd").requiredText()
        guard directory.hasPrefix("/") else { throw try field.member("cwd").fault("must be an absolute path, not `\(directory)`") }
        try readUser(field.member("user"))
        capabilities = try Self.capabilities(field.member("capabilities"))
        noNewPrivileges = try field.member("noNewPrivileges").flag() ?? false
        limits = try Self.limits(field.member("rlimits"))
        outOfMemoryScore = try field.member("oomScoreAdj").integer(-1000...1000)
        appArmorProfile = try field.member("apparmorProfile").text()
        selinuxLabel = try field.member("selinuxLabel").text()
        scheduler = try Self.scheduler(field.member("scheduler"))
        ioPriority = try Self.ioPriority(field.member("ioPriority"))
        affinity = try Self.affinity(field.member("execCPUAffinity"))
    }

    private mutating func readUser(_ user: SpecField) throws(OCIError) {
        uid = try user.member("uid").id() ?? 0
        gid = try user.member("gid").id() ?? 0
        umask = UInt32(try user.member("umask").integer(0...0o7777) ?? 0o022)
        for group in try user.member("additionalGids").elements() {
            guard let id = try group.id() else { throw group.fault("must be a number") }
            additionalGroups.append(id)
        }
    }

    private static func capabilities(_ field: SpecField) throws(OCIError) -> CapabilitySets {
        var sets = CapabilitySets()
        func read(_ name: String) throws(OCIError) -> Capabilities {
            var set: Capabilities = []
            for text in try field.member(name).texts() {
                if let one = Capabilities(name: text) { set.formUnion(one) } else { sets.unknown.append(text) }
            }
            return set
        }
        sets.bounding = try read("bounding")
        sets.effective = try read("effective")
        sets.inheritable = try read("inheritable")
        sets.permitted = try read("permitted")
        sets.ambient = try read("ambient")
        return sets
    }

    /// The kernel's numbers of resources. Source: asm-generic/resource.h.
    static let resources = [
        "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_MEMLOCK",
        "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
    ]

    private static func limits(_ field: SpecField) throws(OCIError) -> [Limit] {
        var limits: [Limit] = []
        for entry in try field.elements() {
            let type = try entry.member("type").requiredText()
            guard let number = resources.firstIndex(of: type) else { throw try entry.member("type").fault("is `\(type)`, which this kernel does not know") }
            guard let soft = try entry.member("soft").unsigned(), let hard = try entry.member("hard").unsigned() else {
                throw entry.fault("needs `soft` and `hard`")
            }
            guard soft <= hard else { throw entry.fault("has a soft limit (\(soft)) above its hard one (\(hard))") }
            guard !limits.contains(where: { $0.resource == UInt32(number) }) else { throw entry.fault("sets \(type) a second time") }
            limits.append(Limit(resource: UInt32(number), soft: soft, hard: hard))
        }
        return limits
    }

    private static func scheduler(_ field: SpecField) throws(OCIError) -> Scheduler? {
        guard field.isPresent else { return nil }
        let policies: [String: UInt32] = [
            "SCHED_OTHER": 0, "SCHED_FIFO": 1, "SCHED_RR": 2, "SCHED_BATCH": 3, "SCHED_IDLE": 5, "SCHED_DEADLINE": 6, "SCHED_ISO": 4,
        ]
        let flags: [String: UInt64] = [
            "SCHED_FLAG_RESET_ON_FORK": 1, "SCHED_FLAG_RECLAIM": 2, "SCHED_FLAG_DL_OVERRUN": 4, "SCHED_FLAG_KEEP_POLICY": 8, "SCHED_FLAG_KEEP_PARAMS": 16,
            "SCHED_FLAG_UTIL_CLAMP_MIN": 32, "SCHED_FLAG_UTIL_CLAMP_MAX": 64,
        ]
        var scheduler = Scheduler()
        let policy = try field.member("policy").requiredText()
        guard let number = policies[policy] else { throw try field.member("policy").fault("is `\(policy)`, which is no policy") }
        scheduler.policy = number
        for name in try field.member("flags").texts() {
            guard let bit = flags[name] else { throw try field.member("flags").fault("has `\(name)`, which is no flag") }
            scheduler.flags |= bit
        }
        scheduler.nice = Int32(try field.member("nice").integer(-20...19) ?? 0)
        scheduler.priority = UInt32(try field.member("priority").integer(0...99) ?? 0)
        scheduler.runtime = try field.member("runtime").unsigned() ?? 0
        scheduler.deadline = try field.member("deadline").unsigned() ?? 0
        scheduler.period = try field.member("period").unsigned() ?? 0
        if policy == "SCHED_DEADLINE" {
            let isGiven = (try field.member("runtime").isPresent, try field.member("deadline").isPresent)
            if let problem = scheduler.deadlineProblem(hasRuntime: isGiven.0, hasDeadline: isGiven.1) {
                throw field.fault("is nothing for sched_setattr: `SCHED_DEADLINE` \(problem)")
            }
        }
        return scheduler
    }

    private static func ioPriority(_ field: SpecField) throws(OCIError) -> UInt64? {
        guard field.isPresent else { return nil }
        let classes: [String: UInt64] = ["IOPRIO_CLASS_RT": 1, "IOPRIO_CLASS_BE": 2, "IOPRIO_CLASS_IDLE": 3]
        let name = try field.member("class").requiredText()
        guard let number = classes[name] else { throw try field.member("class").fault("is `\(name)`, which is no class") }
        return number << 13 | UInt64(try field.member("priority").integer(0...7) ?? 0)
    }

    private static func affinity(_ field: SpecField) throws(OCIError) -> [UInt64]? {
        let last = try field.member("final").text()
        let first = try field.member("initial").text()
        guard let text = last ?? first, !text.isEmpty else { return nil }
        var words = [UInt64](repeating: 0, count: 16)
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-", maxSplits: 1).map { Int($0.filter { $0 != " " }) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first >= 0, first <= last, last < 1024 else {
                throw field.fault("has `\(part)`, which is no range of processors")
            }
            for processor in first...last { words[processor / 64] |= 1 << UInt64(processor % 64) }
        }
        return words
    }
}
