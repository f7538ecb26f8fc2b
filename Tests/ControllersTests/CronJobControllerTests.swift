import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

@Suite struct CronJobControllerTests {
    private let controller = CronJobController(zone: { $0 == "Test/East" ? TimeZoneRules(tzif: east) : nil })
    private let key = ObjectName(CronJob.resource, namespace: "default", name: "tick")
    /// Eight seconds past 2027-01-15T08:00:00Z.
    private let begin = Timestamp(seconds: start.seconds + 8)

    /// A zone three hours east of UTC.
    private static var east: [UInt8] {
        let head = Array("TZif".utf8) + [UInt8](repeating: 0, count: 16)
        let counts = ([0, 0, 0, 0, 1, 4] as [UInt8]).flatMap { count -> [UInt8] in [0, 0, 0, count] }
        return head + counts + [0, 0, 0x2A, 0x30, 0, 0] + Array("EST\0".utf8)
    }

    private func world(_ spec: JSONObject = [:]) -> ToyWorld {
        var cron = CronJob(name: "tick", namespace: "default")
        cron.object.uid = "cron-uid"
        cron.object.creationTimestamp = begin
        cron.object["spec"] = [
            "schedule": "* * * * *",
            "jobTemplate": [
                "metadata": ["labels": ["of": "tick"]],
                "spec": ["template": ["spec": ["restartPolicy": "Never", "containers": [["name": "a", "image": "i"]]]]],
            ],
        ]
        for member in spec { cron.object["spec", member.key] = member.value }
        var world = ToyWorld()
        world.put(cron)
        world.now = begin
        return world
    }

    private func status(_ world: ToyWorld) -> CronJobStatus { world.all(CronJob.self)[0].status }

    private func finish(_ name: String, _ world: inout ToyWorld, as end: String = "Complete") {
        guard var job = world.all(Job.self).first(where: { $0.name == name }) else { return }
        job.object["status"] = ["startTime": .string(world.now.rfc3339), "conditions": [["type": .string(end), "status": "True"]]]
        if end == "Complete" { job.object["status", "completionTime"] = .string(world.now.rfc3339) }
        world.put(job)
    }

    private func pass(_ seconds: Int64, _ world: inout ToyWorld) {
        world.now = world.now.advanced(by: .seconds(seconds))
        world.settle(controller, key)
    }

    @Test func `a job comes at each time, named after its minute`() throws {
        var world = world()
        world.settle(controller, key)
        #expect(world.all(Job.self).isEmpty)
        #expect(controller.reconcile(key, world.caches, now: world.now).again == .seconds(52))
        pass(52, &world)
        let job = try #require(world.all(Job.self).first)
        #expect(job.name == "tick-\((begin.seconds + 52) / 60)")
        #expect(job.labels == ["of": "tick"])
        #expect(job.object.annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"] == "2027-01-15T08:01:00Z")
        #expect(job.object.controllerRef?.uid == "cron-uid")
        #expect(status(world).active.map { $0.text("name") } == [job.name])
        #expect(status(world).lastScheduleTime == world.now)
        pass(1, &world)
        #expect(world.all(Job.self).count == 1)
        pass(60, &world)
        #expect(world.all(Job.self).count == 2)
        #expect(status(world).active.count == 2)
    }

    @Test func `Forbid waits for the last job to end`() {
        var world = world(["concurrencyPolicy": "Forbid"])
        pass(60, &world)
        let first = world.all(Job.self).map(\.name)
        pass(60, &world)
        #expect(world.all(Job.self).map(\.name) == first)
        finish(first[0], &world)
        world.settle(controller, key)
        #expect(world.all(Job.self).count == 2)
        #expect(status(world).active.count == 1)
    }

    @Test func `Replace ends the last job for the next`() {
        var world = world(["concurrencyPolicy": "Replace"])
        pass(60, &world)
        let first = world.all(Job.self).map(\.name)
        pass(60, &world)
        #expect(world.all(Job.self).count == 1)
        #expect(world.all(Job.self).map(\.name) != first)
        #expect(status(world).active.count == 1)
    }

    @Test func `a suspended schedule starts nothing`() {
        var world = world(["suspend": true])
        pass(180, &world)
        #expect(world.all(Job.self).isEmpty)
        #expect(controller.reconcile(key, world.caches, now: world.now).again == nil)
    }

    @Test func `of many missed times only the last is made up for, within its deadline`() {
        var world = world()
        pass(3600, &world)
        #expect(world.all(Job.self).map(\.name) == ["tick-\(world.now.seconds / 60)"])
        var strict = self.world(["schedule": "0 * * * *", "startingDeadlineSeconds": 30])
        pass(3600 + 40, &strict)
        #expect(strict.all(Job.self).isEmpty)
        pass(3600 - 30, &strict)
        #expect(strict.all(Job.self).count == 1)
    }

    @Test func `more than a hundred missed times are worth a warning`() {
        var world = world()
        world.now = begin.advanced(by: .seconds(7000))
        let reasons = world.step(controller, key).changes.compactMap { if case .event(_, _, let reason, _) = $0 { reason } else { nil } }
        #expect(reasons.contains("TooManyMissedTimes"))
        #expect(world.all(Job.self).count == 1)
    }

    @Test func `finished jobs are kept up to their limits`() {
        var world = world(["successfulJobsHistoryLimit": 1, "failedJobsHistoryLimit": 0])
        for _ in 0..<3 {
            pass(60, &world)
            finish("tick-\(world.now.seconds / 60)", &world)
            world.settle(controller, key)
        }
        #expect(world.all(Job.self).map(\.name) == ["tick-\(world.now.seconds / 60)"])
        #expect(status(world).lastSuccessfulTime == world.now)
        pass(60, &world)
        finish("tick-\(world.now.seconds / 60)", &world, as: "Failed")
        world.settle(controller, key)
        #expect(world.all(Job.self).count == 1)
    }

    @Test func `times follow the zone`() throws {
        var world = world(["schedule": "30 11 * * *", "timeZone": "Test/East"])
        pass(1800, &world)
        let job = try #require(world.all(Job.self).first)
        #expect(job.object.annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"] == "2027-01-15T11:30:00+03:00")
        var nowhere = self.world(["timeZone": "No/Where"])
        pass(60, &nowhere)
        #expect(nowhere.all(Job.self).isEmpty)
    }

    @Test func `a job made by hand does not count`() {
        var world = world(["concurrencyPolicy": "Forbid"])
        var job = Job(name: "by-hand", namespace: "default")
        job.object.uid = "by-hand"
        job.object.annotations = ["cronjob.kubernetes.io/instantiate": "manual"]
        job.object.ownerReferences = [OwnerReference(controller: world.all(CronJob.self)[0].object)]
        world.put(job)
        world.now = begin.advanced(by: .seconds(60))
        _ = world.step(controller, key)
        #expect(world.all(Job.self).count == 2)
        #expect(status(world).active.isEmpty)
    }
}
