import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import TestSupport
import Testing

@testable import ClusterOperations

@Suite struct DeletionTests {
    private func owned(_ kind: String, _ name: String, _ uid: String, _ version: String = "apps/v1") -> String {
        "{apiVersion: \(version), kind: \(kind), name: \(name), uid: \(uid), controller: true}"
    }

    /// A Deployment with a ReplicaSet and two pods, and a ConfigMap that two owners share.
    private func family(_ server: OperationsServer) async throws -> ObjectTarget {
        try await server.apply(Manifest.deployment())
        let web = try await server.target("Deployment", "web")
        try await server.apply(
            """
            apiVersion: apps/v1
            kind: ReplicaSet
            metadata: {name: web-a, ownerReferences: [\(owned("Deployment", "web", web.uid ?? ""))]}
            spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: b}]}}}
            """)
        let set = try await server.target("ReplicaSet", "web-a")
        for name in ["web-a-1", "web-a-2"] { try await server.apply(Manifest.pod(name, owner: owned("ReplicaSet", "web-a", set.uid ?? ""))) }
        try await server.apply(
            """
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: shared
              ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: \(web.uid ?? "")}, {apiVersion: v1, kind: Secret, name: x, uid: elsewhere}]
            """)
        return web
    }

    @Test func `a plan counts what goes with an object, not what somebody else owns too`() async throws {
        try await OperationsServer.with { server in
            let web = try await family(server)
            let kinds = try await ServedKinds.read(server.client)
            let plan = try await DeletionPlan.read(web, kinds, server.client)
            #expect(plan.dependents.map { "\($0.count) \($0.kind)" } == ["2 Pod", "1 ReplicaSet"])
            let pod = try await DeletionPlan.read(try await server.target("Pod", "web-a-1"), kinds, server.client)
            #expect(pod.maker?.name == "web-a" && pod.dependents.isEmpty)
            let namespace = try await DeletionPlan.read(try await server.target("Namespace", "default"), kinds, server.client)
            #expect(namespace.dependents.contains { $0.kind == "Deployment" && $0.count == 1 } && namespace.finalizers == ["kubernetes"])
        }
    }

    @Test func `a definition takes all its objects with it`() async throws {
        try await OperationsServer.with { server in
            _ = try await server.client.create(
                GroupVersionResource(group: "apiextensions.k8s.io", version: "v1", resource: "customresourcedefinitions"),
                KubeObject(
                    try YAML.parseSingle(
                        """
                        apiVersion: apiextensions.k8s.io/v1
                        kind: CustomResourceDefinition
                        metadata: {name: widgets.example.com}
                        spec:
                          group: example.com
                          scope: Namespaced
                          names: {plural: widgets, singular: widget, kind: Widget}
                          versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
                        """
                    ).value))
            let widgets = GroupVersionResource(group: "example.com", version: "v1", resource: "widgets")
            let widget = KubeObject(["apiVersion": "example.com/v1", "kind": "Widget", "metadata": ["name": "w"]])
            try await eventually("the kind is served") {
                (try? await server.client.create(widgets, widget, namespace: "default")) != nil
            }
            let kinds = try await ServedKinds.read(server.client)
            let target = try await server.target("CustomResourceDefinition", "widgets.example.com")
            let plan = try await DeletionPlan.read(target, kinds, server.client)
            #expect(plan.dependents.map { "\($0.count) \($0.kind)" } == ["1 Widget"])
        }
    }

    @Test(arguments: [
        ("", "Namespace", false, true), ("", "PersistentVolume", false, true), ("apiextensions.k8s.io", "CustomResourceDefinition", false, true),
        ("", "Pod", true, true), ("", "Pod", false, false), ("example.com", "Namespace", false, false), ("apps", "Deployment", false, false),
    ])
    func `great harm asks for the name`(group: String, kind: String, isForced: Bool, isGreat: Bool) {
        #expect((DeletionPlan.harm(GroupKind(group: group, kind: kind), isForced: isForced) == .great) == isGreat)
    }

    @Test func `a namesake made meanwhile survives a deletion`() async throws {
        try await OperationsServer.with { server in
            let web = try await family(server)
            var other = web
            other.uid = "other"
            await expectRefusal("is gone: nothing was deleted") { _ = try await Deletions.delete(other, server.client) }
            #expect(try await Deletions.delete(web, propagation: .orphan, server.client) == "deleting deployment default/web; what it owns stays")
            #expect(server.recorder.takeWrites().last == "DELETE /apis/apps/v1/namespaces/default/deployments/web")
        }
    }

    @Test func `an eviction that a budget refuses changes nothing`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(Manifest.pod("db-0", labels: "{app: db}"))
            try await server.apply(
                """
                apiVersion: policy/v1
                kind: PodDisruptionBudget
                metadata: {name: db}
                spec: {minAvailable: 1, selector: {matchLabels: {app: db}}}
                status: {disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, observedGeneration: 1}
                """)
            let pod = try await server.target("Pod", "db-0")
            // Only a running, ready pod is counted by its budget.
            var object = try await server.object("Pod", "db-0")
            object["status"] = ["phase": "Running", "conditions": [["type": "Ready", "status": "True"]]]
            _ = try await server.client.updateStatus(Pod.resource, object)
            await expectRefusal("disruption budget") { _ = try await Deletions.evict(pod, server.client) }
            #expect(try await server.object("Pod", "db-0").isBeingDeleted == false)
        }
    }

    @Test func `only the finalizers that were shown are removed`() async throws {
        try await OperationsServer.with { server in
            try await server.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: c, finalizers: [example.com/a, example.com/b]}}")
            let target = try await server.target("ConfigMap", "c")
            _ = try await Deletions.removeFinalizers(target, ["example.com/a"], server.client)
            #expect(try await server.object("ConfigMap", "c").finalizers == ["example.com/b"])
            await expectRefusal("none of these") { _ = try await Deletions.removeFinalizers(target, ["example.com/a"], server.client) }
        }
    }

    @Test func `finished pods are found and removed, running and new ones stay`() async throws {
        try await OperationsServer.with { server in
            for (name, phase) in [("done", "Succeeded"), ("failed", "Failed"), ("runs", "Running")] {
                try await server.apply(Manifest.pod(name) + "\nstatus: {phase: \(phase)}")
            }
            let found = try await FinishedPods.find(in: "default", server.client)
            #expect(found.map(\.name).sorted() == ["done", "failed"])
            var stale = found[0]
            stale.uid = "other"
            #expect(try await FinishedPods.delete([stale, found[1]], server.client) == "deleted 1 finished pod")
            #expect(try await FinishedPods.find(in: "default", server.client).map(\.name) == [found[0].name])
        }
    }

    @Test func `the tree of an object begins at its topmost owner and shows states`() async throws {
        try await OperationsServer.with { server in
            _ = try await family(server)
            let kinds = try await ServedKinds.read(server.client)
            let tree = try await OwnershipTree.read(try await server.target("Pod", "web-a-1"), kinds, server.client)
            #expect(tree.roots.map(\.target.name) == ["web"] && tree.unread.isEmpty && tree.missing.isEmpty)
            let names = tree.roots[0].children.map(\.target.name)
            #expect(names == ["shared", "web-a"], "also what others own too")
            #expect(tree.roots[0].children[1].children.map(\.target.name) == ["web-a-1", "web-a-2"])
            #expect(tree.roots[0].state == ObjectState("0/2 ready", .warning))
            let shared = try await OwnershipTree.read(try await server.target("ConfigMap", "shared"), kinds, server.client)
            #expect(shared.missing == ["Secret x: is gone"])
        }
    }

    @Test func `owners in a ring end the tree`() async throws {
        try await OperationsServer.with { server in
            try await server.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}")
            let (a, b) = (try await server.target("ConfigMap", "a"), try await server.target("ConfigMap", "b"))
            for (mine, other) in [(a, b), (b, a)] {
                let reference = OwnerReference(apiVersion: "v1", kind: "ConfigMap", name: other.name, uid: other.uid ?? "")
                _ = try await server.client.patch(
                    mine.resource, namespace: "default", name: mine.name, type: .merge, ["metadata": ["ownerReferences": [reference.value]]])
            }
            let tree = try await OwnershipTree.read(a, try await ServedKinds.read(server.client), server.client)
            #expect(tree.roots.map(\.target.name) == ["a"] && tree.roots[0].children.map(\.target.name) == ["b"])
        }
    }
}
