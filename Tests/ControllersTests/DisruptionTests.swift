import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

struct DisruptionTests {
    private func budget(_ spec: JSONValue, status: JSONValue? = nil) -> KubeObject {
        var object = KubeObject(GroupVersionKind(group: "policy", version: "v1", kind: "PodDisruptionBudget"), name: "b", namespace: "default")
        object.generation = 3
        object["spec"] = spec
        object["spec", "selector"] = ["matchLabels": ["app": "web"]]
        object["status"] = status
        return object
    }

    private func status(
        _ budget: KubeObject, _ pods: [Pod], _ owners: [KubeObject] = [], customs: [CustomResourceKind] = []
    ) throws -> (JSONValue, Reconciliation) {
        var caches = FixedCaches()
        caches.customKinds = customs
        caches.objects.append((DisruptionController.resource, budget))
        for pod in pods { caches.add(pod) }
        for owner in owners {
            let custom = customs.first { $0.kind == owner.kind }?.resource
            let resource = custom ?? (owner.kind == "Deployment" ? Deployment.resource : ReplicaSet.resource)
            caches.objects.append((resource, owner))
        }
        let result = DisruptionController(builtinSchemas).reconcile(ObjectName(DisruptionController.resource, budget), caches, now: start)
        guard case .updateSubresource(_, let written, "status")? = result.changes.first else { return (budget["status"] ?? .null, result) }
        return (try #require(written["status"]), result)
    }

    private func numbers(_ status: JSONValue) -> [Int64?] {
        ["expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed", "observedGeneration"].map { status[$0]?.integerValue }
    }

    @Test func `a number of pods that must be there`() throws {
        let (status, _) = try status(budget(["minAvailable": 2]), [pod("a"), pod("b"), pod("c"), pod("d", isReady: false)])
        #expect(numbers(status) == [4, 3, 2, 1, 3])
        #expect(status["conditions"]?[0]?["reason"] == "SufficientPods")
        let again = try self.status(budget(["minAvailable": 2], status: status), [pod("a"), pod("b"), pod("c"), pod("d", isReady: false)])
        #expect(again.1.changes.isEmpty)
    }

    @Test(
        arguments: [
            (["maxUnavailable": 1], [4, 3, 3, 0, 3]), (["maxUnavailable": "50%"], [4, 3, 2, 1, 3]), (["minAvailable": "30%"], [4, 3, 2, 1, 3]),
        ] as [(JSONValue, [Int64?])])
    func `percentages are of what the owners want`(spec: JSONValue, expected: [Int64?]) throws {
        var set = replicaSet("rs", replicas: 9)
        var deployment = KubeObject(GroupVersionKind(group: "apps", version: "v1", kind: "Deployment"), name: "web", namespace: "default")
        deployment.uid = "d-uid"
        deployment["spec", "replicas"] = 4
        set.object.ownerReferences = [OwnerReference(controller: deployment)]
        let pods = ["a", "b", "c"].map { pod($0, owner: set.object) }
        #expect(try numbers(status(budget(spec), pods, [set.object, deployment]).0) == expected)
    }

    @Test func `pods of nobody known make the budget fail in the open`() throws {
        var owner = KubeObject(GroupVersionKind(group: "batch", version: "v1", kind: "Job"), name: "j", namespace: "default")
        owner.uid = "j"
        let (status, result) = try status(budget(["maxUnavailable": 1]), [pod("a", owner: owner)])
        #expect(status["conditions"]?[0]?["reason"] == "SyncFailed")
        #expect(status["conditions"]?[0]?["message"] == "jobs.batch does not implement the scale subresource")
        #expect(status["disruptionsAllowed"] == 0)
        #expect(result.changes.count == 2)
    }

    private static func kind(scale: String) throws -> CustomResourceKind {
        let definition = """
            {"metadata":{"name":"fleets.example.com","uid":"crd"},"spec":{"group":"example.com","scope":"Namespaced",
            "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}\(scale)}}]},
            "status":{"acceptedNames":{"plural":"fleets","kind":"Fleet"},"conditions":[{"type":"Established","status":"True"}]}}
            """
        return try #require(CustomResourceKind(KubeObject(try JSON.parse(Array(definition.utf8)))))
    }

    private static func fleet(_ spec: JSONValue) -> KubeObject {
        var fleet = KubeObject(GroupVersionKind(group: "example.com", version: "v1", kind: "Fleet"), name: "f", namespace: "default")
        fleet.uid = "f-uid"
        fleet["spec"] = spec
        return fleet
    }

    private static let scale = #","scale":{"specReplicasPath":".spec.ships","statusReplicasPath":".status.ships"}"#

    @Test func `pods of a custom resource are expected as its scale says`() throws {
        let owner = Self.fleet(["ships": 5])
        let pods = ["a", "b", "c"].map { pod($0, owner: owner) }
        let (status, _) = try status(budget(["maxUnavailable": 3]), pods, [owner], customs: [Self.kind(scale: Self.scale)])
        #expect(numbers(status) == [5, 3, 2, 1, 3])
    }

    @Test(
        arguments: [
            ("", ["ships": 5], "f-uid", "fleets.example.com does not implement the scale subresource"),
            (scale, [:], "f-uid", "Internal error occurred: the spec replicas field \".spec.ships\" does not exist"),
            (scale, ["ships": 5], "other", "found no controllers for pod \"a\""),
        ] as [(String, JSONValue, String, String)])
    func `a custom resource that says no number fails the budget`(scale: String, spec: JSONValue, uid: String, message: String) throws {
        let owner = Self.fleet(spec)
        var stored = owner
        stored.uid = uid
        let (status, _) = try status(budget(["maxUnavailable": 1]), [pod("a", owner: owner)], [stored], customs: [Self.kind(scale: scale)])
        #expect(status["conditions"]?[0]?["reason"] == "SyncFailed")
        #expect(status["conditions"]?[0]?["message"] == .string(message))
    }

    @Test func `an owner of a kind that nobody knows fails the budget`() throws {
        let owner = Self.fleet(["ships": 5])
        let (status, _) = try status(budget(["maxUnavailable": 1]), [pod("a", owner: owner)])
        #expect(status["conditions"]?[0]?["message"] == "no matches for kind \"Fleet\" in version \"example.com/v1\"")
    }

    @Test func `an evicted pod counts as gone until it is, or for two minutes`() throws {
        func granted(_ seconds: Int) -> JSONValue {
            ["disruptedPods": ["a": .string(start.advanced(by: .seconds(-seconds)).rfc3339), "gone": .string(start.rfc3339)]]
        }
        let pods = [pod("a"), pod("b"), pod("c")]
        let (fresh, result) = try status(budget(["minAvailable": 1], status: granted(30)), pods)
        #expect(numbers(fresh) == [3, 2, 1, 1, 3])
        #expect(fresh["disruptedPods"]?.objectValue?.keys == ["a"])
        #expect(result.again == .seconds(90))
        let (late, _) = try status(budget(["minAvailable": 1], status: granted(121)), pods)
        #expect(numbers(late) == [3, 3, 1, 2, 3])
        #expect(late["disruptedPods"] == nil)
    }

    @Test func `pods concern the budgets that select them, owners all of their namespace`() {
        var caches = FixedCaches()
        caches.objects.append((DisruptionController.resource, budget([:])))
        let controller = DisruptionController(builtinSchemas)
        #expect(controller.keys(Pod.resource, pod("a").object, isGone: true, caches).map(\.name) == ["b"])
        #expect(controller.keys(Pod.resource, pod("a", labels: ["app": "db"]).object, isGone: false, caches).isEmpty)
        #expect(controller.keys(ReplicaSet.resource, replicaSet("rs", replicas: 1).object, isGone: false, caches).map(\.name) == ["b"])
    }
}
