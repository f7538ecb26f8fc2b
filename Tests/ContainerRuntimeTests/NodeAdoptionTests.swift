import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

@Suite(.serialized, .enabled(if: liveTestObstacle == nil, "\(liveTestObstacle ?? "")"), .timeLimit(.minutes(2)))
struct NodeAdoptionTests {
    @Test func `a new daemon finds the same processes, and ends that nobody saw with their true time`() async throws {
        let node = try Node()
        defer { node.clean() }
        var first: NodeSupervisor? = try await NodeSupervisor.attachOrStart(node.configuration)
        let bootID = try #require(first).bootID
        try node.cgroups.prepare(capacity: ResourceLimits())
        _ = try await first!.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
        let lasting = try await first!.start(try node.spec("c1", "sleep 1000"))
        _ = try await first!.start(try node.spec("c2", "read x; seq 10; exit 7") { $0.hasOpenInput = true })
        let input = try await first!.attach("c2")
        try await first!.closeInput("c2")
        first!.disconnect()
        for await event in first!.events where event == .lost { break }
        first = nil

        // Nobody is connected when it ends.
        let began = Timestamp.now()
        try input.writeAll(Array("go\n".utf8))
        try await eventually { try node.log("c2").count == 10 }
        try await SystemTimeSource().sleep(for: .milliseconds(300))

        let returned = Timestamp.now()
        let second = try await NodeSupervisor.attachOrStart(node.configuration)
        #expect(!second.isFresh && second.bootID == bootID)
        let record = try await second.end(of: "c2")
        #expect(record.code == 7)
        #expect(record.finishedAt > began && record.finishedAt < returned, "the time of the end, not of its discovery")
        let list = try await second.list()
        #expect(list.first { $0.id == "c1" }?.state == .running(pid: lasting.pid))
        #expect(list.first { $0.id == "c2" }?.state == .exited(record))
        #expect(try await second.sandboxes() == ["pod"])
        _ = try await second.sandboxHandles("pod").release()
        try await second.acknowledge("c2")
        second.disconnect()

        let third = try await NodeSupervisor.attachOrStart(node.configuration)
        try await third.kill("c1")
        // The acknowledged end does not come again: the next one is c1's.
        for await event in third.events {
            guard case .exited(let id, _) = event else { continue }
            #expect(id == "c1")
            break
        }
        await third.shutdown()
        #expect(kill(lasting.pid, 0) != 0)
    }

    @Test func `a supervisor that was killed is replaced, and what it wrote down is told`() async throws {
        let node = try Node()
        defer { node.clean() }
        let first = try await NodeSupervisor.attachOrStart(node.configuration)
        try node.cgroups.prepare(capacity: ResourceLimits())
        _ = try await first.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
        let running = try await first.start(try node.spec("c1", "sleep 1000"))
        let ended = try await first.run(try node.spec("c2", "exit 9"))
        _ = try await first.run(try node.spec("c3", "exit 1"))
        try await first.remove("c3")
        #expect(kill(first.pid, SIGKILL) == 0)
        for await event in first.events where event == .lost { break }
        await #expect(throws: RuntimeError.self) { _ = try await first.list() }

        let second = try await NodeSupervisor.attachOrStart(node.configuration)
        #expect(second.isFresh && second.bootID != first.bootID)
        #expect(kill(running.pid, 0) != 0)
        #expect(second.interrupted.map(\.id) == ["c1", "c2"])
        #expect(second.interrupted.map(\.exit) == [nil, ended])
        #expect(second.interrupted[0].sandboxID == "pod" && second.interrupted[0].startedAt == running.startedAt)
        await second.shutdown()
    }

    @Test func `two daemons at once share one supervisor`() async throws {
        let node = try Node()
        defer { node.clean() }
        async let a = NodeSupervisor.attachOrStart(node.configuration)
        async let b = NodeSupervisor.attachOrStart(node.configuration)
        let (first, second) = try await (a, b)
        #expect(first.bootID == second.bootID && first.isFresh != second.isFresh)
        await first.shutdown()
    }

    @Test func `after the shutdown nothing is left`() async throws {
        let node = try Node()
        let before = try FileSystem.readText("/proc/self/mountinfo", limit: 16 << 20)
        let supervisor = try await NodeSupervisor.attachOrStart(node.configuration)
        try node.cgroups.prepare(capacity: ResourceLimits())
        _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
        let container = try await supervisor.start(try node.spec("c1", "sleep 1000 & sleep 1000"))
        #expect(try FileSystem.readText("/proc/self/mountinfo", limit: 16 << 20) == before)
        await supervisor.shutdown()
        #expect(kill(container.pid, 0) != 0 && kill(supervisor.pid, 0) != 0)
        #expect(try FileSystem.readText("/proc/self/mountinfo", limit: 16 << 20) == before)
        for hierarchy in node.cgroups.hierarchies { #expect(!FileSystem.exists(FileSystem.directory(of: hierarchy.base))) }
        #expect(!FileSystem.exists("\(node.directory)/run/supervisor.sock"))
        node.clean()
    }
}
