import APIMachinery
import ContainerRuntime
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

struct PodRecoveryTests {
    private let now = Timestamp(rfc3339: "2026-01-01T01:00:00Z")!
    private static let id = ContainerID(podUID: "u", container: "main", attempt: 0).string

    private func terminated(_ reason: String, code: Int64 = 0) -> JSONValue {
        [
            "terminated": [
                "containerID": .string("kdash://\(Self.id)"), "exitCode": .integer(code), "reason": .string(reason),
                "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:30:00Z",
            ]
        ]
    }

    private func pod(_ policy: String, state: JSONValue, last: JSONValue = .object([:])) -> Pod {
        .sample(
            policy: policy,
            status: [
                "phase": "Running",
                "containerStatuses": [
                    ["name": "main", "containerID": .string("kdash://\(Self.id)"), "restartCount": 0, "state": state, "lastState": last]
                ],
            ])
    }

    private func record(_ code: Int32) -> ContainerRecord {
        ContainerRecord(
            id: Self.id, sandboxID: "u", startedAt: Timestamp(rfc3339: "2026-01-01T00:00:00Z")!,
            state: .exited(ExitRecord(code: code, signal: nil, isOutOfMemory: false, finishedAt: Timestamp(rfc3339: "2026-01-01T00:40:00Z")!)))
    }

    private func decision(_ pod: Pod, _ recovered: PodRecovery.Recovered) -> PodLifecycle.Decision {
        PodLifecycle(pod: pod, histories: recovered.histories, volumes: .mounted, hasSandbox: true, startTime: now).decide(at: .zero, wall: now)
    }

    @Test(arguments: ["NodeShutdown", "ErrImagePull", "CreateContainerConfigError"])
    func `what the node interrupted is not done, whatever kept it from starting since`(waiting: String) throws {
        let pod = pod("OnFailure", state: ["waiting": ["reason": .string(waiting)]], last: terminated("NodeShutdown"))
        let recovered = PodRecovery.recover(pod, records: [], now: now, monotonic: .zero)
        #expect(recovered.ending == nil)
        #expect(decision(pod, recovered).actions == [.start(container: "main")])
    }

    @Test func `an end that the status tells is not told anew by the supervisor's journal`() throws {
        let pod = pod("OnFailure", state: ["waiting": ["reason": "NodeShutdown"]], last: terminated("NodeShutdown"))
        let recovered = PodRecovery.recover(pod, records: [record(0)], now: now, monotonic: .zero)
        #expect(recovered.histories["main"]?.termination?.reason == "NodeShutdown")
        #expect(decision(pod, recovered).actions == [.start(container: "main")])
    }

    @Test func `an end that only the journal of a dead supervisor tells counts`() throws {
        let pod = pod("Never", state: ["running": ["startedAt": "2026-01-01T00:00:00Z"]])
        let recovered = PodRecovery.recover(pod, records: [record(0)], now: now, monotonic: .zero)
        #expect(recovered.ending == nil)
        #expect(recovered.histories["main"]?.termination?.reason == "Completed")
        #expect(decision(pod, recovered).ending == .succeeded)
    }

    @Test func `an end that nobody tells is a reset`() throws {
        let pod = pod("Never", state: ["running": ["startedAt": "2026-01-01T00:00:00Z"]])
        let recovered = PodRecovery.recover(pod, records: [], now: now, monotonic: .zero)
        #expect(recovered.ending == .nodeShutdown)
        #expect(recovered.histories["main"]?.termination?.reason == "ContainerStatusUnknown")
        #expect(recovered.histories["main"]?.termination?.exitCode == 137)
    }
}
