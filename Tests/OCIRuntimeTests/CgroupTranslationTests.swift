import JSONCore
import LinuxKernel
import Testing

@testable import OCIRuntime

@Suite struct CgroupTranslationTests {
    static func resources(_ json: JSONValue) throws -> ResourceConfiguration {
        try ResourceConfiguration(SpecField(path: "linux.resources", value: json))
    }

    static let everything: JSONValue = [
        "memory": ["limit": 67_108_864, "swap": 134_217_728, "reservation": 33_554_432, "swappiness": 10, "kernel": 1024],
        "cpu": ["shares": 1024, "quota": 50000, "period": 100_000, "cpus": "0-1", "mems": "0"], "pids": ["limit": 32],
        "blockIO": [
            "weight": 500, "throttleReadBpsDevice": [["major": 8, "minor": 0, "rate": 1000]], "throttleWriteIOPSDevice": [["major": 8, "minor": 0, "rate": 0]],
        ],
        "hugepageLimits": [["pageSize": "2MB", "limit": 0]],
    ]

    @Test func `version 1 has its own files for each controller`() throws {
        let resources = try Self.resources(Self.everything)
        func lines(_ controller: String) -> [String] { resources.version1(controller).map { "\($0.name)=\($0.value)" } }
        #expect(
            lines("memory") == [
                "memory.limit_in_bytes=67108864", "memory.memsw.limit_in_bytes=134217728", "memory.soft_limit_in_bytes=33554432",
                "memory.kmem.limit_in_bytes=1024", "memory.swappiness=10",
            ])
        #expect(lines("cpu") == ["cpu.shares=1024", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000"])
        #expect(lines("cpuset") == ["cpuset.cpus=0-1", "cpuset.mems=0"])
        #expect(lines("pids") == ["pids.max=32"])
        #expect(
            lines("blkio") == [
                "blkio.weight=500", "blkio.bfq.weight=500", "blkio.throttle.read_bps_device=8:0 1000", "blkio.throttle.write_iops_device=8:0 0",
            ])
        #expect(lines("hugetlb") == ["hugetlb.2MB.limit_in_bytes=0", "hugetlb.2MB.rsvd.limit_in_bytes=0"])
    }

    @Test func `real-time processes get time of their own where the kernel divides it, unless it was said how much`() throws {
        var resources = try Self.resources([:])
        resources.needsRealtime = true
        #expect(resources.version1("cpu") == [CgroupFile(name: "cpu.rt_runtime_us", value: "50000", isOptional: true)])
        resources.realtimeRuntime = 9000
        #expect(resources.version1("cpu") == [CgroupFile(name: "cpu.rt_runtime_us", value: "9000")])
    }

    @Test func `version 2 counts swap by itself and weighs processors anew`() throws {
        let lines = try Self.resources(Self.everything).version2().map { "\($0.name)=\($0.value)" }
        #expect(
            lines == [
                "memory.swap.max=67108864", "memory.max=67108864", "memory.low=33554432", "cpu.weight=100", "cpu.max=50000 100000", "pids.max=32",
                "cpuset.cpus=0-1", "cpuset.mems=0", "io.bfq.weight=500", "io.weight=default 4950", "io.max=8:0 rbps=1000", "io.max=8:0 wiops=max",
                "hugetlb.2MB.max=0", "hugetlb.2MB.rsvd.max=0",
            ])
    }

    @Test func `without a bound is said in each version's words`() throws {
        let resources = try Self.resources(["memory": ["limit": -1, "swap": -1], "pids": ["limit": -1], "cpu": ["quota": -1]])
        #expect(resources.version1("pids")[0].value == "max" && resources.version1("memory")[0].value == "-1")
        #expect(try resources.version2().map(\.value) == ["max", "max", "max 100000", "max"])
    }

    @Test func `zero is not set`() throws {
        let resources = try Self.resources(["pids": ["limit": 0], "memory": ["limit": 0, "swap": 0, "reservation": 0]])
        #expect(try resources.version2().isEmpty)
        #expect(resources.version1("pids").isEmpty && resources.version1("memory").isEmpty)
    }

    @Test func `a rule for all types that has numbers or less than all access is written for each type`() throws {
        let rules: JSONValue = ["devices": [["allow": false, "access": "rwm"], ["allow": true, "major": 10, "minor": 200, "access": "rw"]]]
        #expect(
            try Self.resources(rules).version1("devices").map { "\($0.name)=\($0.value)" } == [
                "devices.deny=a *:* rwm", "devices.allow=b 10:200 rw", "devices.allow=c 10:200 rw",
            ])
    }

    @Test(
        arguments: [
            (["swap": 10], "needs memory.limit"), (["swap": 10, "limit": 20], "less than memory.limit"),
        ] as [(JSONValue, String)]) func `swap that version 2 cannot express is refused`(memory: JSONValue, words: String) throws
    {
        let resources = try Self.resources(["memory": memory])
        let error = #expect(throws: OCIError.self) { try resources.version2() }
        #expect(error?.message.contains(words) == true)
    }

    @Test func `what is said in version 2's own words comes last`() throws {
        let files = try Self.resources(["memory": ["limit": 5], "unified": ["memory.high": "4"]]).version2()
        #expect(files.map(\.name) == ["memory.max", "memory.high"])
    }

    @Test(
        arguments: [
            (nil, "/kdash-oci-c"), ("/a/b", "/a/b"), ("a/b", "/a/b"), ("//a//b/", "/a/b"), ("machine.slice:libpod:c", "/machine.slice/libpod-c.scope"),
            ("a-b.slice:x:c", "/a.slice/a-b.slice/x-c.scope"), (":x:c", "/system.slice/x-c.scope"), ("-.slice:x:c", "/x-c.scope"),
            ("s.slice::n.slice", "/s.slice/n.slice"),
        ] as [(String?, String)]) func `a cgroup's path is found in both spellings`(configured: String?, path: String) throws
    {
        #expect(try CgroupPath.resolve(configured, id: "c", parent: "/") == path)
    }

    @Test(arguments: ["/", "../x", "/a/../../b", "x:y:z", "a.slice:x:../y", "a--b.slice:x:y"]) func `a path that leaves the hierarchy is refused`(
        configured: String
    ) {
        #expect(throws: OCIError.self) { try CgroupPath.resolve(configured, id: "c", parent: "/") }
    }

    @Test func `each hierarchy has one directory, by its mount`() {
        let layout = CgroupLayout(
            mountInfo: """
                1 0 0:1 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
                2 0 0:2 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
                3 0 0:3 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
                """)
        let cgroup = ContainerCgroup(path: "/a", layout: layout)
        #expect(!cgroup.isVersion2)
        #expect(cgroup.hierarchies.map(\.directory) == ["/sys/fs/cgroup/cpu,cpuacct/a", "/sys/fs/cgroup/memory/a"])
        #expect(cgroup.hierarchies.map(\.options) == ["cpu,cpuacct", "memory"])
    }
}
