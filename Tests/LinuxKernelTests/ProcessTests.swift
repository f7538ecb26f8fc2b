import Glibc
import Testing

@testable import LinuxKernel

@Suite struct ProcessTests {
    @Test func `a child gets its streams and its exit code is read`() async throws {
        let file = try FileDescriptor.memory(named: "out")
        let child = try ChildProcess.start(
            "/bin/sh", arguments: ["sh", "-c", "printf %s \"$KEY\"; ls /proc/self/fd | wc -l >&2; exit 7"],
            environment: ["KEY=value"], standardStreams: (nil, file.raw, file.raw))
        #expect(try await child.waitUntilExit() == .code(7))
        lseek(file.raw, 0, SEEK_SET)
        #expect(String(decoding: try file.read(maximum: 100), as: UTF8.self) == "value4\n")
    }

    @Test func `a missing program is named`() throws {
        let error = #expect(throws: SystemError.self) { try ChildProcess.start("/no/such", arguments: ["x"]) }
        #expect(error?.description == "posix_spawn(/no/such): ENOENT No such file or directory")
    }

    @Test func `a pidfd signals its own process and becomes readable`() throws {
        let child = try ChildProcess.start("/bin/sleep", arguments: ["sleep", "100"])
        let descriptor = try child.pidfd()
        #expect(try pollReadable([descriptor.raw], timeout: .zero) == [false])
        try ChildProcess.signal(SIGTERM, to: descriptor)
        #expect(try pollReadable([descriptor.raw], timeout: .seconds(10)) == [true])
        #expect(try child.wait() == .signal(SIGTERM))
    }

    @Test func `a message keeps its boundary and carries descriptors`() throws {
        let (left, right) = try UnixSocket.pair(.sequencedPacket)
        let a = FileDescriptor(left)
        let b = FileDescriptor(right)
        let file = try FileDescriptor.memory(named: "passed")
        try file.writeAll(Array("hello".utf8))
        try UnixSocket.send([1, 2, 3], descriptors: [file.raw], to: a.raw)
        let message = try UnixSocket.receive(from: b.raw)
        #expect(message.bytes == [1, 2, 3])
        let passed = FileDescriptor(try #require(message.descriptors.first))
        lseek(passed.raw, 0, SEEK_SET)
        #expect(try passed.read(maximum: 10) == Array("hello".utf8))
        try UnixSocket.send([UInt8](repeating: 0, count: 100), to: a.raw)
        let error = #expect(throws: SystemError.self) { try UnixSocket.receive(maximum: 50, from: b.raw) }
        #expect(error?.errno == EMSGSIZE)
        #expect(try UnixSocket.peer(of: b).pid == getpid())
    }

    @Test func `an event descriptor counts`() throws {
        let event = try EventFD()
        event.signal()
        event.signal()
        #expect(try pollReadable([event.raw], timeout: .zero) == [true])
        #expect(event.drain() == 2)
        #expect(try pollReadable([event.raw], timeout: .zero) == [false])
    }

    @Test func `random names have the shape asked for`() {
        let uuid = SecureRandom.uuidV4()
        #expect(uuid.count == 36 && Array(uuid)[14] == "4")
        #expect(SecureRandom.uuidV4() != uuid)
        #expect(SecureRandom.lowercaseSuffix(200).allSatisfy { "bcdfghjklmnpqrstvwxz2456789".contains($0) })
        #expect(SecureRandom.hex(8).count == 8)
    }

    @Test func `the two cgroup versions are told apart`() {
        let v1 = "30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct"
        let v2 = "31 25 0:27 / /sys/fs/cgroup/unified rw shared:1 - cgroup2 cgroup2 rw"
        #expect(CgroupLayout(mountInfo: v1).mode == .v1)
        #expect(CgroupLayout(mountInfo: v1).controllers["cpuacct"] == "/sys/fs/cgroup/cpu,cpuacct")
        #expect(CgroupLayout(mountInfo: v2).mode == .v2)
        #expect(CgroupLayout(mountInfo: "\(v1)\n\(v2)").mode == .hybrid)
    }

    @Test func `units speak for people`() {
        #expect("\(ByteCount(1536))" == "1.5 KiB" && "\(ByteCount(512))" == "512 B" && "\(ByteCount.mebibytes(64))" == "64 MiB")
        #expect("\(MilliCPU(250))" == "250m" && "\(MilliCPU.cores(2))" == "2")
        #expect(ByteCount(.max) + ByteCount(1) == ByteCount(.max))
    }
}
