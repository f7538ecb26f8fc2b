import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Synchronization
import Testing

@testable import ViewModels

@MainActor @Suite struct ChangesTests {
    private func text(_ model: DetailModel?) -> String { (model?.lines ?? []).map { $0.map(\.text).joined() }.joined(separator: "\n") }

    private func putMap(_ fixture: Fixture, _ name: String, created: String) {
        fixture.server.put(
            "/api/v1/namespaces/default/configmaps/\(name)",
            [
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": [
                    "name": .string(name), "namespace": "default", "uid": .string("uid-\(name)"), "creationTimestamp": .string(created),
                    "managedFields": [
                        ["manager": "helm", "time": .string(created)],
                        ["manager": "kubectl-edit", "time": "2026-03-01T09:59:30Z", "fieldsV1": ["f:data": ["f:colour": JSONValue.object([:])]]],
                    ],
                ],
            ])
    }

    @Test func `creations, changed fields and deletions come together, and the span can be changed`() async throws {
        try await Fixture.with { fixture in
            putMap(fixture, "old", created: "2026-03-01T09:30:00Z")
            putMap(fixture, "new", created: "2026-03-01T09:58:00Z")
            fixture.run("history.changes")
            try await fixture.until("the changes") { text(fixture.app.detail).contains("ConfigMap default/new  by helm") }
            #expect(text(fixture.app.detail).contains("ConfigMap default/old  data.colour  by kubectl-edit"))
            #expect(!text(fixture.app.detail).contains("created    ConfigMap default/old"))
            fixture.run("changes.longer")
            fixture.run("changes.longer")
            #expect(text(fixture.app.detail).contains("created    ConfigMap default/old"))
            fixture.server.remove("/api/v1/namespaces/default/configmaps/new")
            try await fixture.until("the deletion") { text(fixture.app.detail).contains("deleted    ConfigMap default/new  is gone") }
            fixture.run("app.back")
            #expect(fixture.app.detail == nil)
        }
    }

    @Test func `how many kinds may not be read is said`() async throws {
        try await Fixture.with { fixture in
            for plural in ["secrets", "configmaps"] {
                fixture.server.refuse(.get, "/api/v1/\(plural)", .forbidden(GroupResource(group: "", resource: plural), "", "not for you"))
            }
            fixture.run("history.changes")
            try await fixture.until("the changes") { text(fixture.app.detail).contains("not known: 2 kinds may not be read: configmaps, secrets") }
        }
    }

    @Test func `kinds that cannot be read are no deletions`() {
        let maps = GroupVersionResource(group: "", version: "v1", resource: "configmaps")
        let map = KubeObject(["kind": "ConfigMap", "metadata": ["name": "a", "uid": "u"]])
        var memory = ChangeMemory()
        let now = Timestamp(seconds: 1000)
        memory.take(ChangeScan.Look(objects: [(map, maps)], complete: [maps]), at: now)
        memory.take(ChangeScan.Look(gaps: ["configmaps: timeout"]), at: now)
        #expect(memory.deletions.isEmpty)
        memory.take(ChangeScan.Look(objects: [(map, maps)], complete: [maps]), at: now)
        memory.take(ChangeScan.Look(complete: [maps]), at: now)
        #expect(memory.deletions.map(\.object.name) == ["a"])
    }

    @Test func `pulses count what fails, and lead to the object and its cause`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(
                "/apis/apps/v1/namespaces/default/deployments/web",
                [
                    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "namespace": "default", "uid": "d"],
                    "spec": ["replicas": 2], "status": ["availableReplicas": 0],
                ])
            fixture.run("history.pulses")
            try await fixture.until("the counts") { text(fixture.app.detail).contains("Deployment") }
            let row = text(fixture.app.detail).split(separator: "\n").first { $0.contains("Deployment") }
            #expect(row?.split(separator: " ").map(String.init) == ["Deployment", "1", "1", "0", "0"])
            fixture.app.detail?.moveSelection(by: 1)
            fixture.run("detail.open")
            #expect(text(fixture.app.detail).contains("failing  default/web  0/2 ready"))
            fixture.run("detail.open")
            try await fixture.until("the cause") { text(fixture.app.detail).contains("0 of 2 pods are available") }
            fixture.run("app.back")
            fixture.run("app.back")
            #expect(fixture.app.detail?.title == "Pulses")
        }
    }

    @Test func `an hour of use is remembered in steps, whatever the samples`() {
        func sample(_ seconds: Int64, cpu: Int64, memory: Int64, throttled: Int64 = 0) -> [NodeStats] {
            let usage = UsageSample(cpuNanoseconds: cpu, throttledNanoseconds: throttled, workingSet: ByteCount(memory))
            return [
                NodeStats(
                    node: "n", sampledAt: Timestamp(seconds: seconds), usage: usage,
                    pods: [PodStats(namespace: "d", name: "p", uid: "u", usage: usage, containers: [ContainerStats(name: "app", usage: usage)])])
            ]
        }
        var history = UsageHistory()
        let start: Int64 = 1_000_000
        // Half a core for 20 s, held back a fifth of the time.
        for second in Int64(0)...20 { history.take(sample(start + second, cpu: second * 500_000_000, memory: 100, throttled: second * 200_000_000)) }
        let steps = history.container("u", "app", now: Timestamp(seconds: start + 20))
        #expect(steps.count == UsageHistory.steps)
        #expect(steps.cpu.suffix(3).allSatisfy { $0 == 500 } && steps.memory.last == 100)
        #expect(steps.throttled[UsageHistory.steps - 1] == .throttled)
        #expect(steps.cpu[0] == nil)
        // A clock that goes back, a counter that starts anew, and a gap are no spikes.
        history.take(sample(start - 5000, cpu: 0, memory: 1))
        history.take(sample(start + 600, cpu: 1, memory: 100))
        let later = history.container("u", "app", now: Timestamp(seconds: start + 600))
        #expect(later.cpu.last == .some(nil) && later.memory.last == 100)
        #expect(later.cpu.compactMap(\.self).allSatisfy { $0 <= 500 })
        #expect(history.cluster(now: Timestamp(seconds: start + 600)).memory.last == 100)
        history.take(sample(start + 9000, cpu: 2, memory: 7))
        #expect(history.container("u", "app", now: Timestamp(seconds: start + 9000)).memory.compactMap(\.self) == [7])
    }

    @Test func `transfers, waiting and kills are remembered as rates`() {
        func sample(_ second: Int64) -> [NodeStats] {
            var usage = UsageSample()
            usage.disk = TransferSample(received: second * 1000, sent: second * 10)
            let waited = PressureSample(some: PressureSample.Line(nanoseconds: second * 250_000_000))
            usage.pressure = UsageSample.Pressure(memory: waited)
            usage.outOfMemoryKills = second < 15 ? 3 : 4
            let pod = PodStats(
                namespace: "d", name: "p", uid: "u", usage: usage, containers: [ContainerStats(name: "app", usage: usage)],
                network: TransferSample(received: second * 7, sent: second * 5))
            return [NodeStats(node: "n", sampledAt: Timestamp(seconds: 1_000_000 + second), usage: usage, pods: [pod])]
        }
        var history = UsageHistory()
        // What is sent over HTTP and read again says the same.
        for second in Int64(0)...20 { history.take(sample(second).compactMap { NodeStats($0.value) }) }
        let now = Timestamp(seconds: 1_000_020)
        let steps = history.container("u", "app", now: now)
        #expect(steps.received.last == 1000 && steps.sent.last == 10)
        #expect(steps.waits(1).last == 25 && steps.waits(0).last == 0 && steps.waits(2).last == 0)
        #expect(steps.kills == [UsageHistory.steps - 2: .outOfMemory])
        #expect(history.network("u", now: now).received.last == 7 && history.network("u", now: now).sent.last == 5)
        // A counter that starts anew is no peak, and nothing is known where nothing is counted.
        history.take(sample(0).map { NodeStats(node: "n", sampledAt: Timestamp(seconds: 1_000_021), usage: $0.usage, pods: $0.pods) })
        #expect(history.container("u", "app", now: Timestamp(seconds: 1_000_021)).received.compactMap(\.self).allSatisfy { $0 <= 1000 })
        history.take([NodeStats(node: "m", sampledAt: now, pods: [PodStats(namespace: "d", name: "q", uid: "v", containers: [ContainerStats(name: "app")])])])
        let bare = history.container("v", "app", now: now)
        #expect(!bare.hasTransfers && !bare.hasWaits && !history.network("v", now: now).hasTransfers)
    }

    @Test func `samples go on slowly while nobody looks`() async throws {
        let count = Mutex(0)
        let fixture = Fixture(usage: {
            count.withLock { $0 += 1 }
            return []
        })
        fixture.addPod("web-1")
        try await fixture.run { fixture in
            try await fixture.until("a sample") { count.withLock { $0 } >= 2 }
            #expect(fixture.time.now() - Timestamp(rfc3339: "2026-03-01T10:00:00Z")! >= .seconds(30))
        }
    }
}
