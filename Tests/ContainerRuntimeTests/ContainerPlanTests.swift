import CLinux
import LinuxKernel
import Testing

@testable import ContainerRuntime

struct ContainerPlanTests {
    static func spec(_ change: (inout ContainerSpec) -> Void = { _ in }) -> ContainerSpec {
        var spec = ContainerSpec(
            id: "c1", sandboxID: "pod", layers: ["/l2", "/l1"], upperDirectory: "/u", workDirectory: "/w",
            process: ProcessSpec(arguments: ["/bin/app", "x"], environment: ["A=1"]), cgroup: CgroupPlacement(path: "kubepods/podx/c1"))
        change(&spec)
        return spec
    }

    static func texts(_ bytes: [UInt8], _ tag: kd_tag) -> [String] {
        PlanReader(bytes[...]).filter { $0.isTag(tag) }.compactMap(\.text)
    }

    @Test func `a plan carries layers, command and protections in order`() throws {
        let bytes = try ContainerPlan.bytes(for: Self.spec())
        #expect(Self.texts(bytes, KD_LAYER) == ["/l2", "/l1"])
        #expect(Self.texts(bytes, KD_ARGUMENT) == ["/bin/app", "x"])
        #expect(Self.texts(bytes, KD_MASK).contains("/proc/kcore") && Self.texts(bytes, KD_READ_ONLY).contains("/proc/sys"))
        let privileged = try ContainerPlan.bytes(for: Self.spec { $0.isPrivileged = true })
        #expect(Self.texts(privileged, KD_MASK).isEmpty && Self.texts(privileged, KD_READ_ONLY).contains("/proc/sysrq-trigger"))
    }

    @Test func `mounts come parents first and normalised`() throws {
        let bytes = try ContainerPlan.bytes(
            for: Self.spec {
                $0.mounts = [Mount(source: "/a", target: "/x/y/z"), Mount(source: "/b/../c", target: "/x//./")]
            })
        let targets = PlanReader(bytes[...]).filter { $0.isTag(KD_MOUNT) }.map { Self.texts(Array($0.bytes), KD_TARGET).first }
        #expect(targets == ["/x", "/x/y/z"])
    }

    @Test func `what tells of the processors' heat is hidden where it is`() throws {
        let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        for name in ["cpu0/thermal_throttle", "cpu11/thermal_throttle", "cpu2", "cpufreq/thermal_throttle"] {
            try FileSystem.makeDirectories("\(folder)/\(name)")
        }
        defer { try? FileSystem.removeTree(folder) }  // best effort: it is under /tmp
        #expect(ContainerPlan.thermalPaths(below: folder) == ["\(folder)/cpu0/thermal_throttle", "\(folder)/cpu11/thermal_throttle"])
        #expect(ContainerPlan.thermalPaths(below: "\(folder)/none").isEmpty)
    }

    @Test(
        arguments: [
            { $0.id = "" }, { $0.id = "../x" }, { $0.id = ".x" }, { $0.id = String(repeating: "a", count: 64) }, { $0.sandboxID = "a/b" },
            { $0.layers = [] }, { $0.process.arguments = [] }, { $0.process.arguments = ["a\0b"] }, { $0.process.workingDirectory = "relative" },
            { $0.mounts = [Mount(source: "/a", target: "/")] }, { $0.mounts = [Mount(source: "/a", target: "/proc/../proc/sys")] },
            { $0.mounts = [Mount(source: "a", target: "/x")] }, { $0.mounts = [Mount(source: "/a", target: "/dev/")] },
        ] as [@Sendable (inout ContainerSpec) -> Void])
    func `what cannot be carried out is refused before anything starts`(change: @Sendable (inout ContainerSpec) -> Void) {
        let error = #expect(throws: RuntimeError.self) { try ContainerPlan.bytes(for: Self.spec(change)) }
        #expect(error?.code == .invalid)
    }

    @Test func `malformed fields end the reading and never trap`() throws {
        let bytes = try ContainerPlan.bytes(for: Self.spec())
        for length in 0..<bytes.count { for field in PlanReader(bytes[..<length]) { _ = (field.text, field.number) } }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var broken = bytes
            broken[Int.random(in: 0..<broken.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            for field in PlanReader(broken[...]) { _ = (field.text, field.number, WireContainer(field).exit) }
        }
    }

    @Test func `capabilities follow add and drop`() throws {
        let base = Capabilities.containerDefault
        #expect(base.rawValue == 0xa804_25fb)
        #expect(
            try base.applying(add: ["NET_ADMIN"], drop: ["CAP_KILL"]) == base.union(Capabilities(name: "NET_ADMIN")!).subtracting(Capabilities(name: "kill")!))
        #expect(try base.applying(add: ["CHOWN"], drop: ["ALL"]) == Capabilities(name: "CHOWN"))
        #expect(try base.applying(add: ["all"], drop: ["SYS_ADMIN"]) == Capabilities.all.subtracting(Capabilities(name: "SYS_ADMIN")!))
        #expect(throws: RuntimeError.self) { try base.applying(add: ["FLY"], drop: []) }
    }

    @Test func `a journal cut short gives what came before`() {
        func record(_ kind: kd_journal_kind, _ id: String, status: Int32 = 0, time: Int64) -> [UInt8] {
            var record = kd_journal_record()
            record.magic = UInt32(KD_JOURNAL_MAGIC)
            record.kind = kind.rawValue
            withUnsafeMutableBytes(of: &record.id) { $0.copyBytes(from: id.utf8) }
            record.status = status
            record.time = time
            record.checksum = kd_journal_checksum(&record)
            return withUnsafeBytes(of: record) { Array($0) }
        }
        let bytes =
            record(KD_JOURNAL_STARTED, "a", time: 1) + record(KD_JOURNAL_STARTED, "b", time: 2) + record(KD_JOURNAL_STARTED, "c", time: 3)
            + record(KD_JOURNAL_EXITED, "a", status: 7 << 8, time: 4_500_000_000) + record(KD_JOURNAL_REMOVED, "c", time: 5)
        let found = ExitJournal.read(bytes)
        #expect(found.map(\.id) == ["a", "b"] && found[0].exit?.code == 7 && found[1].exit == nil)
        #expect(found[0].exit?.finishedAt == Timestamp(seconds: 4, nanoseconds: 500_000_000))
        #expect(ExitJournal.read(Array(bytes.dropLast(bytes.count - bytes.count / 5 * 3 - 10))).map(\.id) == ["a", "b", "c"])
        var broken = bytes
        broken[bytes.count / 5 + 20] ^= 1
        #expect(ExitJournal.read(broken).map(\.id) == ["a"])
    }

    @Test func `the largest sub-id range of the user is taken`() {
        let text = "root:1:2\nann:100000:65536\nann:300000:10\n1000:500000:70000\nbroken\nann:x:9\n"
        #expect(UserNamespaceMap.parse(text, name: "ann", id: 1000) == .init(start: 500_000, count: 70_000))
        #expect(UserNamespaceMap.parse(text, name: "bob", id: 7) == nil)
    }
}
