import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

@Suite struct AccessTests {
    private func clusterRole(_ name: String, labels: [String: String] = [:], verbs: [String] = [], aggregates: String? = nil) -> KubeObject {
        var role = KubeObject(GroupVersionKind(group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRole"), name: name)
        role.labels = labels
        role["rules"] = .array(verbs.map { ["verbs": [.string($0)], "apiGroups": [""], "resources": ["pods"]] })
        if let aggregates { role["aggregationRule", "clusterRoleSelectors"] = [["matchLabels": [aggregates: "true"]]] }
        return role
    }

    @Test func `a role that aggregates gets the rules of those it selects`() throws {
        var caches = FixedCaches()
        let whole = clusterRole("view", verbs: ["stale"], aggregates: "to-view")
        caches.objects += [whole, clusterRole("b", labels: ["to-view": "true"], verbs: ["list"])].map { (Role.clusterResource, $0) }
        caches.objects += [clusterRole("a", labels: ["to-view": "true"], verbs: ["get", "list"]), clusterRole("c", verbs: ["delete"])].map {
            (Role.clusterResource, $0)
        }
        let controller = ClusterRoleAggregator()
        #expect(controller.keys(Role.clusterResource, caches.objects[2].1, isGone: false, caches).map(\.name) == ["view"])
        let result = controller.reconcile(ObjectName(Role.clusterResource, whole), caches, now: start)
        let verbs = try #require(result.updates.first).array("rules").compactMap { $0["verbs"]?[0]?.stringValue }
        #expect(verbs == ["get", "list"])
        caches.objects[0].1 = try #require(result.updates.first)
        #expect(controller.reconcile(ObjectName(Role.clusterResource, whole), caches, now: start).changes.isEmpty)
    }

    private func request(_ conditions: [String], age: Int64 = 60) -> KubeObject {
        var object = KubeObject(GroupVersionKind(group: "certificates.k8s.io", version: "v1", kind: "CertificateSigningRequest"), name: "r")
        object.uid = "r-uid"
        object.creationTimestamp = start.advanced(by: .seconds(-age))
        object["spec"] = ["request": .string(Base64.encode(Array("PEM".utf8))), "signerName": "kubernetes.io/kube-apiserver-client", "usages": ["client auth"]]
        object["status", "conditions"] = .array(conditions.map { ["type": .string($0), "status": "True"] })
        return object
    }

    private func reconcile(_ object: KubeObject, _ answer: SigningAnswer = .certificate("CERT")) -> Reconciliation {
        var caches = FixedCaches()
        caches.objects.append((CertificateSigner.resource, object))
        let controller = CertificateSigner { request in
            request == SigningRequest(request: "PEM", signer: "kubernetes.io/kube-apiserver-client", usages: ["client auth"], seconds: nil) ? answer : .none
        }
        return controller.reconcile(ObjectName(CertificateSigner.resource, object), caches, now: start)
    }

    @Test func `an approved request is signed once`() throws {
        #expect(reconcile(request([])).changes.isEmpty)
        #expect(reconcile(request(["Denied"])).changes.isEmpty)
        #expect(reconcile(request(["Approved"]), .none).changes.isEmpty)
        let signed = try #require(reconcile(request(["Approved"])).status)
        #expect(signed.string("status", "certificate") == Base64.encode(Array("CERT".utf8)))
        #expect(reconcile(signed).changes.isEmpty)
        let refused = try #require(reconcile(request(["Approved"]), .refused("no")).status)
        #expect(refused.array("status", "conditions").last?["reason"] == "SignerValidationFailure")
        #expect(reconcile(refused).changes.isEmpty)
    }

    @Test func `requests go after an hour, undecided ones after a day`() {
        #expect(reconcile(request(["Denied"], age: 3601)).deletions == ["r"])
        #expect(reconcile(request([], age: 3601)).deletions.isEmpty)
        #expect(reconcile(request([], age: 86401)).deletions == ["r"])
        #expect(reconcile(request(["Denied"], age: 3590)).again == .seconds(10))
    }

    @Test func `a quota's status counts what is there`() throws {
        var caches = FixedCaches()
        var quota = KubeObject(GroupVersionKind(group: "", version: "v1", kind: "ResourceQuota"), name: "q", namespace: "default")
        quota["spec", "hard"] = ["pods": "5", "count/replicasets.apps": "2", "requests.cpu": "1"]
        caches.objects.append((ResourceQuotaController.resource, quota))
        caches.add(pod("a"))
        caches.add(pod("b", phase: "Succeeded", isReady: false))
        caches.add(replicaSet("web", replicas: 1))
        let controller = ResourceQuotaController(builtinSchemas)
        let status = try #require(controller.reconcile(ObjectName(ResourceQuotaController.resource, quota), caches, now: start).status)
        #expect(status["status", "used"] == ["count/replicasets.apps": "1", "pods": "1", "requests.cpu": "0"])
        #expect(status["status", "hard", "pods"] == "5")
        caches.objects[0].1 = status
        #expect(controller.reconcile(ObjectName(ResourceQuotaController.resource, quota), caches, now: start).changes.isEmpty)
        #expect(controller.keys(Pod.resource, pod("a").object, isGone: true, caches).map(\.name) == ["q"])
        #expect(controller.keys(ConfigMap.resource, ConfigMap(name: "c", namespace: "default").object, isGone: false, caches).isEmpty)
    }

    @Test func `a quota's status counts objects of kinds that were defined`() throws {
        var definition = KubeObject(GroupVersionKind(group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition"), name: "tabs.example.com")
        definition["spec"] = ["group": "example.com", "scope": "Namespaced", "versions": [["name": "v1", "served": true, "storage": true]]]
        definition["status"] = [
            "conditions": [["type": "Established", "status": "True"]], "acceptedNames": ["plural": "tabs", "kind": "Tab"],
        ]
        let kind = try #require(CustomResourceKind(definition))
        var quota = KubeObject(GroupVersionKind(group: "", version: "v1", kind: "ResourceQuota"), name: "q", namespace: "default")
        quota["spec", "hard"] = ["count/tabs.example.com": "2"]
        let tab = KubeObject(GroupVersionKind(group: "example.com", version: "v1", kind: "Tab"), name: "t", namespace: "default")
        let caches = FixedCaches(objects: [(ResourceQuotaController.resource, quota), (kind.resource, tab)], customKinds: [kind])
        let controller = ResourceQuotaController(builtinSchemas)
        #expect(controller.watchesCustomResources)
        #expect(controller.keys(kind.resource, tab, isGone: true, caches).map(\.name) == ["q"])
        let status = controller.reconcile(ObjectName(ResourceQuotaController.resource, quota), caches, now: start).status
        #expect(status?["status", "used"] == ["count/tabs.example.com": "1"])
    }

    @Test func `a claim stays while a pod uses it`() {
        var claim = KubeObject(GroupVersionKind(group: "", version: "v1", kind: "PersistentVolumeClaim"), name: "c", namespace: "default")
        claim.finalizers = [ClaimProtection.finalizer]
        claim.deletionTimestamp = start
        var user = pod("p")
        user.object["spec", "volumes"] = [["name": "v", "persistentVolumeClaim": ["claimName": "c"]]]
        var caches = FixedCaches()
        caches.objects.append((ClaimProtection.resource, claim))
        caches.add(user)
        let key = ObjectName(ClaimProtection.resource, claim)
        #expect(ClaimProtection().reconcile(key, caches, now: start).changes.isEmpty)
        caches.objects.removeLast()
        #expect(ClaimProtection().reconcile(key, caches, now: start).updates.first?.finalizers == [])
    }

    @Test func `a token's secret goes with its account`() {
        var caches = FixedCaches()
        var secret = Secret(name: "t", namespace: "default")
        secret.object.uid = "s-uid"
        secret.object["type"] = .string(TokenSecretCollector.type)
        secret.object.annotations = ["kubernetes.io/service-account.name": "a", "kubernetes.io/service-account.uid": "a-uid"]
        caches.add(secret)
        let key = ObjectName(Secret.resource, secret.object)
        #expect(TokenSecretCollector().reconcile(key, caches, now: start).deletions == ["t"])
        var account = ServiceAccount(name: "a", namespace: "default")
        account.object.uid = "a-uid"
        caches.add(account)
        #expect(TokenSecretCollector().reconcile(key, caches, now: start).changes.isEmpty)
        caches.objects[0].1.annotations = ["kubernetes.io/service-account.name": "a"]
        #expect(TokenSecretCollector().reconcile(key, caches, now: start).changes.isEmpty)
        caches.objects[0].1.annotations = ["kubernetes.io/service-account.name": "never-there"]
        let nobody = ObjectName(ServiceAccount.resource, namespace: "default", name: "never-there")
        let result = TokenSecretCollector().reconcile(key, caches, now: start)
        #expect(result.changes.first == .requireAbsent(nobody, uid: ""))
        #expect(result.deletions == ["t"])
    }
}
