import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

@Suite struct CollectingTests {
    private let collector = GarbageCollector(builtinSchemas)

    private func reconcile(_ view: some KubeView, _ others: [any KubeView] = []) -> Reconciliation {
        var caches = FixedCaches()
        caches.add(view)
        for other in others { caches.add(other) }
        return collector.reconcile(ObjectName(type(of: view).resource, view.object), caches, now: start)
    }

    @Test func `a pod whose owner is gone is deleted, after the server was asked`() {
        let set = replicaSet("web", replicas: 1)
        let result = reconcile(pod("a", owner: set.object))
        #expect(result.deletions == ["a"])
        #expect(
            result.changes.first
                == .requireAbsent(ObjectName(ReplicaSet.resource, namespace: "default", name: "web"), uid: "rs-uid"))
    }

    @Test func `a namesake of the owner does not hold the pod`() {
        let set = replicaSet("web", replicas: 1)
        #expect(reconcile(pod("a", owner: set.object), [replicaSet("web", replicas: 1, uid: "other")]).deletions == ["a"])
    }

    @Test func `a living owner holds the pod`() {
        let set = replicaSet("web", replicas: 1)
        #expect(reconcile(pod("a", owner: set.object), [set]) == Reconciliation())
    }

    @Test func `an owner of an unknown kind holds the pod`() {
        var orphan = pod("a")
        orphan.object.ownerReferences = [OwnerReference(apiVersion: "example.com/v1", kind: "Thing", name: "t", uid: "u")]
        #expect(reconcile(orphan) == Reconciliation())
    }

    @Test func `one of two owners gone means that only its reference goes`() {
        let (gone, living) = (replicaSet("gone", replicas: 1, uid: "gone"), replicaSet("living", replicas: 1, uid: "living"))
        var both = pod("a", owner: living.object)
        both.object.ownerReferences.append(
            OwnerReference(apiVersion: "apps/v1", kind: "ReplicaSet", name: gone.name, uid: gone.uid))
        let result = reconcile(both, [living])
        #expect(result.deletions.isEmpty)
        #expect(result.patches.first?["metadata", "ownerReferences"]?[0]?["uid"] == "gone")
    }

    @Test func `foreground deletion takes the dependents first and then the owner`() {
        var set = replicaSet("web", replicas: 1)
        set.object.deletionTimestamp = start
        set.object.finalizers = ["foregroundDeletion"]
        #expect(reconcile(set, [pod("a", owner: set.object)]).deletions == ["a"])
        #expect(reconcile(set).patches == [["metadata": ["uid": "rs-uid", "resourceVersion": "", "finalizers": []]]])
    }

    @Test func `orphaning cuts the ties and deletes nothing`() {
        var set = replicaSet("web", replicas: 1)
        set.object.deletionTimestamp = start
        set.object.finalizers = ["orphan"]
        let result = reconcile(set, [pod("a", owner: set.object)])
        #expect(result.deletions.isEmpty)
        #expect(result.patches.count == 2)
        #expect(result.patches[0]["metadata", "ownerReferences"]?[0]?["$patch"] == "delete")
    }

    @Test func `a deployment that is gone takes its sets, which take their pods`() {
        let set = replicaSet("web", replicas: 1)
        var caches = FixedCaches()
        caches.add(pod("a", owner: set.object))
        let keys = collector.keys(ReplicaSet.resource, set.object, isGone: true, caches)
        #expect(keys == [ObjectName(Pod.resource, namespace: "default", name: "a")])
    }

    @Test func `pods of a node that is gone are removed, after the server was asked`() {
        var caches = FixedCaches()
        let lost = pod("a", node: "gone")
        caches.add(lost)
        let result = PodCollector().reconcile(ObjectName(Pod.resource, lost.object), caches, now: start)
        #expect(result.changes.last == .kill(ObjectName(Pod.resource, lost.object), uid: lost.uid))
        caches.add(Node(name: "gone"))
        #expect(PodCollector().reconcile(ObjectName(Pod.resource, lost.object), caches, now: start) == Reconciliation())
    }

    /// Pods `a` to `c`, each owned by the next and the last by the first, all of them blocking.
    private func circle(leaving: Set<String>) -> [Pod] {
        let names = ["a", "b", "c"]
        let owners = ["a": "c", "b": "a", "c": "b"]
        return names.map { name in
            var pod = pod(name)
            if let owner = owners[name] {
                pod.object.ownerReferences = [
                    OwnerReference(
                        apiVersion: "v1", kind: "Pod", name: owner, uid: "uid-\(owner)", controller: true, blockOwnerDeletion: true)
                ]
            }
            guard leaving.contains(name) else { return pod }
            pod.object.deletionTimestamp = start
            pod.object.finalizers = ["foregroundDeletion"]
            return pod
        }
    }

    private func drain(_ name: String, of pods: [Pod]) throws -> Reconciliation {
        let owner = try #require(pods.first { $0.name == name })
        return reconcile(owner, pods.filter { $0.name != name })
    }

    @Test func `a circle of owners deleted in foreground is opened where it closes`() throws {
        let open: JSONValue = ["metadata": ["uid": "uid-c", "ownerReferences": [["uid": "uid-b", "blockOwnerDeletion": false]]]]
        let first = try drain("a", of: circle(leaving: ["a"]))
        #expect(first.deletions == ["b"])
        #expect(first.patches.isEmpty)
        let second = try drain("b", of: circle(leaving: ["a", "b"]))
        #expect(second.deletions == ["c"])
        #expect(second.patches == [open])
    }

    @Test func `a circle whose members were all deleted at once is opened too`() throws {
        let result = try drain("b", of: circle(leaving: ["a", "b", "c"]))
        #expect(result.deletions.isEmpty)
        #expect(result.patches == [["metadata": ["uid": "uid-c", "ownerReferences": [["uid": "uid-b", "blockOwnerDeletion": false]]]]])
    }

    @Test func `a dependent that goes by itself still holds its owner up`() throws {
        var (owner, dependent) = (circle(leaving: ["a"])[0], pod("b"))
        owner.object.ownerReferences = []
        dependent.object.ownerReferences = [OwnerReference(controller: owner.object)]
        dependent.object.deletionTimestamp = start
        #expect(reconcile(owner, [dependent]) == Reconciliation())
    }

    @Test(arguments: [true, false])
    func `an owner that waits is woken when a dependent lets go of it`(isDropped: Bool) throws {
        let before = circle(leaving: ["a"])[1]
        var caches = FixedCaches()
        caches.add(circle(leaving: ["a"])[0])
        var after = before
        after.object.ownerReferences =
            isDropped
            ? []
            : before.object.ownerReferences.map {
                OwnerReference(apiVersion: $0.apiVersion, kind: $0.kind, name: $0.name, uid: $0.uid, blockOwnerDeletion: false)
            }
        caches.add(after)
        #expect(collector.keys(Pod.resource, before.object, isGone: false, caches).map(\.name) == ["b", "a"])
        #expect(collector.keys(Pod.resource, after.object, isGone: false, caches).map(\.name) == (isDropped ? [] : ["b"]))
    }
}
