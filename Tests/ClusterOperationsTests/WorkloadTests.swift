import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import ClusterOperations

/// Expects that something is refused with words in it.
func expectRefusal(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void) async {
    do {
        try await body()
        Issue.record("it was not refused", sourceLocation: sourceLocation)
    } catch {
        for part in words { #expect("\(error)".contains(part), "\(part) in \(error)", sourceLocation: sourceLocation) }
    }
}

@Suite struct WorkloadTests {
    private let now = Timestamp(rfc3339: "2026-03-01T10:00:00Z")!

    @Test func `a number of replicas that no server could mean is no trap`() {
        #expect(Scaling.isGreat(from: 2, to: 21) && !Scaling.isGreat(from: 2, to: 20) && Scaling.isGreat(from: 5, to: 0))
        #expect(!Scaling.isGreat(from: .max, to: Scaling.maximum) && Scaling.isGreat(from: .min, to: 21))
    }

    @Test func `scaling says from what to what, and reads before it writes`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(Manifest.deployment(replicas: 2))
            let target = try await server.target("Deployment", "web")
            #expect(try await Scaling.wanted(target, server.client) == 2)
            #expect(try await Scaling.scale(target, to: 5, server.client) == "deployment default/web: 2 to 5 replicas")
            #expect(try await server.object("Deployment", "web").integer("spec", "replicas") == 5)
        }
    }

    @Test func `what cannot be scaled is said and left alone`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(Manifest.deployment() + "\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}")
            let target = try await server.target("Deployment", "web")
            let map = try await server.target("ConfigMap", "c")
            _ = server.recorder.takeWrites()
            await expectRefusal("-1 replicas", "0 to 2147483647") { _ = try await Scaling.scale(target, to: -1, server.client) }
            await expectRefusal("2147483648 replicas") { _ = try await Scaling.scale(target, to: 2_147_483_648, server.client) }
            await expectRefusal("configmap default/c cannot be scaled") { _ = try await Scaling.wanted(map, server.client) }
            var other = target
            other.uid = "other"
            await expectRefusal("is gone") { _ = try await Scaling.scale(other, to: 3, server.client) }
            var missing = target
            missing.name = "nothing"
            await expectRefusal("not found") { _ = try await Scaling.scale(missing, to: 3, server.client) }
            #expect(server.recorder.takeWrites().isEmpty)
        }
    }

    @Test func `a restart stamps the template, and only of the object that was meant`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(Manifest.deployment())
            let target = try await server.target("Deployment", "web")
            _ = try await Rollouts.restart(target, at: now, server.client)
            let object = try await server.object("Deployment", "web")
            #expect(
                object.string("spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt") == "2026-03-01T10:00:00Z")
            var other = target
            other.uid = "other"
            await expectRefusal("is gone") { _ = try await Rollouts.restart(other, at: now, server.client) }
            await expectRefusal("UID") { try await Rollouts.patch(other, ["metadata": ["labels": ["a": "b"]]], server.client) }
        }
    }

    @Test func `a paused deployment is resumed before it is restarted or undone`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(Manifest.deployment())
            let target = try await server.target("Deployment", "web")
            await expectRefusal("is not paused") { _ = try await Rollouts.setPaused(target, false, server.client) }
            _ = try await Rollouts.setPaused(target, true, server.client)
            await expectRefusal("paused already") { _ = try await Rollouts.setPaused(target, true, server.client) }
            await expectRefusal("resume it") { _ = try await Rollouts.restart(target, at: now, server.client) }
            _ = try await Rollouts.setPaused(target, false, server.client)
            #expect(try await server.object("Deployment", "web").bool("spec", "paused") != true)
        }
    }

    @Test func `an image is set in the one container that was chosen`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(
                """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: c}
                spec:
                  selector: {matchLabels: {app: c}}
                  template:
                    metadata: {labels: {app: c}}
                    spec:
                      initContainers: [{name: first, image: "i:1"}]
                      containers: [{name: a, image: "a:1", command: [x]}, {name: b, image: "b:1"}]
                """)
            let target = try await server.target("Deployment", "c")
            let said = try await Rollouts.setImage(target, container: "a", to: "a:2", server.client)
            #expect(said == "deployment default/c: container a from a:1 to a:2")
            _ = try await Rollouts.setImage(target, container: "first", to: "i:2", server.client)
            let object = try await server.object("Deployment", "c")
            #expect(PodTemplate.images(object, target.groupKind).map(\.image) == ["a:2", "b:1", "i:2"])
            let command = object["spec", "template", "spec", "containers"]?[0]?["command"]
            #expect(command == ["x"], "the rest of the container stays")
            await expectRefusal("no container z", "a, b, first") { _ = try await Rollouts.setImage(target, container: "z", to: "z", server.client) }
            await expectRefusal("already") { _ = try await Rollouts.setImage(target, container: "b", to: "b:1", server.client) }
            await expectRefusal("not the name of an image") { _ = try await Rollouts.setImage(target, container: "b", to: "b 1", server.client) }
        }
    }

    private func replicaSet(_ name: String, _ revision: Int, _ image: String, _ uid: String) -> String {
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata:
          name: \(name)
          labels: {app: web, pod-template-hash: "\(name)"}
          annotations: {deployment.kubernetes.io/revision: "\(revision)", kubernetes.io/change-cause: "to \(image)"}
          ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: \(uid), controller: true}]
        spec:
          selector: {matchLabels: {app: web, pod-template-hash: "\(name)"}}
          template:
            metadata: {labels: {app: web, pod-template-hash: "\(name)"}}
            spec: {containers: [{name: app, image: "\(image)"}]}
        """
    }

    @Test func `undo gives a deployment the template of an earlier revision, and nothing of its ReplicaSet`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(Manifest.deployment(image: "demo:3"))
            let target = try await server.target("Deployment", "web")
            let uid = target.uid ?? ""
            try await server.apply([replicaSet("web-a", 1, "demo:1", uid), replicaSet("web-b", 2, "demo:3", uid)].joined(separator: "\n---\n"))
            try await server.apply(replicaSet("foreign", 9, "demo:9", "somebody-else"))
            let (object, history) = try await Rollouts.history(target, server.client)
            #expect(history.revisions.map(\.number) == [2, 1] && history.revisions.map(\.isCurrent) == [true, false])
            let first = try #require(history[1])
            #expect(first.cause == "to demo:1" && first.yaml.contains("demo:1") && !first.yaml.contains("pod-template-hash"))
            _ = server.recorder.takeWrites()
            _ = try await Rollouts.undo(target, to: first, ifGeneration: object.generation, isDryRun: true, server.client)
            #expect(server.recorder.takeWrites().isEmpty)
            #expect(try await server.object("Deployment", "web").generation == object.generation)
            #expect(
                try await Rollouts.undo(target, to: first, ifGeneration: object.generation, server.client) == "deployment default/web goes back to revision 1")
            let undone = try await server.object("Deployment", "web")
            #expect(PodTemplate.images(undone, target.groupKind).map(\.image) == ["demo:1"])
            #expect(undone["spec", "template", "metadata", "labels"] == ["app": "web"])
            #expect(undone.annotations["kubernetes.io/change-cause"] == "to demo:1")
            await expectRefusal("changed meanwhile") {
                _ = try await Rollouts.undo(target, to: first, ifGeneration: object.generation, server.client)
            }
        }
    }

    @Test func `a StatefulSet's history is read from its ControllerRevisions`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(
                """
                apiVersion: apps/v1
                kind: StatefulSet
                metadata: {name: db}
                spec: {serviceName: db, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: a, image: "a:2"}]}}}
                """)
            let target = try await server.target("StatefulSet", "db")
            for (number, image) in [(1, "a:1"), (2, "a:2")] {
                try await server.apply(
                    """
                    apiVersion: apps/v1
                    kind: ControllerRevision
                    metadata: {name: db-\(number), labels: {app: db}, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: \(target.uid ?? ""), controller: true}]}
                    revision: \(number)
                    data: {spec: {template: {$patch: replace, metadata: {labels: {app: db}}, spec: {containers: [{name: a, image: "\(image)"}]}}}}
                    """)
            }
            let (object, history) = try await Rollouts.history(target, server.client)
            #expect(history.revisions.map(\.number) == [2, 1])
            let first = try #require(history[1])
            _ = try await Rollouts.undo(target, to: first, ifGeneration: object.generation, server.client)
            #expect(PodTemplate.images(try await server.object("StatefulSet", "db"), target.groupKind).map(\.image) == ["a:1"])
            let map = ObjectTarget(ConfigMap.resource, kind: "ConfigMap", namespace: "default", name: "c")
            await expectRefusal("keeps no history") { _ = try await Rollouts.history(map, server.client) }
        }
    }

    @Test(arguments: [
        ("{kind: Deployment, metadata: {generation: 2}, status: {observedGeneration: 1}}", "waiting for the controller"),
        ("{kind: Deployment, spec: {replicas: 3}, status: {updatedReplicas: 1, replicas: 3}}", "1 of 3 pods are new"),
        ("{kind: Deployment, spec: {replicas: 3}, status: {updatedReplicas: 3, replicas: 4, availableReplicas: 3}}", "1 old pods are still to end"),
        ("{kind: Deployment, spec: {replicas: 3}, status: {updatedReplicas: 3, replicas: 3, availableReplicas: 2}}", "2 of 3 new pods are available"),
        ("{kind: Deployment, spec: {replicas: 3}, status: {updatedReplicas: 3, replicas: 3, availableReplicas: 3}}", "done: all 3 pods"),
        ("{kind: Deployment, spec: {replicas: 3, paused: true}, status: {updatedReplicas: 1}}", "it is paused"),
        ("{kind: Deployment, status: {conditions: [{type: Progressing, reason: ProgressDeadlineExceeded, message: m}]}}", "failed: it made no progress"),
        ("{kind: StatefulSet, spec: {replicas: 3}, status: {readyReplicas: 2}}", "2 of 3 pods are ready"),
        (
            "{kind: StatefulSet, spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 2}}}, status: {readyReplicas: 3, updatedReplicas: 1}}",
            "done: 1 pods from number 2"
        ),
        ("{kind: StatefulSet, spec: {updateStrategy: {type: OnDelete}}}", "OnDelete"),
        ("{kind: DaemonSet, status: {desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1}}", "1 of 2 pods are available"),
        ("{kind: DaemonSet, status: {desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2}}", "done: all 2 pods"),
    ])
    func `a rollout says what it waits for`(yaml: String, expected: String) throws {
        var object = KubeObject(try YAML.parseSingle(yaml).value)
        object.apiVersion = "apps/v1"
        let text =
            switch try #require(RolloutStatus(object)) {
            case .progressing(let what): what
            case .done(let what): "done: \(what)"
            case .failed(let what): "failed: \(what)"
            }
        #expect(text.contains(expected), "\(text)")
    }
}
