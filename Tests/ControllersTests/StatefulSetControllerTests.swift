import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

@Suite struct StatefulSetControllerTests {
    private let controller = StatefulSetController()
    private let key = ObjectName(StatefulSet.resource, namespace: "default", name: "db")

    private func world(_ replicas: Int64, _ spec: JSONObject = [:]) -> ToyWorld {
        var set = StatefulSet(name: "db", namespace: "default")
        set.object.uid = "set-uid"
        set.object.generation = 1
        set.object["spec"] = [
            "replicas": .integer(replicas), "serviceName": "names", "selector": ["matchLabels": ["app": "db"]],
            "template": ["metadata": ["labels": ["app": "db"]], "spec": ["containers": [["name": "a", "image": "one"]]]],
        ]
        for member in spec { set.object["spec", member.key] = member.value }
        var world = ToyWorld()
        world.put(set)
        return world
    }

    private func setImage(_ image: String, _ world: inout ToyWorld) {
        change(&world) { $0.object["spec", "template", "spec", "containers"] = [["name": "a", "image": .string(image)]] }
    }

    private func change(_ world: inout ToyWorld, _ body: (inout StatefulSet) -> Void) {
        var set = world.all(StatefulSet.self)[0]
        body(&set)
        set.object.generation += 1
        world.put(set)
    }

    private func status(_ world: ToyWorld) -> StatefulSetStatus { world.all(StatefulSet.self)[0].status }
    private func images(_ world: ToyWorld) -> [String] { world.all(Pod.self).map { $0.spec.containers[0].image } }

    @Test func `pods come in order, each with its name, number and revision`() throws {
        var world = world(3)
        world.settle(controller, key)
        #expect(world.history.filter { $0.hasPrefix("+db-") && $0.utf8.count == 5 } == ["+db-0", "+db-1", "+db-2"])
        let pod = try #require(world.all(Pod.self).last)
        let revision = try #require(world.all(ControllerRevision.self).first)
        #expect(pod.labels["statefulset.kubernetes.io/pod-name"] == "db-2")
        #expect(pod.labels["apps.kubernetes.io/pod-index"] == "2")
        #expect(pod.labels["controller-revision-hash"] == revision.name)
        #expect(pod.spec.hostname == "db-2")
        #expect(pod.spec.subdomain == "names")
        let status = status(world)
        #expect([status.replicas, status.readyReplicas, status.currentReplicas, status.updatedReplicas, status.availableReplicas] == [3, 3, 3, 3, 3])
        #expect(status.currentRevision == revision.name)
        #expect(status.observedGeneration == 1)
    }

    @Test func `a pod that is not ready holds up those after it, and the end of those before`() {
        var world = world(3)
        world.broken = ["db-0"]
        world.settle(controller, key)
        #expect(world.all(Pod.self).map(\.name) == ["db-0"])
        world.broken = []
        world.settle(controller, key)
        var sick = world.all(Pod.self)[0]
        sick.object["status", "conditions"] = []
        world.put(sick)
        world.broken = ["db-0"]
        change(&world) { $0.object["spec", "replicas"] = 1 }
        world.settle(controller, key)
        #expect(world.all(Pod.self).count == 3)
        world.broken = []
        world.settle(controller, key)
        change(&world) { $0.object["spec", "replicas"] = 0 }
        world.settle(controller, key)
        #expect(world.history.suffix(3) == ["-db-2", "-db-1", "-db-0"])
    }

    @Test func `parallel pods wait for nobody`() {
        var world = world(3, ["podManagementPolicy": "Parallel"])
        world.broken = ["db-"]
        world.settle(controller, key)
        #expect(world.all(Pod.self).count == 3)
        change(&world) { $0.object["spec", "replicas"] = 1 }
        world.settle(controller, key)
        #expect(world.all(Pod.self).map(\.name) == ["db-0"])
    }

    @Test func `a new template goes from the highest pod to the lowest, and back with a patch of its history`() throws {
        var world = world(3)
        world.settle(controller, key)
        let first = status(world).currentRevision
        setImage("two", &world)
        world.settle(controller, key)
        #expect(world.history.suffix(6) == ["-db-2", "+db-2", "-db-1", "+db-1", "-db-0", "+db-0"])
        #expect(images(world) == ["two", "two", "two"])
        #expect(status(world).currentRevision != first)
        #expect(status(world).currentRevision == status(world).updateRevision)
        setImage("one", &world)
        world.settle(controller, key)
        #expect(status(world).currentRevision == first)
        #expect(world.all(ControllerRevision.self).map(\.revision).sorted() == [2, 3])
        let data = try #require(world.all(ControllerRevision.self).first { $0.name == first }).data
        #expect(data["spec", "template", "$patch"] == "replace")
    }

    @Test func `pods below the partition stay what they were, also when they are made anew`() {
        var world = world(3, ["updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["partition": 2]]])
        world.settle(controller, key)
        setImage("two", &world)
        world.settle(controller, key)
        #expect(images(world) == ["one", "one", "two"])
        #expect(status(world).currentRevision != status(world).updateRevision)
        #expect(status(world).updatedReplicas == 1)
        for name in ["db-0", "db-2"] { world.remove(Pod.resource, name) }
        world.settle(controller, key)
        #expect(images(world) == ["one", "one", "two"])
    }

    @Test(arguments: [(JSONValue.integer(2), 2), (.string("75%"), 3), (.string("1%"), 1)])
    func `an update takes as many pods at a time as may be missing`(_ most: JSONValue, _ expected: Int) {
        let strategy: JSONValue = ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": most]]
        var world = world(4, ["podManagementPolicy": "Parallel", "updateStrategy": strategy])
        world.settle(controller, key)
        setImage("two", &world)
        let first = world.step(controller, key)
        #expect(first.deletions.count == expected)
    }

    @Test func `OnDelete replaces nothing by itself`() {
        var world = world(2, ["updateStrategy": ["type": "OnDelete"]])
        world.settle(controller, key)
        setImage("two", &world)
        world.settle(controller, key)
        #expect(images(world) == ["one", "one"])
        world.remove(Pod.resource, "db-1")
        world.settle(controller, key)
        #expect(images(world) == ["one", "two"])
    }

    @Test func `a failed pod is made anew`() {
        var world = world(1)
        world.settle(controller, key)
        var pod = world.all(Pod.self)[0]
        pod.object["status"] = ["phase": "Failed"]
        world.put(pod)
        world.settle(controller, key)
        #expect(world.history.suffix(2) == ["-db-0", "+db-0"])
    }

    @Test func `numbers begin where the set says`() {
        var world = world(2, ["ordinals": ["start": 5]])
        world.settle(controller, key)
        #expect(world.all(Pod.self).map(\.name) == ["db-5", "db-6"])
        change(&world) { $0.object["spec", "ordinals", "start"] = 6 }
        world.settle(controller, key)
        #expect(world.all(Pod.self).map(\.name) == ["db-6", "db-7"])
    }

    @Test func `the next pod waits until the last has been ready long enough`() {
        var world = world(2, ["minReadySeconds": 30])
        world.settle(controller, key)
        #expect(world.all(Pod.self).count == 1)
        #expect(status(world).readyReplicas == 1)
        #expect(status(world).availableReplicas == 0)
        #expect(controller.reconcile(key, world.caches, now: world.now.advanced(by: .seconds(10))).again == .seconds(20))
        world.now = world.now.advanced(by: .seconds(30))
        world.settle(controller, key)
        #expect(world.all(Pod.self).count == 2)
    }

    @Test func `every pod gets claims of its own, which its volumes name`() throws {
        var world = world(2, ["volumeClaimTemplates": [["metadata": ["name": "data"], "spec": ["accessModes": ["ReadWriteOnce"]]]]])
        world.settle(controller, key)
        let claims = world.caches.all(ClaimProtection.resource, namespace: nil)
        #expect(claims.map(\.name) == ["data-db-0", "data-db-1"])
        #expect(claims.allSatisfy { $0.labels == ["app": "db"] && $0.kind == "PersistentVolumeClaim" && $0.ownerReferences.isEmpty })
        let volumes = try #require(world.all(Pod.self).last).object.array("spec", "volumes")
        #expect(volumes == [["name": "data", "persistentVolumeClaim": ["claimName": "data-db-1"]]])
        change(&world) { $0.object["spec", "replicas"] = 1 }
        world.settle(controller, key)
        #expect(world.caches.all(ClaimProtection.resource, namespace: nil).count == 2)
    }

    @Test func `the retention policy says who owns the claims`() throws {
        let policy: JSONValue = ["whenDeleted": "Delete", "whenScaled": "Delete"]
        var world = world(
            2, ["volumeClaimTemplates": [["metadata": ["name": "data"]]], "persistentVolumeClaimRetentionPolicy": policy])
        world.settle(controller, key)
        func owners(_ name: String) -> [String] {
            world.caches.get(ObjectName(ClaimProtection.resource, namespace: "default", name: name))?.ownerReferences.map(\.kind) ?? []
        }
        #expect(owners("data-db-1") == ["StatefulSet"])
        change(&world) { $0.object["spec", "replicas"] = 1 }
        world.settle(controller, key)
        #expect(owners("data-db-0") == ["StatefulSet"])
        #expect(owners("data-db-1") == ["Pod"])
        // A pod of the number comes back only once its predecessor's claim is gone.
        change(&world) { $0.object["spec", "replicas"] = 2 }
        world.settle(controller, key)
        #expect(world.all(Pod.self).map(\.name) == ["db-0"])
        world.remove(ClaimProtection.resource, "data-db-1")
        world.settle(controller, key)
        #expect(world.all(Pod.self).map(\.name) == ["db-0", "db-1"])
        #expect(owners("data-db-1") == ["StatefulSet"])
    }

    @Test func `old revisions go beyond the limit`() {
        var world = world(1, ["revisionHistoryLimit": 2])
        for image in ["one", "two", "three", "four", "five"] {
            setImage(image, &world)
            world.settle(controller, key)
        }
        #expect(world.all(ControllerRevision.self).map(\.revision).sorted() == [3, 4, 5])
    }

    @Test func `a revision's name that is taken is not tried again`() {
        var (taken, probe) = (world(1), world(1))
        probe.settle(controller, key)
        let name = probe.all(ControllerRevision.self)[0].name
        taken.put(ControllerRevision(name: name, namespace: "default"))
        taken.settle(controller, key)
        #expect(status(taken).collisionCount == 1)
        #expect(status(taken).updateRevision != name)
    }

    @Test(arguments: ["db", "db-", "db-x", "db-01", "db--1", "web-0", "db-99999999999"])
    func `pods of other names are left alone`(_ name: String) {
        var world = world(0)
        var stray = pod(name, labels: ["app": "db"])
        stray.object.ownerReferences = []
        world.put(stray)
        world.settle(controller, key)
        #expect(world.all(Pod.self).map(\.name) == [name])
        #expect(!world.history.contains("-\(name)"))
    }
}
