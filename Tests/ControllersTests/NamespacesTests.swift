import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

@Suite struct NamespacesTests {
    private func namespace(isDying: Bool) -> Namespace {
        var namespace = Namespace(name: "default")
        namespace.object.uid = "ns-uid"
        namespace.specFinalizers = ["kubernetes"]
        if isDying { namespace.object.deletionTimestamp = start }
        return namespace
    }

    private func reconcile(_ others: [any KubeView], isDying: Bool = true, conditions: [Condition] = []) -> [Change] {
        var caches = FixedCaches()
        var namespace = namespace(isDying: isDying)
        if !conditions.isEmpty { namespace.status.conditions = conditions }
        caches.add(namespace)
        for other in others { caches.add(other) }
        let controller = NamespaceController(builtinSchemas)
        return controller.reconcile(ObjectName(Namespace.resource, namespace.object), caches, now: start).changes
    }

    @Test func `a living namespace is left alone`() {
        #expect(reconcile([], isDying: false).isEmpty)
    }

    @Test func `what makes pods goes first, then the pods`() {
        let set = replicaSet("web", replicas: 1)
        let free = NamespaceConditions().updated([], now: start)
        #expect(reconcile([set, pod("a")], conditions: free) == [.deleteAll(ReplicaSet.resource, namespace: "default")])
        #expect(reconcile([pod("a")], conditions: free) == [.deleteAll(Pod.resource, namespace: "default")])
    }

    @Test func `what waits is told in the conditions and keeps nothing else from going`() throws {
        var held = pod("a")
        held.object.deletionTimestamp = start
        held.object.finalizers = ["example.com/hold"]
        let changes = reconcile([held, ConfigMap(name: "c", namespace: "default")])
        #expect(changes.first == .deleteAll(ConfigMap.resource, namespace: "default"))
        guard changes.count == 2, case .updateSubresource(_, let object, "status") = changes[1] else {
            Issue.record("\(changes)")
            return
        }
        let conditions = Namespace(object).status.conditions
        #expect(
            conditions.map { "\($0.type) \($0.status) \($0.reason): \($0.message)" } == [
                "NamespaceDeletionDiscoveryFailure False ResourcesDiscovered: All resources successfully discovered",
                "NamespaceDeletionGroupVersionParsingFailure False ParsedGroupVersions: All legacy kube types successfully parsed",
                "NamespaceDeletionContentFailure False ContentDeleted: All content successfully deleted, may be waiting on finalization",
                "NamespaceContentRemaining True SomeResourcesRemain: Some resources are remaining: pods. has 1 resource instances",
                "NamespaceFinalizersRemaining True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
            ])
        #expect(reconcile([held], conditions: conditions).isEmpty)
    }

    @Test func `an empty namespace is let go once the server agrees that it is empty`() throws {
        let told = reconcile([])
        guard told.count == 1, case .updateSubresource(_, let status, "status") = told[0] else {
            Issue.record("\(told)")
            return
        }
        let changes = reconcile([], conditions: Namespace(status).status.conditions)
        #expect(changes.contains(.requireEmpty(ConfigMap.resource, namespace: "default")))
        guard case .updateSubresource(_, let object, "finalize") = try #require(changes.last) else {
            Issue.record("the last change is \(changes.last.debugDescription)")
            return
        }
        #expect(Namespace(object).specFinalizers.isEmpty)
    }

    private func failing(_ conditions: [Condition], _ messages: String...) -> [Condition] {
        var caches = FixedCaches()
        var namespace = namespace(isDying: true)
        namespace.status.conditions = conditions
        caches.add(namespace)
        let failures = messages.map { APIStatus.internalError($0) }
        let controller = NamespaceController(builtinSchemas)
        let told = controller.report(failures, of: ObjectName(Namespace.resource, namespace.object), caches, now: start).changes
        guard case .updateSubresource(_, let object, "status")? = told.first else { return conditions }
        return Namespace(object).status.conditions
    }

    private func content(_ conditions: [Condition]) -> String? {
        conditions.first { $0.type == "NamespaceDeletionContentFailure" }.map { "\($0.status) \($0.reason): \($0.message)" }
    }

    @Test func `what cannot be deleted is told, once, until it can`() {
        let fine = NamespaceConditions().updated([], now: start)
        let told = failing(fine, "b", "a")
        #expect(
            content(told)
                == "True ContentDeletionFailed: Failed to delete all resource types, 2 remaining: Internal error occurred: a, Internal error occurred: b")
        #expect(failing(told, "c", "d") == told)
        #expect(content(failing(told, "c"))?.contains("1 remaining: Internal error occurred: c") == true)
        // The next try is made without a word, and does not stop at what failed.
        let set = replicaSet("web", replicas: 1)
        #expect(
            reconcile([set, pod("a")], conditions: told) == [
                .deleteAll(ReplicaSet.resource, namespace: "default"), .deleteAll(Pod.resource, namespace: "default"),
            ])
        // Everything is on its way: the failure is over.
        var held = pod("a")
        held.object.deletionTimestamp = start
        guard case .updateSubresource(_, let object, "status")? = reconcile([held], conditions: told).first else {
            Issue.record("nothing is said")
            return
        }
        #expect(content(Namespace(object).status.conditions)?.hasPrefix("False ContentDeleted") == true)
    }

    @Test func `a kind that is gone and a lost race are no failures`() {
        let controller = NamespaceController(builtinSchemas)
        var caches = FixedCaches()
        let namespace = namespace(isDying: true)
        caches.add(namespace)
        let key = ObjectName(Namespace.resource, namespace.object)
        let gone = APIStatus.notFound(GroupResource(group: "", resource: "things"), "x")
        let raced = APIStatus.conflict(GroupResource(group: "", resource: "namespaces"), "default", "changed")
        #expect(controller.report([gone, raced], of: key, caches, now: start).changes.isEmpty)
    }

    @Test func `every namespace gets its service account and the authority`() {
        var caches = FixedCaches()
        let living = namespace(isDying: false)
        caches.add(living)
        let key = ObjectName(Namespace.resource, living.object)
        let account = ServiceAccountController().reconcile(key, caches, now: start)
        #expect(account.creations.map(\.name) == ["default"])
        let authority = RootCAPublisher(authority: "PEM").reconcile(key, caches, now: start)
        #expect(authority.creations.first?["data", "ca.crt"] == "PEM")
    }

    @Test func `an edited authority is restored`() {
        var caches = FixedCaches()
        let living = namespace(isDying: false)
        caches.add(living)
        var edited = ConfigMap(name: "kube-root-ca.crt", namespace: "default")
        edited.object["data"] = ["ca.crt": "forged"]
        caches.add(edited)
        let result = RootCAPublisher(authority: "PEM").reconcile(ObjectName(Namespace.resource, living.object), caches, now: start)
        #expect(result.updates.first?["data", "ca.crt"] == "PEM")
    }
}
