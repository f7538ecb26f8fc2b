/// `linux.resources`, and what `update` takes.
struct ResourceConfiguration: Sendable {
    /// One entry of the list of devices; the last that fits decides.
    struct DeviceRule: Sendable, Hashable {
        var isAllowed: Bool
        /// `a`, `b` or `c`.
        var type: Character = "a"
        /// nil: every one.
        var major: Int64?
        var minor: Int64?
        var canRead = true
        var canWrite = true
        var canMake = true

        var access: String { (canRead ? "r" : "") + (canWrite ? "w" : "") + (canMake ? "m" : "") }
    }

    struct DeviceValue: Sendable, Hashable {
        let major: Int64
        let minor: Int64
        let value: UInt64
    }

    struct BlockWeight: Sendable, Hashable {
        let major: Int64
        let minor: Int64
        let weight: UInt64?
        let leafWeight: UInt64?
    }

    // Memory in bytes; -1 means without a bound.
    var memoryLimit: Int64?
    var memoryReservation: Int64?
    /// Memory and swap together.
    var memorySwap: Int64?
    var kernelMemory: Int64?
    var kernelTCPMemory: Int64?
    var swappiness: UInt64?
    var disablesOOMKiller: Bool?
    var usesHierarchy: Bool?
    // Processor time in microseconds.
    var cpuShares: UInt64?
    var cpuQuota: Int64?
    var cpuBurst: UInt64?
    var cpuPeriod: UInt64?
    var realtimeRuntime: Int64?
    var realtimePeriod: UInt64?
    /// Whether real-time processes must be able to run; a cgroup of v1 has no time for them of its own.
    var needsRealtime = false
    var cpuIdle: Int64?
    var cpus: String?
    var memoryNodes: String?
    var processLimit: Int64?
    var blockWeight: UInt64?
    var blockLeafWeight: UInt64?
    var blockWeights: [BlockWeight] = []
    var readBytes: [DeviceValue] = []
    var writeBytes: [DeviceValue] = []
    var readOperations: [DeviceValue] = []
    var writeOperations: [DeviceValue] = []
    var hugePages: [(size: String, limit: UInt64)] = []
    var networkClass: UInt64?
    var networkPriorities: [(name: String, priority: UInt64)] = []
    var rdma: [(device: String, handles: UInt64?, objects: UInt64?)] = []
    /// Files of cgroup v2 with what is written to them.
    var unified: [(key: String, value: String)] = []
    var devices: [DeviceRule] = []

    init() {}

    init(_ field: SpecField) throws(OCIError) {
        try readMemory(field.member("memory"))
        try readProcessor(field.member("cpu"))
        try readBlockIO(field.member("blockIO"))
        processLimit = try field.member("pids").member("limit").integer()
        for page in try field.member("hugepageLimits").elements() {
            let size = try page.member("pageSize").requiredText()
            guard let limit = try page.member("limit").unsigned() else { throw page.fault("needs a limit") }
            guard size.utf8.allSatisfy({ $0 != UInt8(ascii: "/") }) else { throw page.fault("has the size `\(size)`, which is none") }
            hugePages.append((size, limit))
        }
        networkClass = try field.member("network").member("classID").unsigned()
        for entry in try field.member("network").member("priorities").elements() {
            networkPriorities.append((try entry.member("name").requiredText(), try entry.member("priority").unsigned() ?? 0))
        }
        for (device, entry) in try field.member("rdma").members() {
            rdma.append((device, try entry.member("hcaHandles").unsigned(), try entry.member("hcaObjects").unsigned()))
        }
        unified = try field.member("unified").textMembers()
        for (key, _) in unified where key.utf8.contains(UInt8(ascii: "/")) || !key.utf8.contains(UInt8(ascii: ".")) {
            throw try field.member("unified").fault("has the key `\(key)`, which is no file of a cgroup")
        }
        for entry in try field.member("devices").elements() { devices.append(try Self.rule(entry)) }
    }

    private mutating func readMemory(_ field: SpecField) throws(OCIError) {
        memoryLimit = try field.member("limit").integer(-1 ... .max)
        memoryReservation = try field.member("reservation").integer(-1 ... .max)
        memorySwap = try field.member("swap").integer(-1 ... .max)
        kernelMemory = try field.member("kernel").integer(-1 ... .max)
        kernelTCPMemory = try field.member("kernelTCP").integer(-1 ... .max)
        // Engines write the largest number for "not set".
        swappiness = try field.member("swappiness").unsigned()
        if swappiness == .max { swappiness = nil }
        if let swappiness, swappiness > 200 { throw try field.member("swappiness").fault("is \(swappiness), which is more than 200") }
        disablesOOMKiller = try field.member("disableOOMKiller").flag()
        usesHierarchy = try field.member("useHierarchy").flag()
    }

    private mutating func readProcessor(_ field: SpecField) throws(OCIError) {
        cpuShares = try field.member("shares").unsigned()
        cpuQuota = try field.member("quota").integer()
        cpuBurst = try field.member("burst").unsigned()
        cpuPeriod = try field.member("period").unsigned()
        realtimeRuntime = try field.member("realtimeRuntime").integer()
        realtimePeriod = try field.member("realtimePeriod").unsigned()
        cpuIdle = try field.member("idle").integer()
        cpus = try field.member("cpus").text()
        memoryNodes = try field.member("mems").text()
    }

    private mutating func readBlockIO(_ field: SpecField) throws(OCIError) {
        func values(_ name: String) throws(OCIError) -> [DeviceValue] {
            var values: [DeviceValue] = []
            for entry in try field.member(name).elements() {
                guard let major = try entry.member("major").integer(), let minor = try entry.member("minor").integer(),
                    let rate = try entry.member("rate").unsigned()
                else {
                    throw entry.fault("needs major, minor and rate")
                }
                values.append(DeviceValue(major: major, minor: minor, value: rate))
            }
            return values
        }
        blockWeight = try field.member("weight").integer(0...10000).map { UInt64($0) }
        blockLeafWeight = try field.member("leafWeight").integer(0...10000).map { UInt64($0) }
        for entry in try field.member("weightDevice").elements() {
            guard let major = try entry.member("major").integer(), let minor = try entry.member("minor").integer() else {
                throw entry.fault("needs major and minor")
            }
            blockWeights.append(
                BlockWeight(major: major, minor: minor, weight: try entry.member("weight").unsigned(), leafWeight: try entry.member("leafWeight").unsigned()))
        }
        readBytes = try values("throttleReadBpsDevice")
        writeBytes = try values("throttleWriteBpsDevice")
        readOperations = try values("throttleReadIOPSDevice")
        writeOperations = try values("throttleWriteIOPSDevice")
    }

    private static func rule(_ field: SpecField) throws(OCIError) -> DeviceRule {
        guard let isAllowed = try field.member("allow").flag() else { throw try field.member("allow").fault("is required") }
        let type = try field.member("type").text() ?? "a"
        guard ["", "a", "b", "c", "u"].contains(type) else { throw try field.member("type").fault("is `\(type)`, not a, b or c") }
        let access = try field.member("access").text() ?? ""
        guard access.allSatisfy({ "rwm".contains($0) }) else { throw try field.member("access").fault("is `\(access)`, not of r, w and m") }
        var rule = DeviceRule(isAllowed: isAllowed, type: type == "u" ? "c" : type.first ?? "a")
        // -1 is how some engines write every one.
        rule.major = try field.member("major").integer(-1...0xffff_ffff).flatMap { $0 < 0 ? nil : $0 }
        rule.minor = try field.member("minor").integer(-1...0xffff_ffff).flatMap { $0 < 0 ? nil : $0 }
        if !access.isEmpty { (rule.canRead, rule.canWrite, rule.canMake) = (access.contains("r"), access.contains("w"), access.contains("m")) }
        return rule
    }
}
