import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

@Suite struct DeploymentControllerTests {
    /// A deployment with its sets in a toy cluster: changes are applied, and pods of a set become ready at once.
    private struct Cluster {
        var deployment: Deployment
        var sets: [ReplicaSet] = []
        var made = 0
        var events: [String] = []
        var smallestAvailable = Int64.max
        var largestTotal: Int64 = 0

        init(replicas: Int64, image: String) {
            deployment = Deployment(name: "web", namespace: "default")
            deployment.object.uid = "d-uid"
            deployment.object.generation = 1
            deployment.object["spec"] = [
                "replicas": .integer(replicas), "selector": ["matchLabels": ["app": "web"]],
                "template": ["metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "a", "image": .string(image)]]]],
                "strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": "25%", "maxUnavailable": "25%"]],
            ]
        }

        mutating func setImage(_ image: String) {
            deployment.object["spec", "template", "spec", "containers"] = [["name": "a", "image": .string(image)]]
            deployment.object.generation += 1
        }

        /// One reconcile, applied. True when something but the status changed.
        mutating func step() -> Bool {
            var caches = FixedCaches()
            caches.add(deployment)
            for set in sets { caches.add(set) }
            let key = ObjectName(Deployment.resource, deployment.object)
            let result = DeploymentController().reconcile(key, caches, now: start)
            var hasChanged = false
            for change in result.changes {
                switch change {
                case .create(_, var object, _):
                    made += 1
                    object.uid = "set-\(made)"
                    object.creationTimestamp = start.advanced(by: .seconds(Int64(made)))
                    sets.append(ReplicaSet(object))
                    hasChanged = true
                case .update(_, let object):
                    if object.uid == deployment.uid { deployment.object = object }
                    if let index = sets.firstIndex(where: { $0.uid == object.uid }) { sets[index] = ReplicaSet(object) }
                    hasChanged = true
                case .updateSubresource(_, let object, _): deployment.object["status"] = object["status"]
                case .delete(_, let uid, _, _):
                    sets.removeAll { $0.uid == uid }
                    hasChanged = true
                case .event(_, _, _, let message): events.append(message)
                default: break
                }
            }
            return hasChanged
        }

        mutating func letPodsSettle() {
            for index in sets.indices {
                let replicas = sets[index].spec.replicas
                sets[index].object["status"] = [
                    "replicas": .integer(replicas), "readyReplicas": .integer(replicas), "availableReplicas": .integer(replicas),
                ]
            }
            smallestAvailable = min(smallestAvailable, sets.reduce(0) { $0 + $1.status.availableReplicas })
            largestTotal = max(largestTotal, sets.reduce(0) { $0 + $1.spec.replicas })
        }

        mutating func run() {
            for _ in 0..<40 {
                let hasChanged = step()
                letPodsSettle()
                if !hasChanged, !step() { return }
                letPodsSettle()
            }
        }
    }

    @Test func `a new deployment makes one set with the hash in name, labels and selector`() throws {
        var cluster = Cluster(replicas: 3, image: "a:1")
        cluster.run()
        let set = try #require(cluster.sets.first)
        let hash = try #require(set.labels["pod-template-hash"])
        #expect(cluster.sets.count == 1)
        #expect(set.name == "web-\(hash)")
        #expect(set.spec.replicas == 3)
        #expect(set.spec.selector["matchLabels", "pod-template-hash"] == .string(hash))
        #expect(set.spec.template.labels["pod-template-hash"] == hash)
        #expect(set.object.annotations["deployment.kubernetes.io/revision"] == "1")
        #expect(cluster.deployment.object.annotations["deployment.kubernetes.io/revision"] == "1")
        #expect(cluster.events == ["Scaled up replica set \(set.name) from 0 to 3"])
    }

    @Test func `the status reaches complete with both conditions`() {
        var cluster = Cluster(replicas: 2, image: "a:1")
        cluster.run()
        let status = cluster.deployment.status
        #expect(status.availableReplicas == 2)
        #expect(status.updatedReplicas == 2)
        #expect(status.unavailableReplicas == 0)
        #expect(status.conditions["Available"]?.reason == "MinimumReplicasAvailable")
        #expect(status.conditions["Progressing"]?.reason == "NewReplicaSetAvailable")
    }

    @Test func `a new template replaces the pods within surge and absence`() {
        var cluster = Cluster(replicas: 4, image: "a:1")
        cluster.run()
        cluster.smallestAvailable = .max
        cluster.largestTotal = 0
        cluster.setImage("a:2")
        cluster.run()
        #expect(cluster.sets.map(\.spec.replicas) == [0, 4])
        #expect(cluster.smallestAvailable >= 3)
        #expect(cluster.largestTotal <= 5)
        #expect(cluster.deployment.object.annotations["deployment.kubernetes.io/revision"] == "2")
    }

    @Test func `going back to an old template takes up its set with a new revision`() {
        var cluster = Cluster(replicas: 2, image: "a:1")
        cluster.run()
        cluster.setImage("a:2")
        cluster.run()
        cluster.setImage("a:1")
        cluster.run()
        #expect(cluster.sets.map(\.spec.replicas) == [2, 0])
        #expect(cluster.sets[0].object.annotations["deployment.kubernetes.io/revision"] == "3")
    }

    @Test func `scaling resizes the present set`() {
        var cluster = Cluster(replicas: 1, image: "a:1")
        cluster.run()
        cluster.deployment.object["spec", "replicas"] = 5
        cluster.run()
        #expect(cluster.sets.map(\.spec.replicas) == [5])
    }

    @Test func `recreate starts nothing before the old pods are gone`() {
        var cluster = Cluster(replicas: 2, image: "a:1")
        cluster.deployment.object["spec", "strategy"] = ["type": "Recreate"]
        cluster.run()
        cluster.setImage("a:2")
        _ = cluster.step()
        #expect(cluster.sets.map(\.spec.replicas) == [0, 0])
        cluster.run()
        #expect(cluster.sets.map(\.spec.replicas) == [0, 2])
    }

    @Test func `old sets beyond the history limit are deleted`() {
        var cluster = Cluster(replicas: 1, image: "a:0")
        cluster.deployment.object["spec", "revisionHistoryLimit"] = 1
        for version in 0..<4 {
            cluster.setImage("a:\(version)")
            cluster.run()
        }
        #expect(cluster.sets.count == 2)
    }

    @Test(arguments: [(Int64(30), [20, 13]), (4, [4, 3]), (0, [0, 0])] as [(Int64, [Int64])])
    func `a new size half way through a rollout is shared in proportion`(_ replicas: Int64, _ expected: [Int64]) {
        var cluster = Cluster(replicas: 10, image: "one")
        cluster.deployment.object["spec", "strategy", "rollingUpdate"] = ["maxSurge": 3, "maxUnavailable": 2]
        cluster.run()
        cluster.setImage("two")
        // The new pods do not start: the rollout is stuck.
        for _ in 0..<6 { _ = cluster.step() }
        #expect(cluster.sets.map(\.spec.replicas) == [8, 5])
        cluster.deployment.object["spec", "replicas"] = .integer(replicas)
        _ = cluster.step()
        #expect(cluster.sets.map(\.spec.replicas) == expected)
    }

    @Test func `an old set keeps the annotations of its time`() {
        var cluster = Cluster(replicas: 2, image: "one")
        cluster.deployment.object.annotations["kubernetes.io/change-cause"] = "first"
        cluster.run()
        cluster.deployment.object.annotations["kubernetes.io/change-cause"] = "second"
        cluster.setImage("two")
        cluster.run()
        #expect(cluster.sets.map { $0.object.annotations["kubernetes.io/change-cause"] } == ["first", "second"])
    }

    @Test func `a paused deployment keeps its template but follows its size`() {
        var cluster = Cluster(replicas: 1, image: "a:1")
        cluster.run()
        cluster.deployment.object["spec", "paused"] = true
        cluster.setImage("a:2")
        cluster.deployment.object["spec", "replicas"] = 3
        cluster.run()
        #expect(cluster.sets.map(\.spec.replicas) == [3])
    }

    @Test func `the hash depends on content and not on the order of keys`() {
        let left: JSONValue = ["a": 1, "b": ["x", "y"]]
        let right: JSONValue = ["b": ["x", "y"], "a": 1]
        #expect(TemplateHash.text(left, collisions: 0) == TemplateHash.text(right, collisions: 0))
        #expect(TemplateHash.text(left, collisions: 0) != TemplateHash.text(left, collisions: 1))
        #expect(TemplateHash.text(left, collisions: 0) != TemplateHash.text(["a": 2, "b": ["x", "y"]], collisions: 0))
    }
}
