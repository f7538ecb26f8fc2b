import LinuxKernel
import Testing

@testable import ContainerRuntime

struct ResourceLimitsTests {
    // Reference table: mCPU, shares, weight, quota. Source: opencontainers/cgroups ConvertCPUSharesToCgroupV2Value, kubelet helpers_linux.go.
    @Test(
        arguments: [
            (0, 2, 1, nil), (1, 2, 1, 1000), (10, 10, 4, 1000), (100, 102, 17, 10000), (250, 256, 35, 25000), (500, 512, 59, 50000),
            (1000, 1024, 100, 100_000), (2000, 2048, 174, 200_000), (4000, 4096, 303, 400_000), (8000, 8192, 532, 800_000),
            (64000, 65536, 3023, 6_400_000), (256_000, 262_144, 10000, 25_600_000), (Int64.max, 262_144, 10000, Int64.max),
        ] as [(Int64, Int64, Int64, Int64?)])
    func `processor time becomes shares, weight and quota`(milli: Int64, shares: Int64, weight: Int64, quota: Int64?) {
        #expect(CPUValues.shares(MilliCPU(milli)) == shares)
        #expect(CPUValues.weight(shares: shares) == weight)
        #expect(CPUValues.quota(MilliCPU(milli)) == quota)
    }

    @Test func `each version gets its own files, and a limit stands in for a missing request`() {
        let limits = ResourceLimits(cpuLimit: MilliCPU(250), memoryLimit: .mebibytes(64), pids: 100)
        #expect(limits.version1(controllers: ["cpu"]).map { "\($0.0)=\($0.1)" } == ["cpu.shares=256", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=25000"])
        #expect(
            limits.version1(controllers: ["memory"]).map { "\($0.0)=\($0.1)" } == ["memory.limit_in_bytes=67108864", "memory.memsw.limit_in_bytes=67108864"])
        #expect(limits.version1(controllers: ["pids"]).map { "\($0.0)=\($0.1)" } == ["pids.max=100"])
        #expect(limits.version1(controllers: ["freezer"]).isEmpty)
        let huge = ResourceLimits(hugePages: [.gibibytes(1): .zero, .mebibytes(2): .mebibytes(4)])
        #expect(
            huge.version1(controllers: ["hugetlb"]).map { "\($0.0)=\($0.1)" } == [
                "hugetlb.2MB.limit_in_bytes=4194304", "hugetlb.1GB.limit_in_bytes=0", "hugetlb.2MB.rsvd.limit_in_bytes=4194304",
                "hugetlb.1GB.rsvd.limit_in_bytes=0",
            ])
        #expect(
            huge.version2(isContainer: false).map { "\($0.0)=\($0.1)" } == [
                "cpu.weight=1", "hugetlb.2MB.max=4194304", "hugetlb.1GB.max=0", "hugetlb.2MB.rsvd.max=4194304", "hugetlb.1GB.rsvd.max=0",
            ])
        #expect(
            limits.version2(isContainer: true).map { "\($0.0)=\($0.1)" } == [
                "cpu.weight=35", "cpu.max=25000 100000", "memory.max=67108864", "memory.swap.max=0", "pids.max=100", "memory.oom.group=1",
            ])
        #expect(ResourceLimits(pids: -1).version2(isContainer: false).map { "\($0.0)=\($0.1)" } == ["cpu.weight=1", "pids.max=max"])
    }

    @Test(arguments: [(0, 1000), (1 << 30, 875), (8 << 30, 3), (Int64.max, 3), (-5, 999)] as [(Int64, Int32)])
    func `burstable containers are killed the sooner the less they asked for`(request: Int64, score: Int32) {
        #expect(QualityOfService.burstable.oomScoreAdjust(memoryRequest: ByteCount(request), capacity: .gibibytes(8)) == min(score, 999))
        #expect(QualityOfService.guaranteed.oomScoreAdjust(memoryRequest: ByteCount(request), capacity: .gibibytes(8)) == -997)
        #expect(QualityOfService.bestEffort.oomScoreAdjust(memoryRequest: .zero, capacity: .zero) == 1000)
    }

    @Test func `hierarchies of both versions are found in what the kernel lists`() throws {
        let version1 = CgroupLayout(
            mountInfo: """
                31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
                32 23 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
                33 23 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
                """)
        let (first, found) = CgroupHierarchy.all(version1, own: "3:cpu,cpuacct:/x\n2:memory:/\n1:name=systemd:/\n0::/y\n", path: "/kdash-1/one")
        #expect(first == .v1)
        #expect(found.map(\.base) == ["/sys/fs/cgroup/cpu,cpuacct/kdash-1/one", "/sys/fs/cgroup/systemd/kdash-1/one"])
        #expect(found.map(\.options) == ["cpu,cpuacct", "name=systemd"])
        let version2 = CgroupLayout(mountInfo: "33 23 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n")
        let (second, only) = CgroupHierarchy.all(version2, own: "0::/user.slice\n", path: "/kdash-1/one")
        #expect(second == .v2 && only.map(\.base) == ["/sys/fs/cgroup/kdash-1/one"])
    }
}
