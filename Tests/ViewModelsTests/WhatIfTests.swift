import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct WhatIfTests {
    private func text(_ model: DetailModel?) -> String { (model?.lines ?? []).map { $0.map(\.text).joined() }.joined(separator: "\n") }

    private func open(_ fixture: Fixture, _ text: String) {
        fixture.run("objects.new")
        fixture.app.editor.replaceAll(text)
        fixture.app.editor.isTyping = false
    }

    private static let deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: default}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              serviceAccountName: robot
              containers:
              - {name: app, image: "nginx:1.25", envFrom: [{configMapRef: {name: settings}}], resources: {requests: {cpu: 500m}}}
        """

    @Test func `a new deployment tells of its pods, where they fit, images, what is missing and quotas`() async throws {
        try await Fixture.with { fixture in
            fixture.server.answer(
                "/kdash/v1/schedule",
                [
                    "placements": [["node": "n1"], ["node": "n1"], ["message": "0/2 nodes are available: 2 Insufficient cpu."]],
                    "nodes": [["name": "n1", "obstacles": []], ["name": "n2", "obstacles": ["node(s) were unschedulable"]]],
                ])
            for name in ["n1", "n2"] {
                fixture.server.put(
                    "/api/v1/nodes/\(name)",
                    [
                        "apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(name)],
                        "status": ["images": name == "n1" ? [["names": ["docker.io/library/nginx:1.25"]]] : []],
                    ])
            }
            fixture.server.put(
                "/api/v1/namespaces/default/resourcequotas/q",
                [
                    "apiVersion": "v1", "kind": "ResourceQuota", "metadata": ["name": "q", "namespace": "default"],
                    "status": ["hard": ["requests.cpu": "2", "pods": "10"], "used": ["requests.cpu": "1", "pods": "1"]],
                ])
            open(fixture, Self.deployment)
            fixture.run("yaml.whatIf")
            try await fixture.until("the answer") { text(fixture.app.detail).contains("would accept it") }
            let shown = text(fixture.app.detail)
            #expect(shown.contains("3 pods are added: 0 → 3"))
            #expect(shown.contains("the first 2 new pods fit: 2 on n1"))
            #expect(shown.contains("the next one stays Pending: 0/2 nodes are available: 2 Insufficient cpu."))
            #expect(shown.contains("n2: node(s) were unschedulable"))
            #expect(shown.contains("nginx:1.25 is on n1: elsewhere it is pulled first"))
            #expect(shown.contains("ServiceAccount robot is not there: no pod is made"))
            #expect(shown.contains("ConfigMap settings is not there: containers do not start"))
            #expect(shown.contains("q: requests.cpu 1 + 1500m of 2, more than it allows"))
            #expect(fixture.server.object("/apis/apps/v1/namespaces/default/deployments/web") == nil)
            let asked = fixture.server.requests.last { $0.path == "/kdash/v1/schedule" }
            #expect(asked.flatMap { try? JSON.parse($0.body) }?["count"] == 3)
            fixture.run("app.back")
            #expect(fixture.app.detail == nil)
        }
    }

    @Test func `what comes with the text itself is not missing`() async throws {
        try await Fixture.with { fixture in
            open(fixture, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\n---\n\(Self.deployment)")
            fixture.run("yaml.whatIf")
            try await fixture.until("the answer") { text(fixture.app.detail).contains("would accept it") }
            #expect(text(fixture.app.detail).contains("ServiceAccount robot is not there"))
            #expect(!text(fixture.app.detail).contains("ConfigMap settings is not there"))
        }
    }

    @Test func `refusals are told`() async throws {
        try await Fixture.with { fixture in
            fixture.server.refuse(.post, "/apis/apps/v1/namespaces/default/deployments", APIStatus(code: 403, reason: nil, message: "exceeded quota: q"))
            open(fixture, Self.deployment)
            fixture.run("yaml.whatIf")
            try await fixture.until("the answer") { text(fixture.app.detail).contains("would refuse it") }
            #expect(text(fixture.app.detail).contains("exceeded quota: q"))
        }
    }

    @Test func `an edited role tells who gains and loses what`() async throws {
        try await Fixture.with { fixture in
            let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
            fixture.server.put(
                "\(rbac)/roles/reader",
                [
                    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": ["name": "reader", "namespace": "default", "uid": "r"],
                    "rules": [["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]]],
                ])
            fixture.server.put(
                "\(rbac)/rolebindings/b",
                [
                    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": ["name": "b", "namespace": "default"],
                    "roleRef": ["kind": "Role", "name": "reader"], "subjects": [["kind": "User", "name": "ann"]],
                ])
            open(
                fixture,
                """
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata: {name: reader, namespace: default}
                rules: [{verbs: [delete], apiGroups: [""], resources: [pods]}]
                """)
            fixture.run("yaml.whatIf")
            try await fixture.until("the answer") { text(fixture.app.detail).contains("Who may do what") }
            let shown = text(fixture.app.detail)
            #expect(shown.contains("User ann in default") && shown.contains("+ delete pods") && shown.contains("- get pods"))
        }
    }

    @Test(arguments: [
        ("nginx", "docker.io/library/nginx:latest"), ("a/b:1", "docker.io/a/b:1"), ("kdash.dev/demo:1", "kdash.dev/demo:1"),
        ("localhost:5000/x", "localhost:5000/x:latest"), ("r.io/x@sha256:0", "r.io/x@sha256:0"),
    ]) func `images are compared by their whole names`(image: String, whole: String) {
        #expect(PodOutlook.whole(image) == whole)
    }

    @Test func `whether a pod reaches a service is told with the policy that decides`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(
                "/api/v1/namespaces/default/services/web",
                [
                    "apiVersion": "v1", "kind": "Service", "metadata": ["name": "web", "namespace": "default"],
                    "spec": ["ports": [["port": 80, "targetPort": 8080]]],
                ])
            fixture.addPod("db-1", labels: ["app": "db"])
            fixture.server.put(
                "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/web-1",
                [
                    "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                    "metadata": ["name": "web-1", "namespace": "default", "labels": ["kubernetes.io/service-name": "web"]],
                    "ports": [["port": 8080]],
                    "endpoints": [["addresses": ["10.0.0.9"], "conditions": ["ready": true], "targetRef": ["kind": "Pod", "name": "db-1"]]],
                ])
            fixture.server.put(
                "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/closed",
                [
                    "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": ["name": "closed", "namespace": "default"],
                    "spec": ["podSelector": ["matchLabels": ["app": "db"]]],
                ])
            try await fixture.until("the pod under the cursor") { fixture.app.selectedPodBinding != nil }
            fixture.app.pods.select(uid: "uid-web-1")
            fixture.run("examine.reach")
            fixture.app.prompt?.input = LineInput("svc/web:80")
            fixture.app.prompt?.submit()
            try await fixture.until("the answer") { text(fixture.app.detail).contains("What enforces policies") }
            let shown = text(fixture.app.detail)
            #expect(shown.contains("No: from pod default/web-1") && shown.contains("judged by objects alone"))
            #expect(shown.contains("policy closed limits the ingress of default/db-1, and none of its rules allows it"))
            #expect(shown.contains("no policy limits the egress of default/web-1"))
        }
    }
}
