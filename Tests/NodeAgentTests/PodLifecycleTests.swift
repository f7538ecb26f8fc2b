import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

struct PodLifecycleTests {
    private let wall = Timestamp(rfc3339: "2026-01-01T00:00:00Z")!

    private func pod(_ policy: String = "Always", inits: [String] = [], deleted: Bool = false) -> Pod {
        var metadata: JSONObject = ["name": "p", "namespace": "default", "uid": "u"]
        if deleted {
            metadata["deletionTimestamp"] = "2026-01-01T00:00:05Z"
            metadata["deletionGracePeriodSeconds"] = 5
        }
        return Pod(
            KubeObject([
                "apiVersion": "v1", "kind": "Pod", "metadata": .object(metadata),
                "spec": [
                    "restartPolicy": .string(policy), "initContainers": .array(inits.map { ["name": .string($0), "image": "i"] }),
                    "containers": [["name": "main", "image": "i"]],
                ],
            ]))
    }

    private func running(_ attempt: Int = 0) -> ContainerHistory {
        var history = ContainerHistory()
        history.current = .init(id: "x", attempt: attempt, phase: .running(since: wall))
        return history
    }

    private func exited(_ code: Int) -> ContainerHistory {
        var history = ContainerHistory()
        let end = Termination(containerID: "x", exitCode: code, reason: code == 0 ? "Completed" : "Error", finishedAt: wall)
        history.current = .init(id: "x", attempt: 0, phase: .exited(end))
        return history
    }

    private func decide(_ pod: Pod, _ histories: [String: ContainerHistory] = [:], sandbox: Bool = true) -> PodLifecycle.Decision {
        PodLifecycle(pod: pod, histories: histories, hasSandbox: sandbox).decide(at: .zero, wall: wall)
    }

    @Test func `a new pod gets a sandbox first and then its containers`() {
        #expect(decide(pod(), sandbox: false).actions == [.createSandbox])
        #expect(decide(pod()).actions == [.start(container: "main")])
        #expect(decide(pod(), ["main": running()]).actions.isEmpty)
    }

    @Test func `init containers run one after the other before the others`() {
        let two = pod(inits: ["a", "b"])
        #expect(decide(two).actions == [.start(container: "a")])
        #expect(decide(two, ["a": running()]).actions.isEmpty)
        #expect(decide(two, ["a": exited(0)]).actions == [.start(container: "b")])
        #expect(decide(two, ["a": exited(0), "b": exited(0)]).actions == [.start(container: "main")])
    }

    @Test func `a failed init container ends a pod that never restarts`() {
        guard case .failed = decide(pod("Never", inits: ["a"]), ["a": exited(1)]).ending else {
            Issue.record("the pod goes on")
            return
        }
    }

    @Test(arguments: [("Always", 0, true), ("Always", 1, true), ("OnFailure", 0, false), ("OnFailure", 1, true), ("Never", 0, false), ("Never", 1, false)])
    func `an ended container is restarted as the policy says`(policy: String, code: Int, restarts: Bool) {
        let decision = decide(pod(policy), ["main": exited(code)])
        #expect((decision.actions == [.start(container: "main")]) == restarts)
        #expect((decision.ending != nil) == !restarts)
    }

    @Test func `a waiting restart wakes the worker in time`() {
        var history = exited(1)
        history.retryAt = .seconds(10)
        let decision = decide(pod(), ["main": history])
        #expect(decision.actions.isEmpty)
        #expect(decision.wakeAt == .seconds(10))
    }

    @Test func `a deleted pod stops, gives its sandbox back and is confirmed`() {
        let gone = pod(deleted: true)
        #expect(decide(gone, ["main": running()]).actions == [.stop(gracePeriod: .seconds(5), reason: "deleted")])
        #expect(decide(gone, ["main": exited(143)]).actions == [.removeSandbox, .finishDeletion])
        #expect(decide(gone, ["main": exited(143)], sandbox: false).actions == [.finishDeletion])
    }
}
