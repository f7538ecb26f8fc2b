import APIMachinery
import JSONCore
import Testing

@testable import ClusterOperations

@Suite struct ForecastTests {
    private func workload(_ kind: String, _ replicas: Int64, image: String = "a:1", _ spec: JSONObject = [:], status: JSONValue = [:]) -> KubeObject {
        var whole = spec
        whole["replicas"] = .integer(replicas)
        whole["template"] = ["spec": ["containers": [["name": "app", "image": .string(image)]]]]
        return KubeObject(["apiVersion": "apps/v1", "kind": .string(kind), "metadata": ["name": "web"], "spec": .object(whole), "status": status])
    }

    private func forecast(_ old: KubeObject?, _ new: KubeObject) throws -> RolloutForecast { try #require(RolloutForecast(from: old, to: new)) }

    @Test func `a deployment is replaced within its surge and what may be missing`() throws {
        let plan = try forecast(workload("Deployment", 10), workload("Deployment", 10, image: "a:2"))
        #expect(plan.replaced == 10 && plan.placedAtOnce == 3 && plan.leavingFirst == 2)
        #expect(plan.sentences == ["10 pods are replaced: up to 3 more than 10 at once, at least 8 available all the time"])
        let exact: JSONObject = ["strategy": ["rollingUpdate": ["maxSurge": 0, "maxUnavailable": "0%"]]]
        let strict = try forecast(workload("Deployment", 2, exact), workload("Deployment", 2, image: "a:2", exact))
        #expect(strict.placedAtOnce == 0 && strict.leavingFirst == 1)
    }

    @Test func `recreating, pausing and scaling are told as they are`() throws {
        let recreate: JSONObject = ["strategy": ["type": "Recreate"]]
        let plan = try forecast(workload("Deployment", 2, recreate), workload("Deployment", 3, image: "a:2", recreate))
        #expect(plan.leavingFirst == 2 && plan.placedAtOnce == 3)
        #expect(plan.sentences.last?.contains("nothing serves in between") == true)
        let paused = try forecast(workload("Deployment", 2), workload("Deployment", 2, image: "a:2", ["paused": true]))
        #expect(paused.replaced == 0 && paused.sentences.last?.contains("paused") == true)
        #expect(try forecast(nil, workload("Deployment", 3)).placedAtOnce == 3)
        #expect(try forecast(workload("Deployment", 3), workload("Deployment", 1)).sentences == ["2 pods end: 3 → 1"])
        #expect(try forecast(workload("Deployment", 3), workload("Deployment", 3)).sentences == ["its pods stay as they are"])
    }

    @Test func `stateful sets go one at a time down to their partition`() throws {
        let partition: JSONObject = ["updateStrategy": ["rollingUpdate": ["partition": 2]]]
        let plan = try forecast(workload("StatefulSet", 5, partition), workload("StatefulSet", 5, image: "a:2", partition))
        #expect(plan.replaced == 3 && plan.leavingFirst == 1 && plan.placedAtOnce == 0)
        let manual: JSONObject = ["updateStrategy": ["type": "OnDelete"]]
        #expect(try forecast(workload("StatefulSet", 5, manual), workload("StatefulSet", 5, image: "a:2", manual)).replaced == 0)
    }

    @Test func `daemon sets, replica sets, jobs and bare pods have rules of their own`() throws {
        let there: JSONValue = ["desiredNumberScheduled": 4]
        let daemon = try forecast(workload("DaemonSet", 0, status: there), workload("DaemonSet", 0, image: "a:2", status: there))
        #expect(daemon.replaced == 4 && daemon.leavingFirst == 1)
        let set = try forecast(workload("ReplicaSet", 2), workload("ReplicaSet", 2, image: "a:2"))
        #expect(set.replaced == 0 && set.sentences.last?.contains("only those made from now on") == true)
        func batch(_ spec: JSONObject) -> KubeObject {
            KubeObject(["apiVersion": "batch/v1", "kind": "Job", "metadata": ["name": "j"], "spec": .object(spec)])
        }
        #expect(try forecast(nil, batch(["parallelism": 5, "completions": 3])).placedAtOnce == 3)
        #expect(try forecast(nil, batch(["suspend": true])).placedAtOnce == 0)
        #expect(try forecast(nil, KubeObject(["apiVersion": "v1", "kind": "Pod"])).placedAtOnce == 1)
        #expect(RolloutForecast(from: nil, to: KubeObject(["apiVersion": "v1", "kind": "ConfigMap"])) == nil)
    }

    struct Share: Sendable {
        let value: JSONValue
        let expected: Int64
    }

    @Test(arguments: [
        Share(value: 3, expected: 3), Share(value: "50%", expected: 5), Share(value: "150%", expected: 0), Share(value: "x", expected: 0),
        Share(value: -1, expected: 0), Share(value: "9999999999999999999%", expected: 0),
    ]) func `shares are numbers or percentages`(example: Share) {
        #expect(RolloutForecast.share(example.value, of: 10, roundsUp: true) == example.expected)
    }

    @Test func `pods need what they name, but for what is optional`() {
        let spec: JSONValue = [
            "serviceAccountName": "robot", "imagePullSecrets": [["name": "pull"]],
            "volumes": [
                ["configMap": ["name": "files"]], ["secret": ["secretName": "keys", "optional": true]], ["persistentVolumeClaim": ["claimName": "data"]],
                ["projected": ["sources": [["secret": ["name": "token"]]]]],
            ],
            "containers": [["envFrom": [["configMapRef": ["name": "files"]]], "env": [["valueFrom": ["secretKeyRef": ["name": "login"]]]]]],
        ]
        #expect(
            PodNeed.all(of: spec).map { "\($0.kind) \($0.name)" } == [
                "ServiceAccount robot", "ConfigMap files", "PersistentVolumeClaim data", "Secret token", "Secret login", "Secret pull",
            ])
    }
}
