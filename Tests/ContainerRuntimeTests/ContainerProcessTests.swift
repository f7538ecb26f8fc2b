import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

@Suite(.serialized, .enabled(if: liveTestObstacle == nil, "\(liveTestObstacle ?? "")"), .timeLimit(.minutes(2)))
struct ContainerProcessTests {
    @Test(arguments: [("missing", ENOENT), ("/etc/passwd", EACCES), ("/text", ENOEXEC)])
    func `a program that cannot be executed is a start error that names it`(program: String, number: Int32) async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            try FileSystem.writeAtomically("\(node.directory)/images/busybox/text", Array("no program".utf8), mode: 0o755)
            let error = await #expect(throws: RuntimeError.self) {
                _ = try await supervisor.start(try node.spec("c1", "") { $0.process.arguments = [program] })
            }
            #expect(error?.code == .startError)
            #expect(error?.cause?.errno == number)
            #expect(error?.message.contains(program) == true)
            #expect(try await supervisor.list().isEmpty)
            // The id is free again.
            #expect(try await supervisor.run(try node.spec("c1x", "exit 3")).code == 3)
        }
    }

    @Test func `signals reach the program, and kill ends everything in the container`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            _ = try await supervisor.start(try node.spec("c1", "trap 'echo term; exit 5' TERM; echo ready; while :; do sleep 0.01; done"))
            try await eventually { try node.log("c1").contains("stdout F ready") }
            try await supervisor.signal("c1", SIGTERM)
            #expect(try await supervisor.end(of: "c1").code == 5)
            let spec = try node.spec("c2", "sleep 1000 & sleep 1000 & wait")
            _ = try await supervisor.start(spec)
            try await supervisor.kill("c2")
            let record = try await supervisor.end(of: "c2")
            #expect(record.code == 137 && record.signal == 9 && !record.isOutOfMemory)
            #expect(node.cgroups.usage(of: spec.cgroup)?.processes == 0)
            try await supervisor.remove("c2")
            #expect(try await supervisor.list().map(\.id) == ["c1"])
            await #expect(throws: RuntimeError.self) { try await supervisor.signal("c1", SIGTERM) }
        }
    }

    @Test func `a program gets exactly its user, groups, capabilities, limits and filter`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let spec = try node.spec(
                "c1", "id -u; id -G; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; cat /proc/self/oom_score_adj; pwd; ls /proc/self/fd | head -n 9"
            ) {
                $0.process.user = ProcessUser(uid: 1000, gid: 2000, supplementalGroups: [3000])
                $0.process.noNewPrivileges = true
                $0.process.oomScoreAdjust = 500
                $0.process.workingDirectory = "/srv/data"
            }
            #expect(try await supervisor.run(spec).code == 0)
            let lines = try node.output("c1").split(separator: "\n").map(String.init)
            #expect(lines[0] == "1000" && lines[1] == "2000 3000")
            #expect(lines.contains("CapInh:\t0000000000000000") && lines.contains("CapPrm:\t0000000000000000"))
            #expect(lines.contains("CapBnd:\t00000000a80425fb"))
            #expect(lines.contains("CapAmb:\t0000000000000000"))
            #expect(lines.contains("NoNewPrivs:\t1") && lines.contains("Seccomp:\t2"))
            #expect(lines.contains("500") && lines.contains("/srv/data"))
            #expect(lines.suffix(4) == ["0", "1", "2", "3"])  // 3 is ls's own
            let root = try node.spec("c2", "grep CapEff /proc/self/status; unshare -m true; mount -t tmpfs x /bin; echo $?; env") {
                $0.process.environment += ["A=b c"]
            }
            #expect(try await supervisor.run(root).code == 0)
            let output = try node.output("c2")
            #expect(output.contains("CapEff:\t00000000a80425fb") && output.contains("Operation not permitted") && output.contains("A=b c"))
        }
    }

    @Test func `an exec shares the container and has streams and an end of its own`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let spec = try node.spec("c1", "echo secret > /file; sleep 1000")
            let container = try await supervisor.start(spec)
            try await eventually { try FileSystem.readText("/proc/\(container.pid)/comm").hasPrefix("sleep") }
            let exec = try await supervisor.exec(
                ExecSpec(
                    containerID: "c1", process: shell("read line; echo $line $(cat /file); echo err >&2; cat /proc/1/comm; exit 42"), cgroup: spec.cgroup,
                    hasInput: true))
            let input = try present(exec.takeInput())
            try input.writeAll(Array("hello\n".utf8))
            #expect(try readAll(exec.takeOutput()) == "hello secret\nsleep\n")
            #expect(try readAll(exec.takeErrorOutput()) == "err\n")
            #expect(await exec.wait().code == 42)
            let missing = await #expect(throws: RuntimeError.self) {
                _ = try await supervisor.exec(ExecSpec(containerID: "c1", process: ProcessSpec(arguments: ["nothing"]), cgroup: spec.cgroup))
            }
            #expect(missing?.code == .startError)
            let unknown = await #expect(throws: RuntimeError.self) {
                _ = try await supervisor.exec(ExecSpec(containerID: "c9", process: shell("true"), cgroup: spec.cgroup))
            }
            #expect(unknown?.code == .notFound)
            let long = try await supervisor.exec(ExecSpec(containerID: "c1", process: shell("sleep 1000"), cgroup: spec.cgroup))
            try await long.kill()
            #expect(await long.wait().code == 137)
        }
    }

    @Test func `an exec on a terminal has the terminal's size and follows it`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let spec = try node.spec("c1", "sleep 1000")
            _ = try await supervisor.start(spec)
            var process = shell("stty size; read x; stty size; tty 2>/dev/null || readlink /proc/self/fd/0; exit 4")
            process.hasTerminal = true
            process.terminalSize = TerminalSize(columns: 100, rows: 30)
            let exec = try await supervisor.exec(ExecSpec(containerID: "c1", process: process, cgroup: spec.cgroup, hasInput: true))
            let terminal = try present(exec.takeTerminal())
            var text = ""
            func read(until mark: String) throws {
                while !text.contains(mark) {
                    let more = try terminal.read(maximum: 4096)
                    if more.isEmpty { break }
                    text += String(decoding: more, as: UTF8.self)
                }
            }
            try read(until: "30 100")
            try supervisor.resizeTerminal(terminal.raw, TerminalSize(columns: 70, rows: 20))
            try terminal.writeAll(Array("\n".utf8))
            try read(until: "20 70")
            #expect(await exec.wait().code == 4)
        }
    }

    @Test func `a container on a terminal logs it and can be attached to`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let spec = try node.spec("c1", "stty size; read x; echo got $x; ls -l /dev/console") {
                $0.process.hasTerminal = true
                $0.process.terminalSize = TerminalSize(columns: 80, rows: 24)
                $0.hasOpenInput = true
            }
            _ = try await supervisor.start(spec)
            let terminal = try await supervisor.attach("c1")
            try terminal.writeAll(Array("word\n".utf8))
            #expect(try await supervisor.end(of: "c1").code == 0)
            let output = try node.output("c1")
            #expect(output.contains("24 80") && output.contains("got word") && output.contains("136,"))
        }
    }

    @Test func `standard input stays open until it is closed`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            _ = try await supervisor.start(try node.spec("c1", "cat; echo end") { $0.hasOpenInput = true })
            do {
                let input = try await supervisor.attach("c1")
                try input.writeAll(Array("one\n".utf8))
            }
            try await eventually { try node.log("c1").contains("stdout F one") }
            try await supervisor.closeInput("c1")
            #expect(try await supervisor.end(of: "c1").code == 0)
            #expect(try node.output("c1") == "one\nend")
        }
    }
}

/// Repeats `condition` until it holds; fails after thirty seconds.
func eventually(_ condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
        do { if try condition() { return } } catch is SystemError {}  // not there yet
        await Task.yield()
        usleep(1000)
    }
    Issue.record("the condition never held")
}
