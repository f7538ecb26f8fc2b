import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

@Suite struct JobControllerTests {
    private func job(_ spec: JSONObject = [:], status: JSONObject = [:]) -> Job {
        var job = Job(name: "work", namespace: "default")
        job.object.uid = "job-uid"
        var whole: JSONObject = [
            "parallelism": 1, "completions": 1, "backoffLimit": 2,
            "template": ["spec": ["restartPolicy": "Never", "containers": [["name": "a", "image": "i"]]]],
        ]
        for member in spec { whole[member.key] = member.value }
        job.object["spec"] = .object(whole)
        job.object["status"] = .object(status)
        return job
    }

    private func reconcile(_ job: Job, _ pods: [Pod], at now: Timestamp = start.advanced(by: .seconds(3600))) -> Reconciliation {
        var caches = FixedCaches()
        caches.add(job)
        for pod in pods { caches.add(pod) }
        return JobController().reconcile(ObjectName(Job.resource, job.object), caches, now: now)
    }

    private func ended(_ name: String, _ job: Job, _ phase: String) -> Pod { pod(name, owner: job.object, phase: phase, isReady: false) }

    @Test func `a new job starts its pods and notes when`() throws {
        let result = reconcile(job(["parallelism": 2, "completions": 5]), [])
        #expect(result.creations.count == 2)
        #expect(result.creations[0].labels["batch.kubernetes.io/job-name"] == "work")
        #expect(Job(try #require(result.status)).status.startTime != nil)
    }

    @Test func `enough successes complete it`() throws {
        let job = job(["completions": 2])
        let result = reconcile(job, [ended("a", job, "Succeeded"), ended("b", job, "Succeeded")])
        let status = Job(try #require(result.status)).status
        #expect(status.conditions["Complete"]?.isTrue == true)
        #expect(status.succeeded == 2)
        #expect(status.completionTime != nil)
        #expect(result.creations.isEmpty)
    }

    @Test func `too many failures fail it and end what runs`() throws {
        let job = job(["backoffLimit": 1, "parallelism": 3, "completions": 3])
        let pods = [ended("a", job, "Failed"), ended("b", job, "Failed"), pod("c", owner: job.object)]
        let result = reconcile(job, pods)
        #expect(Job(try #require(result.status)).status.conditions["Failed"]?.reason == "BackoffLimitExceeded")
        #expect(result.deletions == ["c"])
    }

    @Test func `a failure delays the next try`() {
        let job = job()
        let result = reconcile(job, [ended("a", job, "Failed")], at: start.advanced(by: .seconds(4)))
        #expect(result.creations.isEmpty)
        #expect(result.again == .seconds(6))
        #expect(reconcile(job, [ended("a", job, "Failed")], at: start.advanced(by: .seconds(10))).creations.count == 1)
    }

    @Test func `a deadline fails it`() throws {
        let job = job(["activeDeadlineSeconds": 30], status: ["startTime": .string(start.rfc3339)])
        #expect(reconcile(job, [pod("a", owner: job.object)], at: start.advanced(by: .seconds(10))).again == .seconds(20))
        let result = reconcile(job, [pod("a", owner: job.object)], at: start.advanced(by: .seconds(30)))
        #expect(Job(try #require(result.status)).status.conditions["Failed"]?.reason == "DeadlineExceeded")
        #expect(result.deletions == ["a"])
    }

    @Test func `a suspended job has no pods until it resumes`() throws {
        let suspended = job(["suspend": true])
        let result = reconcile(suspended, [pod("a", owner: suspended.object)])
        #expect(result.deletions == ["a"])
        #expect(Job(try #require(result.status)).status.conditions["Suspended"]?.isTrue == true)
    }

    @Test func `a finished job is deleted after its time`() {
        let status: JSONObject = [
            "completionTime": .string(start.rfc3339), "conditions": [["type": "Complete", "status": "True"]],
        ]
        let job = job(["ttlSecondsAfterFinished": 60], status: status)
        var caches = FixedCaches()
        caches.add(job)
        let key = ObjectName(Job.resource, job.object)
        let collector = FinishedJobCollector()
        #expect(collector.reconcile(key, caches, now: start.advanced(by: .seconds(20))).again == .seconds(40))
        #expect(collector.reconcile(key, caches, now: start.advanced(by: .seconds(60))).deletions == ["work"])
    }

    @Test func `successes that were deleted stay counted`() throws {
        let job = job(["completions": 3], status: ["succeeded": 2, "startTime": .string(start.rfc3339)])
        let result = reconcile(job, [])
        #expect(result.creations.count == 1)
    }
}
