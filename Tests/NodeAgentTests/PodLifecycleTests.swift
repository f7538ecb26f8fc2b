import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

struct PodLifecycleTests {
    private let wall = Timestamp(rfc3339: "2026-01-01T00:00:00Z")!

    private func decide(
        _ pod: Pod, _ histories: [String: ContainerHistory] = [:], sandbox: Bool = true, volumes: PodLifecycle.VolumeProgress = .mounted,
        wall: Timestamp? = nil
    ) -> PodLifecycle.Decision {
        lifecycle(pod, histories, sandbox: sandbox, volumes: volumes).decide(at: .zero, wall: wall ?? self.wall)
    }

    private func lifecycle(
        _ pod: Pod, _ histories: [String: ContainerHistory], sandbox: Bool = true, volumes: PodLifecycle.VolumeProgress = .mounted
    ) -> PodLifecycle {
        PodLifecycle(pod: pod, histories: histories, volumes: volumes, hasSandbox: sandbox, startTime: self.wall)
    }

    @Test func `a new pod gets volumes, then a sandbox, then its containers`() {
        #expect(decide(.sample(), sandbox: false, volumes: .wanted).actions == [.mountVolumes])
        #expect(decide(.sample(), sandbox: false).actions == [.createSandbox])
        #expect(decide(.sample()).actions == [.start(container: "main")])
        #expect(decide(.sample(), ["main": .running()]).actions.isEmpty)
    }

    @Test func `failed volumes wait for their time, or for the object that is missing`() {
        let timed = decide(.sample(), sandbox: false, volumes: .failed(retryAt: .seconds(2)))
        #expect(timed.actions.isEmpty)
        #expect(timed.wakeAt == .seconds(2))
        let missing = decide(.sample(), sandbox: false, volumes: .failed(retryAt: nil))
        #expect(missing == PodLifecycle.Decision())
        #expect(decide(.sample(), sandbox: false, volumes: .failed(retryAt: .zero)).actions == [.mountVolumes])
    }

    @Test func `init containers run one after the other before the others`() {
        let two = Pod.sample(inits: [["name": "a"], ["name": "b"]])
        #expect(decide(two).actions == [.start(container: "a")])
        #expect(decide(two, ["a": .running()]).actions.isEmpty)
        #expect(decide(two, ["a": .exited(0)]).actions == [.start(container: "b")])
        #expect(decide(two, ["a": .exited(0), "b": .exited(0)]).actions == [.start(container: "main")])
    }

    @Test func `what the node's end interrupted starts again, whatever its exit code`() {
        var interrupted = ContainerHistory.exited(0)
        interrupted.end(Termination(containerID: "x", exitCode: 0, reason: Termination.nodeShutdown, finishedAt: wall))
        #expect(decide(.sample(policy: "OnFailure"), ["main": .exited(0)]).ending == .succeeded)
        #expect(decide(.sample(policy: "OnFailure"), ["main": interrupted]).actions == [.start(container: "main")])
        let pod = Pod.sample(inits: [["name": "a"]])
        #expect(decide(pod, ["a": interrupted]).actions == [.start(container: "a")])
        interrupted.begin(.init(id: "x", attempt: 1, phase: .running(since: wall)))
        #expect(!interrupted.isInterrupted)
    }

    @Test func `a failed init container ends a pod that never restarts`() {
        let pod = Pod.sample(policy: "Never", inits: [["name": "a"]])
        #expect(decide(pod, ["a": .exited(1)]).ending == .failed(reason: "", message: ""))
        #expect(decide(.sample(policy: "OnFailure", inits: [["name": "a"]]), ["a": .exited(1)]).actions == [.start(container: "a")])
    }

    @Test(arguments: [("Always", 0, true), ("Always", 1, true), ("OnFailure", 0, false), ("OnFailure", 1, true), ("Never", 0, false), ("Never", 1, false)])
    func `an ended container is restarted as the policy says`(policy: String, code: Int, restarts: Bool) {
        let decision = decide(.sample(policy: policy), ["main": .exited(code)])
        #expect((decision.actions == [.start(container: "main")]) == restarts)
        #expect((decision.ending != nil) == !restarts)
    }

    @Test func `a waiting restart wakes the worker in time`() {
        var history = ContainerHistory.exited(1)
        history.retryAt = .seconds(10)
        let decision = decide(.sample(), ["main": history])
        #expect(decision.actions.isEmpty)
        #expect(decision.wakeAt == .seconds(10))
    }

    @Test func `a deleted pod stops, gives its sandbox back and is confirmed`() {
        let gone = Pod.sample(deleted: true)
        #expect(decide(gone, ["main": .running()]).actions == [.stop(container: "main", grace: .seconds(5), reason: .pod)])
        #expect(decide(gone, ["main": .exited(143)]).actions == [.removeSandbox, .finishDeletion])
        #expect(decide(gone, ["main": .exited(143)], sandbox: false).actions == [.finishDeletion])
    }

    @Test func `a pod past its deadline stops and fails`() {
        let pod = Pod.sample(spec: ["activeDeadlineSeconds": 10])
        #expect(decide(pod, ["main": .running()], wall: wall.advanced(by: .seconds(4))).wakeAt == .seconds(6))
        let late = decide(pod, ["main": .running()], wall: wall.advanced(by: .seconds(10)))
        #expect(late.actions == [.stop(container: "main", grace: .seconds(30), reason: .pod)])
        #expect(late.ending == .failed(reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline"))
    }

    // MARK: Sidecars

    private let sidecars = Pod.sample(inits: [
        ["name": "proxy", "restartPolicy": "Always", "startupProbe": ["tcpSocket": ["port": 80]]], ["name": "setup"],
        ["name": "logger", "restartPolicy": "Always"],
    ])

    @Test func `a sidecar lets the next container start once its startup probe has succeeded`() {
        var proxy = ContainerHistory.running()
        proxy.probes = ContainerProbes(sidecars.spec.initContainers[0], startedAt: .zero)
        #expect(decide(sidecars).actions == [.start(container: "proxy")])
        #expect(decide(sidecars, ["proxy": proxy]).actions.isEmpty)
        _ = proxy.probes?.begin(at: .zero, isStopping: false)
        proxy.probes?.end(.startup, .success, at: .zero)
        #expect(decide(sidecars, ["proxy": proxy]).actions == [.start(container: "setup")])
        #expect(decide(sidecars, ["proxy": proxy, "setup": .exited(0)]).actions == [.start(container: "logger")])
        #expect(decide(sidecars, ["proxy": proxy, "setup": .exited(0), "logger": .running()]).actions == [.start(container: "main")])
    }

    @Test func `a sidecar that ended is restarted beside running containers, and not before its time`() {
        var logger = ContainerHistory.exited(1)
        logger.retryAt = .seconds(20)
        let histories = ["proxy": .exited(0), "setup": .exited(0), "logger": logger, "main": ContainerHistory.running()]
        let decision = decide(sidecars, histories)
        #expect(decision.actions == [.start(container: "proxy")])
        #expect(decision.wakeAt == .seconds(20))
    }

    @Test func `a pod whose main containers are done ends, whatever its sidecars do`() {
        let job = Pod.sample(policy: "Never", inits: [["name": "proxy", "restartPolicy": "Always"]])
        let decision = decide(job, ["proxy": .running(), "main": .exited(0)])
        #expect(decision.ending == .succeeded)
        #expect(decision.actions == [.stop(container: "proxy", grace: .seconds(30), reason: .pod)])
    }

    @Test func `sidecars stop in reverse order after the main containers`() {
        var histories = ["proxy": ContainerHistory.running(), "setup": .exited(0), "logger": .running(), "main": .running()]
        #expect(lifecycle(sidecars, histories).isTurn(of: "main"))
        #expect(!lifecycle(sidecars, histories).isTurn(of: "logger"))
        histories["main"] = .exited(0)
        #expect(lifecycle(sidecars, histories).isTurn(of: "logger"))
        #expect(!lifecycle(sidecars, histories).isTurn(of: "proxy"))
        histories["logger"] = .exited(0)
        #expect(lifecycle(sidecars, histories).isTurn(of: "proxy"))
    }

    // MARK: Hooks, probes, ephemeral containers

    @Test func `a container waits for the postStart hook of the one before`() {
        let hook: JSONValue = ["postStart": ["exec": ["command": ["true"]]]]
        let pod = Pod.sample(containers: [["name": "first", "lifecycle": hook], ["name": "second"]])
        #expect(decide(pod).actions == [.start(container: "first")])
        var first = ContainerHistory.running()
        first.isInPostStart = true
        #expect(decide(pod, ["first": first]).actions.isEmpty)
        first.isInPostStart = false
        #expect(decide(pod, ["first": first]).actions == [.start(container: "second")])
    }

    @Test(arguments: [(JSONValue.null, Duration.seconds(30)), (3, .seconds(3))])
    func `a failed liveness probe stops its container within the probe's grace period`(own: JSONValue, grace: Duration) {
        var probe: JSONValue = ["exec": ["command": ["false"]], "failureThreshold": 1]
        if !own.isNull { probe["terminationGracePeriodSeconds"] = own }
        let pod = Pod.sample(containers: [["name": "main", "livenessProbe": probe]])
        var history = ContainerHistory.running()
        history.probes = ContainerProbes(pod.spec.containers[0], startedAt: .zero)
        _ = history.probes?.begin(at: .zero, isStopping: false)
        history.probes?.end(.liveness, .failure("no"), at: .zero)
        #expect(decide(pod, ["main": history]).actions == [.stop(container: "main", grace: grace, reason: .probe(.liveness))])
        history.stop = ContainerStop(grace: grace, hasHook: false, isOrdered: false, now: .zero)
        #expect(decide(pod, ["main": history]).actions.isEmpty)
    }

    @Test func `an ephemeral container starts once in a running pod and never again`() {
        let pod = Pod.sample(spec: ["ephemeralContainers": [["name": "look", "image": "i"]]])
        #expect(decide(pod, ["main": .running()]).actions == [.start(container: "look")])
        #expect(decide(pod, ["main": .running(), "look": .exited(1)]).actions.isEmpty)
    }
}
