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

    @Test func `namespaces in which nothing has started are made anew`() {
        let waiting = pod("Never", state: ["waiting": ["reason": "ContainerCreating"]])
        #expect(!PodRecovery.keepsSandbox(of: waiting, records: []))
        #expect(PodRecovery.keepsSandbox(of: waiting, records: [record(0)]))
        #expect(PodRecovery.keepsSandbox(of: .sample(status: ["phase": "Succeeded"]), records: []))
    }

    @Test(arguments: ["NodeShutdown", "ErrImagePull", "CreateContainerConfigError"])
    func `what the node interrupted is not done, whatever kept it from starting since`(waiting: String) throws {
        let pod = pod("OnFailure", state: ["waiting": ["reason": .string(waiting)]], last: terminated("NodeShutdown"))
        let recovered = PodRecovery.recover(pod, records: [], hasSandbox: true, now: now, monotonic: .zero)
        #expect(recovered.ending == nil)
        #expect(decision(pod, recovered).actions == [.start(container: "main")])
    }

    @Test func `in a new sandbox the init containers run again, and the pod stays Running`() {
        let inner: JSONValue = ["name": "first", "containerID": .string("kdash://\(ContainerID(podUID: "u", container: "first", attempt: 0).string)")]
        var first = inner
        first["state"] = terminated("Completed")
        let status: JSONValue = [
            "phase": "Running", "initContainerStatuses": [first],
            "containerStatuses": [
                [
                    "name": "main", "containerID": .string("kdash://\(Self.id)"), "restartCount": 0, "lastState": terminated("NodeShutdown"),
                    "state": ["waiting": ["reason": "NodeShutdown"]],
                ]
            ],
        ]
        let pod = Pod.sample(inits: [["name": "first"]], status: status)
        let kept = PodRecovery.recover(pod, records: [], hasSandbox: true, now: now, monotonic: .zero)
        #expect(decision(pod, kept).actions == [.start(container: "main")])
        var lost = PodRecovery.recover(pod, records: [], hasSandbox: false, now: now, monotonic: .zero)
        #expect(decision(pod, lost).actions == [.start(container: "first")])
        let told = PodStatusBuilder(
            pod: pod, histories: lost.histories, ending: nil, podIP: "", hostIP: "", startTime: now, now: now, hasSandbox: true
        ).status
        #expect(told["phase"] == "Running")
        let initialized = told["conditions"]?.arrayValue?.first { $0["type"] == "Initialized" }
        #expect(initialized?["status"] == "False" && initialized?["reason"] == "ContainersNotInitialized")
        lost.histories["first"] = .exited(0)
        #expect(decision(pod, lost).actions == [.start(container: "main")])
        let ended = Pod.sample(inits: [["name": "first"]], status: ["phase": "Succeeded", "initContainerStatuses": [first]])
        #expect(PodRecovery.recover(ended, records: [], hasSandbox: false, now: now, monotonic: .zero).histories["first"]?.isCompleted == true)
    }

    @Test func `what the node granted outlives the daemon, and a wish that it did not grant does not become true`() {
        let granted: JSONValue = ["requests": ["cpu": "100m"]]
        let asked: JSONValue = ["name": "main", "resources": ["requests": ["cpu": "64"]]]
        let pod = Pod.sample(containers: [asked], status: ["containerStatuses": [["name": "main", "resources": granted]]])
        let recovered = PodRecovery.recover(pod, records: [], hasSandbox: true, now: now, monotonic: .zero)
        #expect(recovered.allocated == ["main": granted])
        #expect(pod.withResources(recovered.allocated).spec.containers[0].value["resources"] == granted)
        #expect(PodRecovery.recover(.sample(containers: [asked]), records: [], hasSandbox: true, now: now, monotonic: .zero).allocated.isEmpty)
        let status = PodStatusBuilder(
            pod: pod, histories: ["main": .running()], ending: nil, podIP: "", hostIP: "", startTime: now, now: now, hasSandbox: true,
            allocated: recovered.allocated
        ).status["containerStatuses"]?.arrayValue?.first
        #expect(status?["resources"] == granted && status?["allocatedResources"] == granted["requests"])
    }

    @Test func `a pod's own resources are told and kept as its containers' are`() {
        let granted: JSONValue = ["requests": ["cpu": "100m", "memory": "64Mi"], "limits": ["memory": "128Mi"]]
        let asked: JSONObject = ["resources": ["requests": ["cpu": "64", "memory": "64Mi"], "limits": ["memory": "128Mi"]]]
        let pod = Pod.sample(spec: asked, status: ["resources": granted])
        let recovered = PodRecovery.recover(pod, records: [], hasSandbox: true, now: now, monotonic: .zero)
        #expect(recovered.allocated == [Pod.whole: granted])
        #expect(pod.withResources(recovered.allocated).spec.value["resources"] == granted)
        #expect(pod.withResources([Pod.whole: [:]]).spec.value["resources"] == nil)
        #expect(pod.wantedResources == [Pod.whole: asked["resources"] ?? .null, "main": [:]])
        #expect(PodResize.changes(pod, has: granted) && !PodResize.changes(pod, has: asked["resources"] ?? .null))
        let status = PodStatusBuilder(
            pod: pod, histories: ["main": .running()], ending: nil, podIP: "", hostIP: "", startTime: now, now: now, hasSandbox: true,
            allocated: recovered.allocated, ownResources: granted
        ).status
        #expect(status["resources"] == granted && status["allocatedResources"] == ["cpu": "100m", "memory": "64Mi"])
    }

    @Test func `an end that the status tells is not told anew by the supervisor's journal`() throws {
        let pod = pod("OnFailure", state: ["waiting": ["reason": "NodeShutdown"]], last: terminated("NodeShutdown"))
        let recovered = PodRecovery.recover(pod, records: [record(0)], hasSandbox: true, now: now, monotonic: .zero)
        #expect(recovered.histories["main"]?.termination?.reason == "NodeShutdown")
        #expect(decision(pod, recovered).actions == [.start(container: "main")])
    }

    @Test func `an end that only the journal of a dead supervisor tells counts`() throws {
        let pod = pod("Never", state: ["running": ["startedAt": "2026-01-01T00:00:00Z"]])
        let recovered = PodRecovery.recover(pod, records: [record(0)], hasSandbox: true, now: now, monotonic: .zero)
        #expect(recovered.ending == nil)
        #expect(recovered.histories["main"]?.termination?.reason == "Completed")
        #expect(decision(pod, recovered).ending == .succeeded)
    }

    @Test func `an end that nobody tells is a reset`() throws {
        let pod = pod("Never", state: ["running": ["startedAt": "2026-01-01T00:00:00Z"]])
        let recovered = PodRecovery.recover(pod, records: [], hasSandbox: true, now: now, monotonic: .zero)
        #expect(recovered.ending == .nodeShutdown)
        #expect(recovered.histories["main"]?.termination?.reason == "ContainerStatusUnknown")
        #expect(recovered.histories["main"]?.termination?.exitCode == 137)
    }
}
