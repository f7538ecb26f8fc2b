import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

@Suite struct ReplicaSetControllerTests {
    private let set = replicaSet("web", replicas: 3)
    private var key: ObjectName { ObjectName(ReplicaSet.resource, set.object) }

    private func reconcile(_ pods: [Pod], _ set: ReplicaSet? = nil) -> Reconciliation {
        var caches = FixedCaches()
        caches.add(set ?? self.set)
        for pod in pods { caches.add(pod) }
        return ReplicaSetController().reconcile(key, caches, now: start.advanced(by: .seconds(60)))
    }

    @Test func `a set short of replicas creates exactly the missing pods`() throws {
        let result = reconcile([pod("web-1", owner: set.object)])
        #expect(result.creations.count == 2)
        let created = try #require(result.creations.first)
        #expect(created.controllerRef?.uid == "rs-uid")
        #expect(created.generateName == "web-")
        #expect(created.labels == ["app": "web"])
    }

    @Test func `ended and dying pods are replaced`() {
        var dying = pod("web-2", owner: set.object)
        dying.object.deletionTimestamp = start
        let result = reconcile([pod("web-1", owner: set.object, phase: "Failed"), dying, pod("web-3", owner: set.object)])
        #expect(result.creations.count == 2)
    }

    @Test func `a surplus goes by rank, unready pods first`() {
        let small = replicaSet("web", replicas: 1)
        let result = reconcile(
            [
                pod("ready", owner: set.object), pod("pending", owner: set.object, phase: "Pending", isReady: false, node: ""),
                pod("unready", owner: set.object, isReady: false),
            ], small)
        #expect(result.deletions == ["pending", "unready"])
    }

    @Test func `an orphan that matches is adopted instead of making a new pod`() {
        let result = reconcile([pod("a", owner: set.object), pod("b", owner: set.object), pod("orphan")])
        #expect(result.creations.isEmpty)
        #expect(result.patches.first?["metadata", "ownerReferences"]?[0]?["uid"] == "rs-uid")
    }

    @Test func `a pod that matches no more is released and replaced`() {
        let stray = pod("stray", owner: set.object, labels: ["app": "other"])
        let result = reconcile([pod("a", owner: set.object), pod("b", owner: set.object), stray])
        #expect(result.creations.count == 1)
        #expect(result.patches.first?["metadata", "ownerReferences"]?[0]?["$patch"] == "delete")
    }

    @Test func `the status counts ready and available pods`() throws {
        let result = reconcile([pod("a", owner: set.object), pod("b", owner: set.object, isReady: false), pod("c", owner: set.object)])
        let status = ReplicaSet(try #require(result.status)).status
        #expect(status.replicas == 3)
        #expect(status.readyReplicas == 2)
        #expect(status.availableReplicas == 2)
        #expect(status.observedGeneration == 1)
    }

    @Test func `a pod becomes available after minReadySeconds, and the set looks again then`() throws {
        var slow = set
        slow.object["spec", "minReadySeconds"] = 90
        let result = reconcile([pod("a", owner: set.object), pod("b", owner: set.object), pod("c", owner: set.object)], slow)
        #expect(ReplicaSet(try #require(result.status)).status.availableReplicas == 0)
        #expect(result.again == .seconds(30))
    }

    @Test func `a set that is being deleted makes nothing`() {
        var dying = set
        dying.object.deletionTimestamp = start
        #expect(reconcile([], dying).creations.isEmpty)
    }

    @Test func `refused pods show as a condition until none is missing`() throws {
        var caches = FixedCaches()
        caches.add(set)
        let view = CachesWithout(base: caches, hidden: [], refusal: .internalError("exceeded quota: q"))
        let result = ReplicaSetController().reconcile(key, view, now: start)
        let status = try #require(result.status)
        let condition = try #require(ReplicaSet(status).status.conditions["ReplicaFailure"])
        #expect(condition.reason == "FailedCreate")
        #expect(condition.message.hasSuffix("exceeded quota: q"))
        let failed = ReplicaSet(status)
        func conditions(_ set: ReplicaSet) throws -> [Condition] {
            let status = try #require(reconcile([pod("a", owner: set.object)], set).status)
            return ReplicaSet(status).status.conditions
        }
        #expect(try conditions(failed)["ReplicaFailure"]?.isTrue == true)
        var small = failed
        small.object["spec", "replicas"] = 1
        #expect(try conditions(small).isEmpty)
    }

    @Test func `a ReplicationController does the same, with its plain selector or none`() throws {
        for selector in [["app": "web"], nil] as [JSONValue?] {
            var controller = ReplicationController(replicaSet("web", replicas: 2).object)
            controller.object.setType(ReplicationController.kind)
            controller.object["spec", "selector"] = selector
            var caches = FixedCaches()
            caches.add(controller)
            caches.add(pod("orphan"))
            let key = ObjectName(ReplicationController.resource, controller.object)
            let result = ReplicaSetController.ofReplicationControllers.reconcile(key, caches, now: start)
            #expect(result.creations.first?.controllerRef?.kind == "ReplicationController")
            #expect(result.creations.count == 1)
            #expect(result.patches.first?["metadata", "ownerReferences"]?[0]?["kind"] == "ReplicationController")
            #expect(ReplicaSetController.ofReplicationControllers.keys(Pod.resource, pod("orphan").object, isGone: false, caches) == [key])
        }
    }

    @Test func `when all is as wanted nothing changes`() throws {
        let pods = [pod("a", owner: set.object), pod("b", owner: set.object), pod("c", owner: set.object)]
        let settled = ReplicaSet(try #require(reconcile(pods).status))
        #expect(reconcile(pods, settled) == Reconciliation())
    }
}
