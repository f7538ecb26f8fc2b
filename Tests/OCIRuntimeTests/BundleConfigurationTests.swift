import CLinux
import JSONCore
import Testing

@testable import OCIRuntime

@Suite struct BundleConfigurationTests {
    /// The document that `spec` writes, changed at some places.
    static func document(_ changes: [(path: [String], value: JSONValue?)] = []) -> JSONValue {
        var document = SpecCommand.document(isRootless: false, user: 0, group: 0)
        for change in changes { document.setValue(change.value, at: change.path[...]) }
        return document
    }

    @Test func `what spec writes is a configuration`() throws {
        for isRootless in [false, true] {
            let configuration = try BundleConfiguration(SpecCommand.document(isRootless: isRootless, user: 1000, group: 1001))
            #expect(configuration.process?.arguments == ["sh"])
            #expect(configuration.makes(KD_CLONE_NEWUSER) == isRootless)
            #expect(configuration.uidMap.first?.host == (isRootless ? 1000 : nil))
        }
    }

    static let faults: [(path: [String], value: JSONValue?, words: String)] = [
        (["ociVersion"], nil, "config.json: ociVersion is required"),
        (["ociVersion"], "2.0.0", "ociVersion is 2.0.0; this runtime understands 1.x"),
        (["ociVersion"], "one", "ociVersion is `one`, which is no version such as 1.2.0"),
        (["root", "path"], nil, "root.path is required"),
        (["root"], "rootfs", "root must be an object, not string"),
        (["process", "cwd"], "tmp", "process.cwd must be an absolute path, not `tmp`"),
        (["process", "args"], [], "process.args must name a program"),
        (["process", "args"], [1], "process.args[0] must be a string, not integer"),
        (["process", "env"], ["NAME"], "process.env[0] is `NAME`, which is not NAME=value"),
        (["process", "user", "uid"], -1, "process.user.uid is -1, which is not between 0 and 4294967294"),
        (["process", "user", "uid"], 4_294_967_295, "process.user.uid is 4294967295, which is not between 0 and 4294967294"),
        (["process", "rlimits"], [["type": "RLIMIT_WORDS", "soft": 1, "hard": 1]], "is `RLIMIT_WORDS`, which this kernel does not know"),
        (["process", "rlimits"], [["type": "RLIMIT_CORE", "soft": 2, "hard": 1]], "has a soft limit (2) above its hard one (1)"),
        (["process", "oomScoreAdj"], 1001, "process.oomScoreAdj is 1001, which is not between -1000 and 1000"),
        (["mounts"], [["destination": "/x", "options": ["rbind"]]], "mounts[0].source is required for a bind mount"),
        (["mounts"], [["destination": "/x"]], "mounts[0].type is required unless the options have bind or rbind"),
        (["linux", "namespaces"], [["type": "mount"], ["type": "mount"]], "names the mount namespace a second time"),
        (["linux", "namespaces"], [["type": "clock"]], "linux.namespaces[0].type is `clock`"),
        (["linux", "namespaces"], [["type": "mount"]], "has no uts namespace, so the hostname `kdash` cannot be set"),
        (["linux", "namespaces"], [["type": "mount"], ["type": "uts", "path": "uts"]], "linux.namespaces[1].path must be absolute"),
        (["linux", "sysctl"], ["kernel.hostname": "other"], "has `kernel.hostname` as `other`, but hostname is `kdash`"),
        (["linux", "devices"], [["path": "//", "type": "p"]], "linux.devices[0].path is the root"),
        (["linux", "uidMappings"], [["containerID": 0, "hostID": 0, "size": 1]], "has no user namespace, but there are uidMappings"),
        (["linux", "sysctl"], ["kernel.core_pattern": "|/x"], "belongs to no namespace: it would change the machine"),
        (["linux", "sysctl"], ["net./.kernel.core_pattern": "|/x"], "contains an invalid path"),
        (["linux", "rootfsPropagation"], "open", "linux.rootfsPropagation is `open`"),
        (["linux", "maskedPaths"], ["proc/keys"], "linux.maskedPaths[0] must be absolute"),
        (["linux", "devices"], [["path": "/dev/x", "type": "c"]], "linux.devices[0] needs major and minor"),
        (["linux", "devices"], [["path": "/dev/x", "type": "z"]], "linux.devices[0].type is `z`"),
        (["linux", "resources", "unified"], ["../memory.max": "1"], "which is no file of a cgroup"),
        (["linux", "resources", "pids", "limit"], 1.5, "linux.resources.pids.limit must be a whole number of 64 bits, not number"),
        (["linux", "resources", "devices"], [["access": "rwm"]], "linux.resources.devices[0].allow is required"),
        (["hooks", "prestart"], [["path": "true"]], "hooks.prestart[0].path must be absolute, not `true`"),
        (["hooks", "prestart"], [["path": "/bin/true", "timeout": 0]], "hooks.prestart[0].timeout is 0"),
        (["linux", "timeOffsets"], ["boottime": ["secs": 1]], "has no new time namespace"),
        (["linux", "intelRdt"], ["closID": "x"], "linux.intelRdt is not supported by this runtime"),
        (["linux", "netDevices"], ["eth 0": [:]], "linux.netDevices has `eth 0`, which is no name of a network device"),
        (["linux", "netDevices"], ["eth0": ["name": "x"], "x": [:]], "linux.netDevices calls two devices `x`"),
        (["linux", "memoryPolicy"], [:], "linux.memoryPolicy.mode is required"),
        (["linux", "memoryPolicy"], ["mode": "MPOL_ANY"], "linux.memoryPolicy.mode is `MPOL_ANY`"),
        (["linux", "memoryPolicy"], ["mode": "MPOL_BIND", "flags": ["MPOL_F_FAST"]], "linux.memoryPolicy.flags has `MPOL_F_FAST`"),
        (["linux", "memoryPolicy"], ["mode": "MPOL_BIND", "nodes": "0,5-2"], "linux.memoryPolicy.nodes has `5-2`"),
        (["linux", "memoryPolicy"], ["mode": "MPOL_BIND", "nodes": "1024"], "no range of nodes below 1024"),
        (["process", "scheduler"], ["policy": "SCHED_DEADLINE", "deadline": 2000], "`SCHED_DEADLINE` requires `runtime`"),
        (["process", "scheduler"], ["policy": "SCHED_DEADLINE", "runtime": 2000], "`SCHED_DEADLINE` requires `deadline`"),
        (["process", "scheduler"], ["policy": "SCHED_DEADLINE", "runtime": 0, "deadline": 2000], "runtime must be greater than 0"),
        (["process", "scheduler"], ["policy": "SCHED_DEADLINE", "runtime": 1023, "deadline": 2000], "runtime 1023 must be between 1024 and "),
        (["process", "scheduler"], ["policy": "SCHED_DEADLINE", "runtime": 3000, "deadline": 2000], "runtime 3000 must be <= the deadline 2000"),
        (["process", "scheduler"], ["policy": "SCHED_DEADLINE", "runtime": 2000, "deadline": 4000, "period": 3000], "must be <= the period 3000"),
        (["linux", "personality"], ["domain": "BSD"], "linux.personality.domain is `BSD`"),
    ]

    @Test(arguments: faults.indices) func `a fault names its field`(index: Int) throws {
        let fault = Self.faults[index]
        let error = #expect(throws: OCIError.self) { try BundleConfiguration(Self.document([(fault.path, fault.value)])) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(fault.words) == true, "\(error?.message ?? "")")
    }

    @Test func `a user namespace without maps has the caller's ids, and never only users or only groups`() throws {
        let namespaces: JSONValue = [["type": "mount"], ["type": "uts"], ["type": "user"]]
        var configuration = try BundleConfiguration(Self.document([(["linux", "namespaces"], namespaces), (["process", "user", "uid"], 5)]))
        configuration.mapOwnIDs(user: 1000, group: 1001)
        #expect(configuration.uidMap == [MountConfiguration.IDRange(container: 5, host: 1000, size: 1)])
        #expect(configuration.gidMap == [MountConfiguration.IDRange(container: 0, host: 1001, size: 1)])
        let range: JSONValue = [["containerID": 0, "hostID": 7, "size": 9]]
        let half = Self.document([(["linux", "namespaces"], namespaces), (["linux", "uidMappings"], range)])
        let error = #expect(throws: OCIError.self) { try BundleConfiguration(half) }
        #expect(error?.message.contains("must both be there for a new user namespace") == true)
        let both: [(path: [String], value: JSONValue?)] = [(["linux", "uidMappings"], range), (["linux", "gidMappings"], range)]
        var whole = try BundleConfiguration(Self.document([(["linux", "namespaces"], namespaces)] + both))
        whole.mapOwnIDs(user: 1000, group: 1001)
        #expect(whole.uidMap.first?.host == 7)
        #expect(OCIPlan.host(8, whole.uidMap) == 15 && OCIPlan.host(9, whole.uidMap) == 0xffff_ffff)
    }

    @Test func `names of the machine may be sysctls, too, when they are the same`() throws {
        let document = Self.document([(["linux", "sysctl"], ["kernel.hostname": "kdash", "kernel.domainname": "example"])])
        #expect(try BundleConfiguration(document).sysctls.map(\.key) == ["kernel.hostname", "kernel.domainname"])
    }

    @Test func `network devices need a namespace that is the container's, and keep their name unless they get another`() throws {
        let devices: JSONValue = ["eth1": ["name": "eth0"], "dummy0": [:]]
        let whole = try BundleConfiguration(Self.document([(["linux", "netDevices"], devices)]))
        #expect(whole.networkDevices.map(\.newName) == ["eth0", "dummy0"])
        for network in [nil, ["type": "network", "path": "/proc/self/ns/net"]] as [JSONValue?] {
            let namespaces = JSONValue.array([["type": "mount"], ["type": "uts"]] + (network.map { [$0] } ?? []))
            let error = #expect(throws: OCIError.self) {
                try BundleConfiguration(Self.document([(["linux", "netDevices"], devices), (["linux", "namespaces"], namespaces)]))
            }
            #expect(error?.message.contains("no network namespace of the container's own") == true)
        }
    }

    @Test func `a device's path may end in slashes`() throws {
        let document = Self.document([(["linux", "devices"], [["path": "/mnt//", "type": "p"]])])
        #expect(try BundleConfiguration(document).devices.map(\.path) == ["/mnt"])
    }

    @Test func `newer minor versions and unknown members are understood`() throws {
        let document = Self.document([(["ociVersion"], "1.3.0-rc.1"), (["linux", "somethingNew"], [1, 2])])
        #expect(try BundleConfiguration(document).version == "1.3.0-rc.1")
    }

    @Test func `a memory policy is a mode with flags and the bits of nodes`() throws {
        let policy: JSONValue = ["mode": "MPOL_BIND", "flags": ["MPOL_F_STATIC_NODES"], "nodes": "0-2,64"]
        let words = try #require(try BundleConfiguration(Self.document([(["linux", "memoryPolicy"], policy)])).memoryPolicy).words
        #expect(words.count == 17)
        #expect(words.prefix(3) == [2 | 1 << 15, 0b111, 1])
        let local = try BundleConfiguration(Self.document([(["linux", "memoryPolicy"], ["mode": "MPOL_LOCAL"])]))
        #expect(local.memoryPolicy?.words == [4])
        #expect(try BundleConfiguration(Self.document()).memoryPolicy == nil)
    }

    @Test func `what is mounted without a mount namespace is mounted in place`() throws {
        func namespaces(_ names: [String]) -> (path: [String], value: JSONValue?) {
            (["linux", "namespaces"], .array(names.map { ["type": .string($0)] }))
        }
        #expect(try BundleConfiguration(Self.document([namespaces(["uts"])])).mountsInPlace)
        #expect(try !BundleConfiguration(Self.document([namespaces(["uts", "mount"])])).mountsInPlace)
        let nothing: [(path: [String], value: JSONValue?)] = [
            (["mounts"], []), (["linux", "maskedPaths"], []), (["linux", "readonlyPaths"], []), (["root", "readonly"], false),
        ]
        #expect(try !BundleConfiguration(Self.document(nothing + [namespaces(["uts"])])).mountsInPlace)
    }

    @Test func `the sysctl of the host name is no other way to set it`() throws {
        let document = Self.document([(["hostname"], nil), (["linux", "sysctl"], ["kernel.hostname": "other"])])
        let error = #expect(throws: OCIError.self) { try BundleConfiguration(document) }
        #expect(error?.message.contains("has `kernel.hostname`, which is what hostname is for") == true)
    }

    @Test func `the largest limit means without a bound`() throws {
        let document = try JSON.parse(#"[{"type": "RLIMIT_CORE", "soft": 18446744073709551615, "hard": 18446744073709551615}]"#)
        let limits = try #require(try BundleConfiguration(Self.document([(["process", "rlimits"], document)])).process?.limits)
        #expect(limits == [ProcessConfiguration.Limit(resource: 4, soft: .max, hard: .max)])
    }

    @Test func `unknown capabilities are kept for a warning, known ones are sets`() throws {
        let document = Self.document([(["process", "capabilities"], ["bounding": ["CAP_CHOWN", "CAP_FLY"], "ambient": ["CAP_KILL"]])])
        let sets = try #require(try BundleConfiguration(document).process?.capabilities)
        #expect(sets.all == [1, 0, 0, 0, 32])
        #expect(sets.unknown == ["CAP_FLY"])
    }

    @Test(arguments: [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"), ("net/ipv4/ip_forward", "net/ipv4/ip_forward"),
        ("net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding"), ("net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding"),
    ]) func `sysctls are named as sysctl names them`(key: String, path: String) {
        #expect(BundleConfiguration.sysctlPath(key) == path)
    }
}
