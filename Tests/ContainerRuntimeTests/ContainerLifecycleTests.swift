import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

@Suite(.serialized, .enabled(if: liveTestObstacle == nil, "\(liveTestObstacle ?? "")"), .timeLimit(.minutes(2)))
struct ContainerLifecycleTests {
    @Test func `a container runs, logs and reports its exit code`() async throws {
        try await Node.with { node, supervisor in
            #expect(supervisor.isFresh)
            #expect(kill(supervisor.pid, 0) == 0)
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "web-0")).release()
            let before = Timestamp.now()
            let record = try await supervisor.run(try node.spec("c1", "hostname; echo oops >&2; printf tail; exit 7"))
            #expect(record.code == 7)
            #expect(record.signal == nil)
            #expect(record.finishedAt > before && record.finishedAt < .now())
            let log = try node.log("c1")
            #expect(Set(log) == ["stdout F web-0", "stderr F oops", "stdout P tail"])
        }
    }
}
