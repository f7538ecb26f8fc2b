import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

@Suite struct JobControllerTests {
    private let controller = JobController()
    private let key = ObjectName(Job.resource, namespace: "default", name: "work")

    private func world(_ spec: JSONObject = [:]) -> ToyWorld {
        var job = Job(name: "work", namespace: "default")
        job.object.uid = "job-uid"
        var whole: JSONObject = [
            "parallelism": 1, "completions": 1, "backoffLimit": 2, "selector": ["matchLabels": ["batch.kubernetes.io/controller-uid": "job-uid"]],
            "template": ["spec": ["restartPolicy": "Never", "containers": [["name": "a", "image": "i"]]]],
        ]
        for member in spec { whole[member.key] = member.value }
        job.object["spec"] = .object(whole)
        var world = ToyWorld()
        world.put(job)
        return world
    }

    private func status(_ world: ToyWorld) -> JobStatus { world.all(Job.self)[0].status }
    private func active(_ world: ToyWorld) -> [Pod] { world.all(Pod.self).filter(\.isActive) }
    private func indexes(_ world: ToyWorld) -> [Int64] { active(world).compactMap(JobPods.index).sorted() }

    private func end(_ pod: Pod, _ phase: String, _ world: inout ToyWorld, code: Int64 = 1, condition: String? = nil) {
        var ended = pod
        ended.object["status"] = ["phase": .string(phase)]
        if let condition { ended.object["status", "conditions"] = [["type": .string(condition), "status": "True"]] }
        ended.object["status", "containerStatuses"] = [
            ["name": "a", "state": ["terminated": ["exitCode": .integer(phase == "Failed" ? code : 0), "finishedAt": .string(world.now.rfc3339)]]]
        ]
        world.put(ended)
    }

    private func endAll(_ phase: String, _ world: inout ToyWorld) {
        for pod in active(world) { end(pod, phase, &world) }
        world.settle(controller, key)
    }

    @Test func `a new job starts its pods and notes when`() {
        var world = world(["parallelism": 2, "completions": 5])
        world.settle(controller, key)
        #expect(active(world).count == 2)
        #expect(active(world)[0].labels["batch.kubernetes.io/job-name"] == "work")
        #expect(active(world)[0].object.finalizers == ["batch.kubernetes.io/job-tracking"])
        #expect(status(world).startTime != nil)
        #expect(status(world).active == 2)
    }

    @Test func `enough successes complete it, each counted once and let go`() {
        var world = world(["completions": 3, "parallelism": 2])
        world.settle(controller, key)
        endAll("Succeeded", &world)
        #expect(status(world).succeeded == 2)
        #expect(active(world).count == 1)
        for pod in world.all(Pod.self) where pod.isTerminated { world.remove(Pod.resource, pod.name) }
        world.settle(controller, key)
        #expect(status(world).succeeded == 2)
        endAll("Succeeded", &world)
        #expect(status(world).conditions["Complete"]?.reason == "CompletionsReached")
        #expect(status(world).conditions["SuccessCriteriaMet"]?.isTrue == true)
        #expect(status(world).completionTime != nil)
        #expect(status(world).succeeded == 3)
        #expect(!world.all(Pod.self).contains(where: JobPods.isTracked))
    }

    @Test func `a paused job that is over has begun, too`() {
        var world = world(["completions": 0, "suspend": true])
        world.settle(controller, key)
        #expect(status(world).conditions["Complete"]?.isTrue == true)
        #expect(status(world).startTime == world.now && status(world).completionTime == world.now)
    }

    @Test func `an ended pod is noted before it is let go, and let go before it is counted`() {
        var world = world(["completions": 2])
        world.settle(controller, key)
        end(active(world)[0], "Succeeded", &world)
        let noted = world.step(controller, key)
        #expect(noted.patches.isEmpty)
        #expect(status(world).uncounted.succeeded.count == 1)
        #expect(status(world).succeeded == 0)
        let released = world.step(controller, key)
        #expect(released.patches.count == 1)
        _ = world.step(controller, key)
        #expect(status(world).uncounted.succeeded.isEmpty)
        #expect(status(world).succeeded == 1)
    }

    @Test func `too many failures fail it and end what runs`() {
        var world = world(["backoffLimit": 0, "parallelism": 3, "completions": 3])
        world.settle(controller, key)
        end(active(world)[0], "Failed", &world)
        world.settle(controller, key)
        #expect(status(world).conditions["Failed"]?.reason == "BackoffLimitExceeded")
        #expect(status(world).conditions["FailureTarget"]?.reason == "BackoffLimitExceeded")
        #expect(active(world).isEmpty)
    }

    @Test func `a failure delays the next try`() {
        var world = world()
        world.settle(controller, key)
        endAll("Failed", &world)
        #expect(active(world).isEmpty)
        #expect(controller.reconcile(key, world.caches, now: world.now.advanced(by: .seconds(4))).again == .seconds(6))
        world.now = world.now.advanced(by: .seconds(10))
        world.settle(controller, key)
        #expect(active(world).count == 1)
    }

    @Test func `an indexed job gives each pod its number`() throws {
        var world = world(["completionMode": "Indexed", "completions": 4, "parallelism": 2])
        world.settle(controller, key)
        #expect(indexes(world) == [0, 1])
        let pod = try #require(active(world).last)
        #expect(pod.spec.hostname == "work-1")
        #expect(pod.labels["batch.kubernetes.io/job-completion-index"] == "1")
        #expect(pod.object.array("spec", "containers")[0]["env"]?[0]?["name"] == "JOB_COMPLETION_INDEX")
        end(pod, "Succeeded", &world)
        world.settle(controller, key)
        #expect(indexes(world) == [0, 2])
        #expect(status(world).text("completedIndexes") == "1")
        for _ in 0..<3 { endAll("Succeeded", &world) }
        #expect(status(world).text("completedIndexes") == "0-3")
        #expect(status(world).conditions["Complete"]?.isTrue == true)
    }

    @Test func `what counted as failed while it was being deleted does not succeed any more`() {
        var world = world(["completionMode": "Indexed", "completions": 2, "parallelism": 2, "backoffLimit": .null, "backoffLimitPerIndex": 0])
        world.settle(controller, key)
        var pod = active(world)[0]
        pod.object["metadata", "deletionTimestamp"] = .string(world.now.rfc3339)
        world.put(pod)
        _ = world.step(controller, key)
        #expect(status(world).text("failedIndexes") == "0" && status(world).uncounted.failed == [pod.uid])
        end(pod, "Succeeded", &world)
        world.settle(controller, key)
        #expect(status(world).text("failedIndexes") == "0" && status(world).text("completedIndexes") ?? "" == "")
        #expect(status(world).failed == 1 && status(world).uncounted.failed.isEmpty)
        #expect(!world.all(Pod.self).contains { $0.uid == pod.uid && JobPods.isTracked($0) })
    }

    @Test func `numbers that fail for good do not keep the others from being done`() {
        var world = world(["completionMode": "Indexed", "completions": 3, "parallelism": 3, "backoffLimit": .null, "backoffLimitPerIndex": 1])
        world.settle(controller, key)
        for pod in active(world) { end(pod, JobPods.index(of: pod) == 1 ? "Failed" : "Succeeded", &world) }
        world.settle(controller, key)
        world.now = world.now.advanced(by: .seconds(10))
        world.settle(controller, key)
        #expect(indexes(world) == [1])
        #expect(active(world).map { JobPods.failures(before: $0) } == [1])
        endAll("Failed", &world)
        #expect(status(world).conditions["Failed"]?.reason == "FailedIndexes")
        #expect(status(world).text("failedIndexes") == "1")
        #expect(status(world).text("completedIndexes") == "0,2")
        #expect(status(world).failed == 2)
    }

    @Test(
        arguments: [
            ("FailJob", "PodFailurePolicy"), ("FailIndex", "MaxFailedIndexesExceeded"), ("Ignore", nil), ("Count", "FailedIndexes"),
        ] as [(String, String?)])
    func `the policy decides what a failure means`(_ action: String, _ reason: String?) {
        let policy: JSONValue = ["rules": [["action": .string(action), "onExitCodes": ["operator": "In", "values": [42]]]]]
        var world = world([
            "completionMode": "Indexed", "completions": 1, "backoffLimit": .null, "backoffLimitPerIndex": 0, "podFailurePolicy": policy,
        ])
        if action == "FailIndex" {
            var job = world.all(Job.self)[0]
            job.object["spec", "maxFailedIndexes"] = 0
            world.put(job)
        }
        world.settle(controller, key)
        end(active(world)[0], "Failed", &world, code: 42)
        world.settle(controller, key)
        #expect(status(world).conditions["Failed"]?.reason == reason)
        #expect(status(world).failed == (action == "Ignore" ? 0 : 1))
        #expect(active(world).isEmpty)
        world.now = world.now.advanced(by: .seconds(10))
        world.settle(controller, key)
        #expect(active(world).count == (action == "Ignore" ? 1 : 0))
        #expect(active(world).allSatisfy { JobPods.failures(before: $0) == 0 && JobPods.ignoredFailures(before: $0) == 1 })
    }

    @Test func `a success policy ends it early`() {
        let policy: JSONValue = ["rules": [["succeededIndexes": "0-1", "succeededCount": 1]]]
        var world = world(["completionMode": "Indexed", "completions": 5, "parallelism": 5, "successPolicy": policy])
        world.settle(controller, key)
        end(active(world)[0], "Succeeded", &world)
        world.settle(controller, key)
        #expect(status(world).conditions["Complete"]?.reason == "SuccessPolicy")
        #expect(status(world).conditions["SuccessCriteriaMet"]?.message == "Matched rules at index 0")
        #expect(active(world).isEmpty)
    }

    @Test func `a suspended job has no pods until it resumes`() {
        var world = world(["activeDeadlineSeconds": 60])
        world.settle(controller, key)
        var job = world.all(Job.self)[0]
        job.object["spec", "suspend"] = true
        world.put(job)
        world.settle(controller, key)
        #expect(world.all(Pod.self).isEmpty)
        #expect(status(world).conditions["Suspended"]?.isTrue == true)
        #expect(status(world).startTime == nil)
        #expect(status(world).failed == 0)
        world.now = world.now.advanced(by: .seconds(90))
        job = world.all(Job.self)[0]
        job.object["spec", "suspend"] = false
        world.put(job)
        world.settle(controller, key)
        #expect(active(world).count == 1)
        #expect(status(world).conditions["Suspended"]?.reason == "JobResumed")
        #expect(status(world).startTime == world.now)
    }

    @Test(arguments: [
        (["Succeeded", "Running"], ["TooManyActivePods"]), (["Succeeded", "Succeeded"], ["TooManySucceededPods"]), (["Succeeded"], []),
    ])
    func `more pods than were wanted are complained of once`(phases: [String], reasons: [String]) {
        var world = world()
        world.settle(controller, key)
        let pod = active(world)[0]
        for (number, phase) in phases.enumerated() {
            var one = pod
            if number > 0 { (one.object.name, one.object.uid) = ("extra", "extra") }
            if phase == "Running" { world.put(one) } else { end(one, phase, &world) }
        }
        var complaints: [String] = []
        for _ in 0..<8 {
            complaints += world.step(controller, key).changes.compactMap {
                if case .event(_, .warning, let reason, _) = $0 { reason } else { nil }
            }
        }
        #expect(complaints == reasons)
        #expect(status(world).conditions["Complete"]?.isTrue == true)
    }

    @Test func `a deadline fails it`() {
        var world = world(["activeDeadlineSeconds": 30])
        world.settle(controller, key)
        #expect(controller.reconcile(key, world.caches, now: world.now.advanced(by: .seconds(10))).again == .seconds(20))
        world.now = world.now.advanced(by: .seconds(30))
        world.settle(controller, key)
        #expect(status(world).conditions["Failed"]?.reason == "DeadlineExceeded")
        #expect(active(world).isEmpty)
    }

    @Test func `a pod held for a job that is gone is let go, even when a new job has its name`() throws {
        var world = world()
        world.settle(controller, key)
        let releaser = JobPodReleaser()
        let name = ObjectName(Pod.resource, try #require(world.all(Pod.self).first).object)
        #expect(releaser.reconcile(name, world.caches, now: world.now).changes.isEmpty)
        var job = world.all(Job.self)[0]
        job.object.uid = "another"
        world.put(job)
        let result = world.step(releaser, name)
        #expect(result.changes.first == .requireAbsent(key, uid: "job-uid"))
        #expect(!world.all(Pod.self).contains(where: JobPods.isTracked))
    }

    @Test(arguments: [true, false]) func `a held orphan stays held only while a job can adopt it`(_ isEnded: Bool) throws {
        var world = world()
        world.settle(controller, key)
        var orphan = world.all(Pod.self)[0]
        orphan.object.ownerReferences = []
        if isEnded { orphan.object["status", "phase"] = "Failed" }
        world.put(orphan)
        let result = world.step(JobPodReleaser(), ObjectName(Pod.resource, orphan.object))
        #expect(result.patches.count == (isEnded ? 1 : 0))
    }

    @Test func `an orphan is adopted and held, and a pod that does not match is released and let go`() throws {
        var world = world(["parallelism": 2, "completions": 2])
        world.settle(controller, key)
        let pods = world.all(Pod.self)
        var orphan = pods[0]
        orphan.object.ownerReferences = []
        orphan.object.finalizers = []
        world.put(orphan)
        #expect(controller.keys(Pod.resource, orphan.object, isGone: false, world.caches) == [key])
        var other = pods[1]
        other.object.labels = [:]
        world.put(other)
        world.settle(controller, key)
        let adopted = try #require(world.all(Pod.self).first { $0.name == orphan.name })
        #expect(adopted.object.controllerRef?.uid == "job-uid")
        #expect(JobPods.isTracked(adopted))
        let released = try #require(world.all(Pod.self).first { $0.name == other.name })
        #expect(released.object.controllerRef == nil)
        #expect(!JobPods.isTracked(released))
        #expect(active(world).count == 3)
    }

    @Test(arguments: ["Failed", "TerminatingOrFailed"]) func `the policy says whether a new pod waits for the end of the old one`(_ policy: String) {
        var world = world(["podReplacementPolicy": .string(policy)])
        world.settle(controller, key)
        var pod = active(world)[0]
        pod.object["metadata", "deletionTimestamp"] = .string(world.now.rfc3339)
        world.put(pod)
        world.settle(controller, key)
        #expect(status(world).value["terminating"] == 1)
        #expect(status(world).failed == (policy == "Failed" ? 0 : 1))
        world.now = world.now.advanced(by: .seconds(10))
        world.settle(controller, key)
        #expect(active(world).count == (policy == "Failed" ? 0 : 1))
    }

    @Test func `an indexed job grows and shrinks, and what it drops does not count`() {
        var world = world(["completionMode": "Indexed", "completions": 2, "parallelism": 2, "backoffLimit": .null, "backoffLimitPerIndex": 0])
        world.settle(controller, key)
        for size in [4, 1] as [Int64] {
            var job = world.all(Job.self)[0]
            job.object["spec", "completions"] = .integer(size)
            job.object["spec", "parallelism"] = .integer(size)
            world.put(job)
            world.settle(controller, key)
            #expect(indexes(world) == Array(0..<size))
        }
        #expect(status(world).failed == 0)
        #expect(status(world).text("failedIndexes") == "")
    }

    @Test func `a failed pod that others need to know of does not keep a job from its end`() {
        let spec: JSONObject = ["completionMode": "Indexed", "completions": 3, "parallelism": 3, "backoffLimit": .null, "maxFailedIndexes": 0]
        var world = world(spec)
        var job = world.all(Job.self)[0]
        job.object["spec", "backoffLimitPerIndex"] = 1
        world.put(job)
        world.settle(controller, key)
        for pod in active(world) where JobPods.index(of: pod) == 0 { end(pod, "Failed", &world) }
        world.settle(controller, key)
        world.now = world.now.advanced(by: .seconds(10))
        world.settle(controller, key)
        for pod in active(world) where JobPods.index(of: pod) != 2 { end(pod, "Failed", &world) }
        world.settle(controller, key)
        #expect(status(world).conditions["Failed"]?.reason == "MaxFailedIndexesExceeded")
        #expect(!world.all(Pod.self).contains(where: JobPods.isTracked))
    }

    @Test func `a job that somebody else manages is left alone`() {
        var world = world(["managedBy": "example.com/queue"])
        #expect(world.step(controller, key).changes.isEmpty)
    }

    @Test func `a finished job is deleted after its time`() {
        var world = world(["ttlSecondsAfterFinished": 60])
        var job = world.all(Job.self)[0]
        job.object["status"] = ["completionTime": .string(start.rfc3339), "conditions": [["type": "Complete", "status": "True"]]]
        world.put(job)
        let collector = FinishedJobCollector()
        #expect(collector.reconcile(key, world.caches, now: start.advanced(by: .seconds(20))).again == .seconds(40))
        #expect(collector.reconcile(key, world.caches, now: start.advanced(by: .seconds(60))).deletions == ["work"])
    }
}
