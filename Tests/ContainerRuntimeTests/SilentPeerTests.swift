import CLinux
import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

/// Either end of the supervisor's socket may stop to read or to answer; the other must go on.
@Suite(.serialized, .enabled(if: liveTestObstacle == nil, "\(liveTestObstacle ?? "")"), .timeLimit(.minutes(2)))
struct SilentPeerTests {
    @Test func `a supervisor that does not greet is given up`() async throws {
        let node = try Node()
        defer { node.clean() }
        let listener = try UnixSocket.listen("\(node.configuration.runDirectory)/supervisor.sock", kind: .sequencedPacket)
        var configuration = node.configuration
        configuration.patience = .milliseconds(200)
        let error = await #expect(throws: RuntimeError.self) { _ = try await NodeSupervisor.attachOrStart(configuration) }
        #expect(error?.code == .incompatible && error?.message.contains("does not answer") == true)
        _ = listener.raw
    }

    @Test func `one that greeted may be silent for longer`() async throws {
        let node = try Node()
        defer { node.clean() }
        var configuration = node.configuration
        configuration.patience = .milliseconds(1000)
        let supervisor = try await NodeSupervisor.attachOrStart(configuration)
        let returning = try await NodeSupervisor.attachOrStart(configuration)
        try await SystemTimeSource().sleep(for: .milliseconds(2200))
        #expect(try await supervisor.list().isEmpty)
        #expect(try await returning.list().isEmpty)
        returning.disconnect()
        await supervisor.shutdown()
    }

    @Test func `a supervisor that is stopped is killed by the shutdown`() async throws {
        let node = try Node()
        defer { node.clean() }
        var configuration = node.configuration
        configuration.patience = .seconds(3)
        let supervisor = try await NodeSupervisor.attachOrStart(configuration)
        try node.cgroups.prepare(capacity: ResourceLimits())
        _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
        let container = try await supervisor.start(try node.spec("c1", "sleep 1000"))
        #expect(await supervisor.hasEnded(within: .zero) == false)
        #expect(kill(supervisor.pid, SIGSTOP) == 0)
        await supervisor.shutdown()
        #expect(kill(supervisor.pid, 0) != 0 && kill(container.pid, 0) != 0)
        #expect(await supervisor.hasEnded(within: .zero))
    }

    @Test func `a supervisor that takes no requests is disconnected, and whoever asked hears of it`() async throws {
        let node = try Node()
        defer { node.clean() }
        let listener = try UnixSocket.listen("\(node.configuration.runDirectory)/supervisor.sock", kind: .sequencedPacket)
        let (lost, feed) = AsyncStream.makeStream(of: Void.self)
        let opened = try SupervisorConnection.open(
            directory: node.configuration.runDirectory, sendLimit: .milliseconds(100), onEvent: { _ in }, onLost: { feed.finish() })
        let connection = try #require(opened)
        connection.start()
        var sent = 0
        let error = #expect(throws: RuntimeError.self) {
            while sent < 100_000 {
                try connection.post(KD_OP_HELLO)
                sent += 1
            }
        }
        #expect(sent > 0 && error?.code == .supervisorLost && error?.message.contains("took no request") == true)
        #expect(error?.cause?.errno == EAGAIN)
        for await _ in lost {}
        let next = #expect(throws: RuntimeError.self) { try connection.post(KD_OP_HELLO) }
        #expect(next?.message == RuntimeError.lost.message)
        _ = listener.raw
    }

    /// Mounts a file system whose server never answers at a directory of the node.
    private func mountUnanswered(_ path: String, in node: Int32) async throws -> FileDescriptor {
        let server = try FileDescriptor.open("/dev/fuse", O_RDWR)
        let options = "fd=\(server.raw),rootmode=40000,user_id=0,group_id=0,allow_other"
        try await KernelThread.run("test-mount") { () throws(SystemError) in
            let namespace = try FileDescriptor.open("/proc/\(node)/ns/mnt", O_RDONLY)
            let raw = namespace.raw
            try SystemError.check("unshare", "CLONE_FS") { kd_unshare(0x200) }
            try SystemError.check("setns", "CLONE_NEWNS") { kd_setns(raw, CInt(KD_CLONE_NEWNS)) }
            try SystemError.check("mount", "fuse, \(path)") { mount("kdash-test", path, "fuse", UInt(MS_NOSUID | MS_NODEV), options) }
        }
        return server
    }

    @Test(.enabled(if: access("/dev/fuse", R_OK | W_OK) == 0, "needs /dev/fuse"))
    func `a container whose volume does not answer is given up and killed, and its sandbox can go`() async throws {
        let node = try Node()
        defer { node.clean() }
        try FileSystem.makeDirectories("\(node.directory)/pods/hung")
        var configuration = node.configuration
        configuration.launchLimit = .milliseconds(500)
        let supervisor = try await NodeSupervisor.attachOrStart(configuration)
        try node.cgroups.prepare(capacity: ResourceLimits())
        let server = try await mountUnanswered("/pods/hung", in: supervisor.pid)
        _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
        let spec = try node.spec("c1", "true", mounts: [Mount(source: "/pods/hung", subPath: "inner", target: "/data")])
        let error = await #expect(throws: RuntimeError.self) { _ = try await supervisor.start(spec) }
        #expect(error?.code == .setupFailed && error?.message.hasPrefix("c1: not running after") == true, "\(error?.description ?? "")")
        #expect(try await supervisor.list().isEmpty)
        try await supervisor.removeSandbox("pod")
        await supervisor.shutdown()
        _ = server.raw
    }

    /// Numbers of the processes that the supervisor has made and not yet reaped.
    private func children(of supervisor: Int32) throws -> [Substring] {
        try FileSystem.readText("/proc/\(supervisor)/task/\(supervisor)/children").split(separator: " ")
    }

    @Test(.enabled(if: access("/dev/fuse", R_OK | W_OK) == 0, "needs /dev/fuse"), arguments: [nil, HostIDRange(first: UserNamespaceTests.first)])
    func `a start that outlives its daemon ends, and keeps neither its id nor its sandbox`(users: HostIDRange?) async throws {
        let node = try Node()
        defer { node.clean() }
        try FileSystem.makeDirectories("\(node.directory)/pods/hung")
        let first = try await NodeSupervisor.attachOrStart(node.configuration)
        try node.cgroups.prepare(capacity: ResourceLimits())
        let server = try await mountUnanswered("/pods/hung", in: first.pid)
        let sandbox = SandboxSpec(id: "pod", hostname: "p", users: users)
        _ = try await first.createSandbox(sandbox).release()
        _ = try await first.createSandbox(SandboxSpec(id: "other", hostname: "o", users: users)).release()
        let other = try await first.start(try node.spec("c2", "sleep 1000", sandbox: "other"))
        let calm = [Substring("\(other.pid)")]
        try await eventually { try children(of: first.pid) == calm }
        let limits = ResourceLimits(cpuLimit: .cores(1))
        let hung = try node.spec("c1", "true", limits: limits, mounts: [Mount(source: "/pods/hung", subPath: "inner", target: "/data")])
        let start = Task { try await first.start(hung) }
        try await eventually { try children(of: first.pid).count > calm.count }
        try await SystemTimeSource().sleep(for: .milliseconds(300))
        first.disconnect()
        await #expect(throws: RuntimeError.self) { _ = try await start.value }

        let second = try await NodeSupervisor.attachOrStart(node.configuration)
        #expect(!second.isFresh)
        try await second.removeSandbox("pod")
        _ = try await second.createSandbox(sandbox).release()
        try await eventually { try children(of: first.pid) == calm }
        #expect(try await second.list().map(\.id) == ["c2"])
        // The first end that is told of is that of the id's new owner.
        try FileSystem.removeTree("\(node.directory)/pods/c1")
        #expect(try await second.run(try node.spec("c1", "exit 4", limits: limits)).code == 4)
        #expect(kill(other.pid, 0) == 0)
        await second.shutdown()
        _ = server.raw
    }

    /// Greets, then takes requests and answers none; what they were, until the other end goes.
    private func silentSupervisor(_ node: Node) throws -> AsyncStream<UInt32> {
        let listener = try UnixSocket.listen("\(node.configuration.runDirectory)/supervisor.sock", kind: .sequencedPacket).release()
        let (requests, feed) = AsyncStream.makeStream(of: UInt32.self)
        KernelThread.start("test-supervisor") {
            do throws(SystemError) {
                let client = try UnixSocket.accept(FileDescriptor(listener))
                while true {
                    let message = try UnixSocket.receive(from: client.raw)
                    for descriptor in message.descriptors { close(descriptor) }
                    guard message.bytes.count >= MemoryLayout<kd_header>.size else { break }
                    var header = message.bytes.withUnsafeBytes { $0.loadUnaligned(as: kd_header.self) }
                    guard header.operation == UInt16(KD_OP_HELLO.rawValue) else {
                        feed.yield(UInt32(header.operation))
                        continue
                    }
                    header.size = UInt32(MemoryLayout<kd_header>.size)
                    let own = try ChildProcess.pidfd(of: getpid())
                    try UnixSocket.send(withUnsafeBytes(of: header) { Array($0) }, descriptors: [own.raw], to: client.raw)
                }
            } catch {}  // The other end went.
            feed.finish()
        }
        return requests
    }

    @Test func `a launch ends at its limit even where nothing can be killed`() async throws {
        let node = try Node(isRootless: true)  // without cgroups
        defer { node.clean() }
        let requests = try silentSupervisor(node)
        var configuration = node.configuration
        configuration.launchLimit = .milliseconds(100)
        configuration.patience = .seconds(2)
        let supervisor = try await NodeSupervisor.attachOrStart(configuration)
        let spec = try node.spec("c1", "true")
        let error = await #expect(throws: RuntimeError.self) { _ = try await supervisor.start(spec) }
        #expect(error?.code == .setupFailed && error?.message.hasPrefix("c1: not running after") == true, "\(error?.description ?? "")")
        let exec = await #expect(throws: RuntimeError.self) {
            _ = try await supervisor.exec(ExecSpec(containerID: "c1", process: shell("true"), cgroup: spec.cgroup))
        }
        #expect(exec?.code == .setupFailed && exec?.message.hasPrefix("exec-") == true)
        supervisor.disconnect()
        var asked: [UInt32] = []
        for await request in requests { asked.append(request) }
        #expect(asked == [KD_OP_START, KD_OP_KILL, KD_OP_EXEC, KD_OP_KILL].map(\.rawValue))
    }

    @Test func `the ends of hundreds of containers reach a daemon that reads late`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let count = 450
            let name = String(repeating: "x", count: 55)
            for number in 0..<count { _ = try await supervisor.run(try node.spec("\(name)\(number)", "true") { $0.log = nil }) }
            let socket = try UnixSocket.connect("\(node.configuration.runDirectory)/supervisor.sock", kind: .sequencedPacket)
            let greeting = withUnsafeBytes(of: (UInt32(0x6e73_646b), UInt16(2), UInt16(1), UInt64(5), Int32(0), UInt32(24))) { Array($0) }
            try UnixSocket.send(greeting, to: socket.raw)
            #expect(try await supervisor.list().count == count)  // answered after the greeting
            var ends = 0
            let answer = try UnixSocket.receive(from: socket.raw)
            for descriptor in answer.descriptors { close(descriptor) }
            while ends < count {
                let message = try UnixSocket.receive(from: socket.raw)
                try #require(!message.bytes.isEmpty, "cut off after \(ends)")
                ends += 1
            }
        }
    }
}
