internal import CLinux
internal import ContainerRuntime
internal import Glibc
package import JSONCore

/// A bundle's `config.json`.
package struct BundleConfiguration: Sendable {
    struct Namespace: Sendable, Hashable {
        /// CLONE_NEW… of the kernel.
        let kind: UInt64
        let name: String
        /// The one that is joined; nil: a new one.
        let path: String?
    }

    struct Device: Sendable, Hashable {
        let path: String
        /// S_IFCHR, S_IFBLK or S_IFIFO.
        let type: UInt32
        let major: Int64
        let minor: Int64
        let mode: UInt32
        let uid: UInt32
        let gid: UInt32
    }

    struct Hook: Sendable {
        let path: String
        let arguments: [String]
        let environment: [String]
        /// Seconds; nil: as long as it takes.
        let timeout: Int64?
    }

    enum HookKind: String, Sendable, CaseIterable { case prestart, createRuntime, createContainer, startContainer, poststart, poststop }

    let version: String
    /// nil when there is none to run; `start` then refuses.
    let process: ProcessConfiguration?
    let rootPath: String
    let isRootReadOnly: Bool
    let mounts: [MountConfiguration]
    let hostname: String?
    let domainname: String?
    let annotations: [(key: String, value: String)]
    let hooks: [HookKind: [Hook]]
    let namespaces: [Namespace]
    private(set) var uidMap: [MountConfiguration.IDRange]
    private(set) var gidMap: [MountConfiguration.IDRange]
    let timeOffsets: [(clock: String, seconds: Int64, nanoseconds: Int64)]
    let devices: [Device]
    let networkDevices: [NetworkDevice]
    let cgroupsPath: String?
    let resources: ResourceConfiguration
    let propagation: UInt64
    let sysctls: [(key: String, value: String)]
    let maskedPaths: [String]
    let readOnlyPaths: [String]
    let mountLabel: String?
    let personality: UInt64?
    let memoryPolicy: MemoryPolicy?
    /// The filter's JSON; nil: none.
    let seccomp: JSONValue?

    /// The value of an annotation that this runtime acts on; nil when it is not there or empty.
    func annotation(_ key: String) -> String? { annotations.last { $0.key == key && !$0.value.isEmpty }?.value }

    /// Reads the document. Throws `invalidConfiguration` with the name of the field that is wrong.
    package init(_ document: JSONValue) throws(OCIError) {
        let root = SpecField(path: "", value: document)
        guard document.objectValue != nil else { throw root.fault("must be an object") }
        version = try root.member("ociVersion").requiredText()
        try Self.check(version: version, try root.member("ociVersion"))
        let process = try root.member("process")
        self.process = process.isPresent ? try ProcessConfiguration(process) : nil
        rootPath = try root.member("root").member("path").requiredText()
        isRootReadOnly = try root.member("root").member("readonly").flag() ?? false
        var mounts: [MountConfiguration] = []
        for entry in try root.member("mounts").elements() { mounts.append(try MountConfiguration(entry)) }
        self.mounts = mounts
        hostname = try root.member("hostname").text()
        domainname = try root.member("domainname").text()
        annotations = try root.member("annotations").textMembers()
        hooks = try Self.hooks(root.member("hooks"))
        let linux = try root.member("linux")
        namespaces = try Self.namespaces(linux.member("namespaces"))
        uidMap = try MountConfiguration.ranges(linux.member("uidMappings"))
        gidMap = try MountConfiguration.ranges(linux.member("gidMappings"))
        timeOffsets = try Self.offsets(linux.member("timeOffsets"))
        devices = try Self.devices(linux.member("devices"))
        networkDevices = try NetworkDevice.list(linux.member("netDevices"))
        cgroupsPath = try linux.member("cgroupsPath").text()
        resources = try ResourceConfiguration(linux.member("resources"))
        let propagation = try linux.member("rootfsPropagation")
        if let name = try propagation.text(), !name.isEmpty {
            guard let bits = MountConfiguration.propagations[name] else {
                throw propagation.fault("is `\(name)`, which is none of shared, slave, private and unbindable")
            }
            self.propagation = bits
        } else {
            self.propagation = 0
        }
        sysctls = try linux.member("sysctl").textMembers()
        maskedPaths = try Self.paths(linux.member("maskedPaths"))
        readOnlyPaths = try Self.paths(linux.member("readonlyPaths"))
        mountLabel = try linux.member("mountLabel").text()
        personality = try Self.personality(linux.member("personality"))
        memoryPolicy = try MemoryPolicy(linux.member("memoryPolicy"))
        seccomp = try linux.member("seccomp").value
        guard try linux.member("intelRdt").members().isEmpty else {
            throw try linux.member("intelRdt").fault("is not supported by this runtime; leave it out")
        }
        try checkNamespaces(linux)
        try checkSysctls(linux)
    }

    /// Gives a new user namespace without maps that of the process's user to the caller alone, as crun does.
    mutating func mapOwnIDs(user: UInt32, group: UInt32) {
        guard makes(KD_CLONE_NEWUSER), uidMap.isEmpty, gidMap.isEmpty else { return }
        uidMap = [MountConfiguration.IDRange(container: process?.uid ?? 0, host: user, size: 1)]
        gidMap = [MountConfiguration.IDRange(container: process?.gid ?? 0, host: group, size: 1)]
    }

    private static func check(version: String, _ field: SpecField) throws(OCIError) {
        let parts = version.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let major = UInt(parts[0]), UInt(parts[1]) != nil, let patch = parts[2].first, patch.isNumber else {
            throw field.fault("is `\(version)`, which is no version such as 1.2.0")
        }
        guard major == 1 else { throw field.fault("is \(version); this runtime understands 1.x") }
    }

    private static func hooks(_ field: SpecField) throws(OCIError) -> [HookKind: [Hook]] {
        var hooks: [HookKind: [Hook]] = [:]
        for kind in HookKind.allCases {
            var list: [Hook] = []
            for entry in try field.member(kind.rawValue).elements() {
                let path = try entry.member("path").requiredText()
                guard path.hasPrefix("/") else { throw try entry.member("path").fault("must be absolute, not `\(path)`") }
                list.append(
                    Hook(
                        path: path, arguments: try entry.member("args").texts(), environment: try entry.member("env").texts(),
                        timeout: try entry.member("timeout").integer(1 ... .max)))
            }
            if !list.isEmpty { hooks[kind] = list }
        }
        return hooks
    }

    /// The kernel's flags by the specification's names. The time namespace's is not among those of `CLinux`.
    static let kinds: [(name: String, kind: UInt64)] = [
        ("pid", UInt64(KD_CLONE_NEWPID)), ("network", UInt64(KD_CLONE_NEWNET)), ("mount", UInt64(KD_CLONE_NEWNS)), ("ipc", UInt64(KD_CLONE_NEWIPC)),
        ("uts", UInt64(KD_CLONE_NEWUTS)), ("user", UInt64(KD_CLONE_NEWUSER)), ("cgroup", UInt64(KD_CLONE_NEWCGROUP)), ("time", 0x80),
    ]

    private static func namespaces(_ field: SpecField) throws(OCIError) -> [Namespace] {
        var namespaces: [Namespace] = []
        for entry in try field.elements() {
            let type = try entry.member("type").requiredText()
            guard let kind = kinds.first(where: { $0.name == type })?.kind else {
                throw try entry.member("type").fault("is `\(type)`, which is none of \(kinds.map(\.name).joined(separator: ", "))")
            }
            guard !namespaces.contains(where: { $0.kind == kind }) else { throw entry.fault("names the \(type) namespace a second time") }
            let path = try entry.member("path").text().flatMap { $0.isEmpty ? nil : $0 }
            if let path, !path.hasPrefix("/") { throw try entry.member("path").fault("must be absolute, not `\(path)`") }
            namespaces.append(Namespace(kind: kind, name: type, path: path))
        }
        return namespaces
    }

    private static func offsets(_ field: SpecField) throws(OCIError) -> [(clock: String, seconds: Int64, nanoseconds: Int64)] {
        var offsets: [(clock: String, seconds: Int64, nanoseconds: Int64)] = []
        for (clock, entry) in try field.members() {
            guard clock == "monotonic" || clock == "boottime" else { throw field.fault("has `\(clock)`, which is neither monotonic nor boottime") }
            offsets.append((clock, try entry.member("secs").integer() ?? 0, try entry.member("nanosecs").integer(0...999_999_999) ?? 0))
        }
        return offsets
    }

    private static func devices(_ field: SpecField) throws(OCIError) -> [Device] {
        var devices: [Device] = []
        for entry in try field.elements() {
            var path = try entry.member("path").requiredText()
            let type = try entry.member("type").requiredText()
            guard path.hasPrefix("/") else { throw try entry.member("path").fault("must be absolute, not `\(path)`") }
            // `/dev/x/` is the node x, whose directory cannot be meant.
            while path.hasSuffix("/") { path.removeLast() }
            guard !path.isEmpty else { throw try entry.member("path").fault("is the root, which cannot be a device") }
            let types: [String: UInt32] = ["c": S_IFCHR, "u": S_IFCHR, "b": S_IFBLK, "p": S_IFIFO]
            guard let kind = types[type] else { throw try entry.member("type").fault("is `\(type)`, not c, u, b or p") }
            let major = try entry.member("major").integer(0...0xffff_ffff)
            let minor = try entry.member("minor").integer(0...0xffff_ffff)
            guard kind == S_IFIFO || (major != nil && minor != nil) else { throw entry.fault("needs major and minor") }
            guard !devices.contains(where: { $0.path == path }) else { throw entry.fault("makes \(path) a second time") }
            devices.append(
                Device(
                    path: path, type: kind, major: major ?? 0, minor: minor ?? 0,
                    mode: UInt32(try entry.member("fileMode").integer(0...0xffff) ?? 0o666) & 0o7777,
                    uid: try entry.member("uid").id() ?? 0, gid: try entry.member("gid").id() ?? 0))
        }
        return devices
    }

    private static func paths(_ field: SpecField) throws(OCIError) -> [String] {
        let paths = try field.texts()
        for (index, path) in paths.enumerated() where !path.hasPrefix("/") {
            throw OCIError(.invalidConfiguration, "config.json: \(field.path)[\(index)] must be absolute, not `\(path)`")
        }
        return paths
    }

    private static func personality(_ field: SpecField) throws(OCIError) -> UInt64? {
        guard field.isPresent else { return nil }
        let domain = try field.member("domain").requiredText()
        guard let number = ["LINUX": 0, "LINUX32": 8][domain] as UInt64? else {
            throw try field.member("domain").fault("is `\(domain)`, neither LINUX nor LINUX32")
        }
        guard try field.member("flags").elements().isEmpty else { throw try field.member("flags").fault("must be empty: there are no flags yet") }
        return number
    }
}
