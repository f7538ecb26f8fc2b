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

    private func reconcile(_ others: [any KubeView], isDying: Bool = true) -> [Change] {
        var caches = FixedCaches()
        let namespace = namespace(isDying: isDying)
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
        #expect(reconcile([set, pod("a")]) == [.deleteAll(ReplicaSet.resource, namespace: "default")])
        #expect(reconcile([pod("a")]) == [.deleteAll(Pod.resource, namespace: "default")])
    }

    @Test func `an empty namespace is let go once the server agrees that it is empty`() throws {
        let changes = reconcile([])
        #expect(changes.contains(.requireEmpty(ConfigMap.resource, namespace: "default")))
        guard case .updateSubresource(_, let object, "finalize") = try #require(changes.last) else {
            Issue.record("the last change is \(changes.last.debugDescription)")
            return
        }
        #expect(Namespace(object).specFinalizers.isEmpty)
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
