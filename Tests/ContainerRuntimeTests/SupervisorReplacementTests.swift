import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

@Suite(.serialized, .enabled(if: StaticSupervisor.obstacle == nil, "\(StaticSupervisor.obstacle ?? "")"), .timeLimit(.minutes(3)))
struct SupervisorReplacementTests {
    /// Prints without a pause on both streams until it is told to end.
    private static let chatter = """
        go=1; trap go= TERM; i=0
        while [ "$go" ]; do i=$((i+1)); echo line $i; echo line $i >&2; done
        exit 7
        """

    @Test func `a node goes on as another program twice, with every process, line and exit`() async throws {
        let node = try Node()
        defer { node.clean() }
        // The first speaks the previous protocol, so both directions between neighbouring versions are taken here.
        let folder = "\(node.directory)-programs"
        try FileSystem.makeDirectories(folder)
        defer { try? FileSystem.removeTree(folder) }
        let programs = [try StaticSupervisor.build("\(folder)/old", protocolVersion: 1), try StaticSupervisor.build("\(folder)/new")]
        var configuration = node.configuration
        configuration.executable = programs[0]
        let first = try await NodeSupervisor.attachOrStart(configuration)
        try node.cgroups.prepare(capacity: ResourceLimits())
        _ = try await first.createSandbox(SandboxSpec(id: "pod", hostname: "p", sharesProcessNamespace: true)).release()
        func size(_ id: String) throws -> Int { Int(try FileSystem.status("\(node.directory)/logs/\(id).log")?.st_size ?? 0) }
        let chatter = try await first.start(
            try node.spec("chatter", Self.chatter) { $0.log = LogSpec(path: "/var/log/pods/chatter.log", maximumSize: .gibibytes(1), maximumFiles: 2) })
        let partial = try node.spec("partial", "printf 'begun, '; read x; echo \"ended by $x\"") { $0.hasOpenInput = true }
        _ = try await first.start(partial)
        _ = try await first.start(try node.spec("terminal", "stty -echo; echo ready; read x; echo \"typed $x\"; sleep 1000") { $0.process.hasTerminal = true })
        try await eventually { try size("chatter") > 50_000 && node.log("terminal").count == 1 }
        func descriptors() throws -> Int { try FileSystem.names(in: "/proc/\(first.pid)/fd").count }
        var held: Int?
        first.disconnect()

        var second: NodeSupervisor? = nil
        for program in [programs[1], programs[0], programs[1]] {
            second?.disconnect()
            configuration.executable = program
            let supervisor = try await NodeSupervisor.attachOrStart(configuration)
            second = supervisor
            #expect(!supervisor.isFresh && !supervisor.isCurrent)
            var process = partial.process
            process.arguments = ["/bin/sh", "-c", "read x; echo $x; exit 5"]
            let exec = try await supervisor.exec(ExecSpec(containerID: "partial", process: process, cgroup: partial.cgroup, hasInput: true))
            let before = try size("chatter")
            try await supervisor.replace()
            #expect(supervisor.isCurrent)
            #expect(try FileSystem.readText("/proc/\(supervisor.pid)/cmdline").hasPrefix("kdash-node\0resume\0"))
            #expect(supervisor.pid == first.pid && supervisor.bootID == first.bootID)
            try await eventually { try size("chatter") > before + 50_000 }
            // An exec from before it ends as if nothing had happened.
            let input = try present(exec.takeInput())
            try input.writeAll(Array("through\n".utf8))
            let output = try present(exec.takeOutput())
            #expect(try FileSystem.readAll(output, limit: 100, named: "output") == Array("through\n".utf8))
            #expect(await exec.wait().code == 5)
            // No descriptor is lost or left. (The start itself leaves some of the node's own root open; the first replacement ends them.)
            try await eventually { try held == nil || descriptors() == held }
            _ = try await supervisor.list()  // answered after what is ending has ended
            held = try descriptors()
        }
        let last = try #require(second)
        #expect(try await last.list().first { $0.id == "chatter" }?.state == .running(pid: chatter.pid))
        #expect(try await last.sandboxes() == ["pod"])
        try await last.attach("partial").writeAll(Array("input\n".utf8))
        #expect(try await last.end(of: "partial").code == 0)
        let written = try node.log("partial")
        // Its beginning was kept when it had waited for its end.
        #expect(written.map { String($0.dropFirst(9)) }.joined() == "begun, ended by input" && written.last?.hasPrefix("stdout F ") == true)
        try await last.attach("terminal").writeAll(Array("this\n".utf8))
        try await eventually { try node.log("terminal").joined().contains("stdout F typed this") }
        #expect(try await last.run(try node.spec("later", "hostname")).code == 0)
        #expect(try node.output("later") == "p")

        try await last.signal("chatter", SIGTERM)
        let record = try await last.end(of: "chatter")
        #expect(record.code == 7 && record.signal == nil)
        let log = try node.log("chatter")
        for stream in ["stdout", "stderr"] {
            let lines = log.filter { $0.hasPrefix(stream) }
            #expect(lines == (1...lines.count).map { "\(stream) F line \($0)" }, "every line once, in order, whole")
        }
        print("measured: \(log.count) lines over three replacements")

        // The journal is the same one, too.
        #expect(kill(last.pid, SIGKILL) == 0)
        for await event in last.events where event == .lost { break }
        let fresh = try await NodeSupervisor.attachOrStart(configuration)
        #expect(fresh.isFresh && fresh.interrupted.map(\.id) == ["chatter", "partial", "terminal", "later"])
        #expect(fresh.interrupted.map { $0.exit?.code } == [7, 0, nil, 0])
        await fresh.shutdown()
    }

    @Test func `users of a pod's own go on with the node, and no program takes them that would forget them`() async throws {
        let node = try Node()
        defer { node.clean() }
        var configuration = node.configuration
        configuration.executable = try StaticSupervisor.build("\(node.directory)/first")
        let first = try await NodeSupervisor.attachOrStart(configuration)
        try node.cgroups.prepare(capacity: ResourceLimits())
        let users = HostIDRange(first: 65536 * 60000)
        _ = try await first.createSandbox(SandboxSpec(id: "pod", hostname: "p", users: users)).release()
        let spec = try node.spec("before", "sleep 1000")
        let container = try await first.start(spec)
        first.disconnect()

        configuration.executable = try StaticSupervisor.build("\(node.directory)/old", ["-DKD_STATE_NEWEST=1"])
        let refused = try await NodeSupervisor.attachOrStart(configuration)
        await #expect(throws: RuntimeError.self) { try await refused.replace() }
        #expect(try await refused.list().map(\.state) == [.running(pid: container.pid)])
        refused.disconnect()

        configuration.executable = try StaticSupervisor.build("\(node.directory)/second")
        let second = try await NodeSupervisor.attachOrStart(configuration)
        try await second.replace()
        var process = spec.process
        process.arguments = ["/bin/sh", "-c", "read a b c < /proc/self/uid_map; echo $b"]
        let exec = try await second.exec(ExecSpec(containerID: "before", process: process, cgroup: spec.cgroup))
        #expect(try readAll(exec.takeOutput()) == "\(users.first)\n")
        _ = await exec.wait()
        #expect(try await second.run(try node.spec("after", "read a b c < /proc/self/uid_map; echo $b")).code == 0)
        #expect(try node.output("after") == "\(users.first)")
        try await second.kill("before")
        _ = try await second.end(of: "before")
        // Without such sandboxes any program will do.
        try await second.removeSandbox("pod")
        second.disconnect()
        configuration.executable = "\(node.directory)/old"
        let third = try await NodeSupervisor.attachOrStart(configuration)
        try await third.replace()
        #expect(third.isCurrent)
        await third.shutdown()
    }

    @Test(arguments: ["a text", "a program that is no supervisor", "half a program", "a program that never answers", "nothing"])
    func `what cannot go on is refused and the node stays as it is`(_ kind: String) async throws {
        let node = try Node()
        defer { node.clean() }
        var configuration = node.configuration
        configuration.executable = try StaticSupervisor.build("\(node.directory)/good")
        let started = try await NodeSupervisor.attachOrStart(configuration)
        try node.cgroups.prepare(capacity: ResourceLimits())
        _ = try await started.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
        let container = try await started.start(try node.spec("c1", "echo before; read x; echo $x; exit 3") { $0.hasOpenInput = true })
        try await eventually { try node.log("c1").count == 1 }
        started.disconnect()

        let bad = "\(node.directory)/bad"
        let good = try FileSystem.readFile(configuration.executable)
        switch kind {
        case "a text": try FileSystem.writeAtomically(bad, Array("not a program\n".utf8), mode: 0o755)
        case "a program that is no supervisor": try FileSystem.writeAtomically(bad, try FileSystem.readFile("/bin/busybox"), mode: 0o755)
        case "half a program": try FileSystem.writeAtomically(bad, Array(good.prefix(good.count / 2)), mode: 0o755)
        case "a program that never answers": try StaticSupervisor.compile("#include <unistd.h>\nint main(void) { for (;;) pause(); }\n", to: bad)
        default: break
        }
        configuration.executable = bad
        let supervisor = try await NodeSupervisor.attachOrStart(configuration)
        let error = await #expect(throws: RuntimeError.self) { try await supervisor.replace() }
        #expect(error?.code == (kind == "nothing" ? .system : .incompatible))
        #expect(error?.message.contains(bad) == true || error?.description.contains(bad) == true)
        #expect(supervisor.pid == started.pid && !supervisor.isCurrent)
        #expect(try await supervisor.list().map(\.state) == [.running(pid: container.pid)])
        #expect(try FileSystem.readText("/proc/\(supervisor.pid)/status").contains("\nThreads:\t1\n"))
        try await supervisor.attach("c1").writeAll(Array("after\n".utf8))
        #expect(try await supervisor.end(of: "c1").code == 3)
        #expect(try node.output("c1") == "before\nafter")
        await supervisor.shutdown()
    }

    /// A state in the bytes of `Sources/CLinux/supervisor_state.c`.
    struct State: Sendable {
        var name: String
        var isAccepted = false
        var magic: UInt32 = 0x7473_646b
        var version: UInt32 = 1
        var claimedSize: UInt64?
        var fields = State.node
        var tail: [UInt8] = []

        /// The least a node has: its descriptors (4 is open, 9 is not), its names.
        static let node: [(UInt32, [UInt8])] =
            [(100, [])] + [101, 102, 103, 104, 105, 106, 107, 109].map { ($0, number(4)) } + [(113, zeros(40)), (114, zeros(64))]

        static func number(_ value: Int32) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
        static func sandbox(users: Int32) -> [(UInt32, [UInt8])] {
            [(200, []), (201, text("pod", 64)), (208, number(users)), (209, number(65536))]
        }
        static func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }
        static func text(_ text: String, _ size: Int) -> [UInt8] { Array(text.utf8) + zeros(size - text.utf8.count) }
        static func entry(id: [UInt8] = text("c1", 64), state: Int32 = 2) -> [(UInt32, [UInt8])] {
            [(300, []), (301, number(0)), (302, number(state)), (303, id), (306, number(7))]
        }

        var bytes: [UInt8] {
            var body: [UInt8] = []
            for (tag, payload) in fields {
                body += withUnsafeBytes(of: (tag, UInt32(payload.count))) { Array($0) } + payload + State.zeros((8 - payload.count % 8) % 8)
            }
            body += tail
            let head = withUnsafeBytes(of: (magic, version, claimedSize ?? UInt64(16 + body.count))) { Array($0) }
            return head + body
        }
    }

    static let states = [
        State(name: "the least there is", isAccepted: true),
        State(name: "with a container", isAccepted: true, fields: State.node + State.entry()),
        State(name: "with parts of a later program", isAccepted: true, fields: State.node + [(199, [1, 2, 3])] + State.entry() + [(399, [1])]),
        State(name: "another magic", magic: 1),
        State(name: "with users of a sandbox's own", isAccepted: true, version: 2, fields: State.node + State.sandbox(users: 4)),
        State(name: "a later version", version: 3),
        State(name: "no version", version: 0),
        State(name: "a size that is too large", claimedSize: 1 << 40),
        State(name: "a size that is too small", claimedSize: 16),
        State(name: "nothing in it", fields: []),
        State(name: "half a field", tail: [1, 0, 0, 0, 255, 0, 0, 0]),
        State(name: "a field that is half a header", tail: [1, 0, 0]),
        State(name: "a part of another size", fields: State.node + [(112, State.zeros(8))]),
        State(name: "a descriptor that is closed", fields: State.node + [(103, State.number(9))]),
        State(name: "a descriptor below zero", fields: State.node + [(103, State.number(-7))]),
        State(name: "a boot id without an end", fields: State.node + [(113, Array(repeating: 65, count: 40))]),
        State(name: "an id without an end", fields: State.node + State.entry(id: Array(repeating: 65, count: 64))),
        State(name: "an id with a slash", fields: State.node + State.entry(id: State.text("../c1", 64))),
        State(name: "an impossible state", fields: State.node + State.entry(state: 9)),
        State(name: "a line longer than any", fields: State.node + State.entry() + [(350, State.zeros(20_000))]),
        State(name: "users that are closed", version: 2, fields: State.node + State.sandbox(users: 9)),
        State(name: "a sandbox without a name", fields: State.node + [(200, [])]),
        State(name: "too many hierarchies", fields: State.node + [(119, State.number(17))]),
    ]

    @Test func `only a state that makes sense is taken over`() async throws {
        let directory = "/tmp/kdrt-check-\(SecureRandom.hex(4))"
        try FileSystem.makeDirectories(directory)
        defer { try? FileSystem.removeTree(directory) }
        let program = try StaticSupervisor.build("\(directory)/program")
        for state in Self.states {
            let file = try FileDescriptor.memory(named: "state")
            try file.writeAll(state.bytes)
            let null = try FileDescriptor.open("/dev/null", O_RDWR)
            let child = try ChildProcess.start(program, arguments: ["kdash-node", "check", "3"], inherited: [file.raw, null.raw])
            let exit = try await child.waitUntilExit()
            #expect((exit == .code(113)) == state.isAccepted, "\(state.name): ended with \(exit)")
            if case .signal(let signal) = exit { Issue.record("\(state.name): died of signal \(signal)") }
        }
    }

    @Test(arguments: [(0, false), (1, true), (2, true), (3, false), (65535, false)])
    func `the current and the previous protocol are understood`(_ version: UInt16, _ isUnderstood: Bool) async throws {
        let node = try Node()
        defer { node.clean() }
        let supervisor = try await NodeSupervisor.attachOrStart(node.configuration)
        let socket = try UnixSocket.connect("\(node.configuration.runDirectory)/supervisor.sock", kind: .sequencedPacket)
        let head = withUnsafeBytes(of: (UInt32(0x6e73_646b), version, UInt16(1), UInt64(5), Int32(0), UInt32(24))) { Array($0) }
        try UnixSocket.send(head, to: socket.raw)
        let answer = try UnixSocket.receive(from: socket.raw)
        for descriptor in answer.descriptors { close(descriptor) }
        #expect(answer.bytes.isEmpty != isUnderstood)
        #expect(try await supervisor.list().isEmpty, "others are served in any case")
        await supervisor.shutdown()
    }
}
