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
