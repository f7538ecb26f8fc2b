import APIMachinery
import ContainerRuntime
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

struct PodStatusTests {
    private let wall = Timestamp(seconds: 1_767_225_600)

    private func status(
        _ pod: Pod, _ histories: [String: ContainerHistory] = [:], ending: PodLifecycle.Ending? = nil, sandbox: Bool = true
    ) -> PodStatus {
        PodStatus(
            PodStatusBuilder(
                pod: pod, histories: histories, ending: ending, podIP: "10.0.0.2", hostIP: "10.0.0.1", startTime: wall, now: wall, hasSandbox: sandbox
            ).status)
    }

    private func condition(_ status: PodStatus, _ type: String) -> String {
        let found = status.conditions[type]
        return [found?.status ?? "", found?.reason ?? "", found?.message ?? ""].filter { !$0.isEmpty }.joined(separator: " | ")
    }

    @Test func `a running container makes the pod ready`() {
        let status = status(.sample(), ["main": .running()])
        #expect(status.phase == "Running")
        #expect(["Ready", "ContainersReady", "Initialized", "PodReadyToStartContainers", "PodScheduled"].allSatisfy { condition(status, $0) == "True" })
        #expect(status.observedGeneration == 1)
        #expect(status.conditions["Ready"]?.integer("observedGeneration") == 1)
    }

    @Test func `probes keep a running container from being started and ready`() {
        let pod = Pod.sample(containers: [["name": "main", "startupProbe": .object([:]), "readinessProbe": .object([:])]])
        var history = ContainerHistory.running()
        history.probes = ContainerProbes(pod.spec.containers[0], startedAt: .zero)
        let status = status(pod, ["main": history])
        #expect(status.phase == "Running")
        #expect(status.containerStatuses.first?.started == false)
        #expect(status.containerStatuses.first?.ready == false)
        #expect(condition(status, "Ready") == "False | ContainersNotReady | containers with unready status: [main]")
    }

    @Test(
        arguments: [
            (nil, "False | ReadinessGatesNotReady | corresponding condition of pod readiness gate \"example.com/gate\" does not exist."),
            ("False", "False | ReadinessGatesNotReady | the status of pod readiness gate \"example.com/gate\" is not \"True\", but False"), ("True", "True"),
        ] as [(String?, String)])
    func `a readiness gate counts besides the containers`(gate: String?, ready: String) {
        let conditions: JSONValue = gate.map { .array([["type": "example.com/gate", "status": .string($0)]]) } ?? .array([])
        let pod = Pod.sample(spec: ["readinessGates": [["conditionType": "example.com/gate"]]], status: ["conditions": conditions])
        let status = status(pod, ["main": .running()])
        #expect(condition(status, "Ready") == ready)
        #expect(condition(status, "ContainersReady") == "True")
    }

    @Test func `a terminal phase is told when nothing runs any more, and never taken back`() {
        let pod = Pod.sample(inits: [["name": "side", "restartPolicy": "Always"]])
        let stopping = status(pod, ["main": .exited(0), "side": .running()], ending: .succeeded)
        #expect(stopping.phase == "Running")
        let over = status(pod, ["main": .exited(0), "side": .exited(137)], ending: .succeeded)
        #expect(over.phase == "Succeeded")
        #expect(condition(over, "Ready") == "False | PodCompleted")
        #expect(condition(over, "Initialized") == "True | PodCompleted")
        let again = status(.sample(status: ["phase": "Failed"]), ["main": .running()])
        #expect(again.phase == "Failed")
    }

    @Test func `a deleted pod ends as its containers did, although something holds it`() {
        let deleted = Pod.sample(containers: [["name": "main"], ["name": "other"]], deleted: true, status: ["phase": "Running"])
        let stopping = status(deleted, ["main": .exited(0), "other": .running()])
        #expect(stopping.phase == "Running" && stopping.conditions["Ready"]?.isTrue == false)
        let done = status(deleted, ["main": .exited(0), "other": .exited(0)], sandbox: false)
        #expect(done.phase == "Succeeded")
        #expect(condition(done, "Ready") == "False | PodCompleted" && condition(done, "ContainersReady") == "False | PodCompleted")
        let killed = status(deleted, ["main": .exited(0), "other": .exited(143)], sandbox: false)
        #expect(killed.phase == "Failed" && killed.reason.isEmpty)
        #expect(condition(killed, "Ready") == "False | PodFailed")
        #expect(status(.sample(), ["main": .exited(143)]).phase == "Running")
    }

    @Test func `a deleted pod that never ran has failed, and what waited to run again has ended`() {
        let fresh = status(.sample(deleted: true, status: ["phase": "Pending"]), sandbox: false)
        #expect(fresh.phase == "Failed")
        let unseen = fresh.containerStatuses.first?.state.terminated
        #expect(unseen?.reason == "ContainerStatusUnknown" && unseen?.exitCode == 137)
        let initial = status(.sample(inits: [["name": "a"]], deleted: true), ["a": .exited(1)], sandbox: false)
        #expect(initial.phase == "Failed" && initial.containerStatuses.first?.state.waiting?.reason == "PodInitializing")
        var crashed = ContainerHistory.exited(1)
        crashed.waiting = .init(reason: "CrashLoopBackOff", message: "")
        let looping = status(.sample(deleted: true), ["main": crashed], sandbox: false)
        #expect(looping.phase == "Failed" && looping.containerStatuses.first?.state.terminated?.exitCode == 1)
    }

    @Test func `a rejected pod says why and nothing of its containers`() {
        let status = status(.sample(), ending: .failed(reason: "OutOfcpu", message: "Pod was rejected: no"), sandbox: false)
        #expect(status.phase == "Failed")
        #expect(status.reason == "OutOfcpu")
        #expect(status.containerStatuses.isEmpty)
    }

    @Test func `a postStart hook keeps the container waiting`() {
        var history = ContainerHistory.running()
        history.isInPostStart = true
        let status = status(.sample(), ["main": history])
        #expect(status.phase == "Pending")
        #expect(status.containerStatuses.first?.state.waiting?.reason == "ContainerCreating")
    }

    @Test func `containers wait for init containers, and those are named`() {
        let status = status(.sample(inits: [["name": "a"]]), ["a": .running()])
        #expect(status.phase == "Pending")
        #expect(status.containerStatuses.first?.state.waiting?.reason == "PodInitializing")
        #expect(condition(status, "Initialized") == "False | ContainersNotInitialized | containers with incomplete status: [a]")
    }

    @Test func `a status says whom a container runs as, and the pod's containers share what their last words may take`() {
        var running = ContainerHistory.running()
        running.user = ProcessUser(uid: 7, gid: 8, supplementalGroups: [9, 8]).status
        running.stopSignalName = "SIGQUIT"
        var ended = ContainerHistory.exited(1)
        let words = String(repeating: "é", count: 4000)
        ended.end(Termination(containerID: "x", exitCode: 1, reason: "Error", message: words, finishedAt: Timestamp(seconds: 0)))
        let pod = Pod.sample(inits: [["name": "i"]], containers: [["name": "a"], ["name": "b"]])
        let status =
            PodStatusBuilder(
                pod: pod, histories: ["a": running, "b": ended], ending: nil, podIP: "", hostIP: "", startTime: Timestamp(seconds: 0),
                now: Timestamp(seconds: 0), hasSandbox: true
            ).status["containerStatuses"]?.arrayValue ?? []
        #expect(status[0]["user"] == ["linux": ["uid": 7, "gid": 8, "supplementalGroups": [8, 9]]] && status[0]["stopSignal"] == "SIGQUIT")
        #expect(status[1]["user"] == nil)
        #expect(status[1]["state"]?["terminated"]?["message"]?.stringValue == String(repeating: "é", count: 2048))
        let alone =
            PodStatusBuilder(
                pod: .sample(containers: [["name": "b"]]), histories: ["b": ended], ending: nil, podIP: "", hostIP: "", startTime: Timestamp(seconds: 0),
                now: Timestamp(seconds: 0), hasSandbox: true
            ).status["containerStatuses"]?.arrayValue ?? []
        #expect(alone[0]["state"]?["terminated"]?["message"]?.stringValue == words)
    }
}
