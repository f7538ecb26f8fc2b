import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import ViewModels

@Suite struct WhyTests {
    private static let now = Timestamp(rfc3339: "2026-03-01T10:10:00Z")!

    private static func object(_ yaml: String) throws -> KubeObject { KubeObject(try YAML.parseSingle(yaml).value) }

    private static func event(_ uid: String, _ reason: String, _ message: String, count: Int64 = 1) -> Event {
        Event(
            KubeObject([
                "reason": .string(reason), "message": .string(message), "type": "Warning", "count": .integer(count),
                "lastTimestamp": "2026-03-01T10:09:00Z", "firstTimestamp": "2026-03-01T10:01:00Z", "source": ["component": "controller"],
                "involvedObject": ["kind": "X", "name": "x", "uid": .string(uid)],
            ]))
    }

    /// An object and the first cause that is found for it.
    private static let alone: [(String, String)] = [
        ("kind: Deployment\nmetadata: {name: d, uid: u}\nspec: {replicas: 0}", "spec.replicas is 0"),
        (
            "kind: Deployment\nmetadata: {name: d, uid: u}\nspec: {replicas: 1, paused: true}\nstatus: {availableReplicas: 1, updatedReplicas: 0}",
            "rollout is paused"
        ),
        (
            "kind: Deployment\nmetadata: {name: d, uid: u, generation: 3}\nspec: {replicas: 1}\nstatus: {observedGeneration: 2, availableReplicas: 1, updatedReplicas: 1}",
            "has not seen the last change"
        ),
        ("kind: StatefulSet\nmetadata: {name: db, uid: u}\nspec: {replicas: 3}\nstatus: {readyReplicas: 0}", "0 of 3 pods are ready"),
        ("kind: DaemonSet\nmetadata: {name: d, uid: u}\nstatus: {desiredNumberScheduled: 0}", "no node is meant for it"),
        (
            "kind: Job\nmetadata: {name: j, uid: u}\nspec: {backoffLimit: 2}\nstatus: {failed: 3, conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded}]}",
            "it failed: BackoffLimitExceeded"
        ),
        ("kind: Job\nmetadata: {name: j, uid: u}\nspec: {suspend: true}", "it is suspended"),
        ("kind: CronJob\nmetadata: {name: c, uid: u}\nspec: {suspend: true, schedule: '* * * * *'}", "suspended: nothing is started"),
        ("kind: CronJob\nmetadata: {name: c, uid: u}\nspec: {schedule: '0 3 * * *'}", "has not started anything yet: its schedule is 0 3 * * *"),
        ("kind: Service\nmetadata: {name: s, uid: u}\nspec: {selector: {app: web}}", "no pod of its namespace has the labels of its selector app=web"),
        ("kind: Service\nmetadata: {name: s, uid: u}\nspec: {}", "it has no selector, and nobody has given it endpoints"),
        ("kind: Ingress\nmetadata: {name: i, uid: u}\nspec: {ingressClassName: nginx}", "there is no ingress class nginx"),
        (
            "kind: PersistentVolumeClaim\nmetadata: {name: c, uid: u}\nspec: {storageClassName: fast}\nstatus: {phase: Pending}",
            "there is no storage class fast"
        ),
        ("kind: PersistentVolumeClaim\nmetadata: {name: c, uid: u}\nspec: {}\nstatus: {phase: Pending}", "it names no storage class"),
        ("kind: PersistentVolumeClaim\nmetadata: {name: c, uid: u}\nspec: {volumeName: v1}\nstatus: {phase: Lost}", "its volume v1 is gone"),
        (
            "kind: Node\nmetadata: {name: n, uid: u}\nstatus: {conditions: [{type: Ready, status: Unknown, reason: NodeStatusUnknown}]}",
            "it is not ready: NodeStatusUnknown"
        ),
        ("kind: Node\nmetadata: {name: n, uid: u}\nspec: {unschedulable: true}\nstatus: {conditions: [{type: Ready, status: 'True'}]}", "it is cordoned"),
        (
            "kind: Namespace\nmetadata: {name: n, uid: u, deletionTimestamp: '2026-03-01T10:00:00Z'}\nspec: {finalizers: [kubernetes]}\nstatus: {phase: Terminating, conditions: [{type: NamespaceFinalizersRemaining, status: 'True', message: 'Some content in the namespace has finalizers remaining: a.b/c in 1 resource instances'}]}",
            "being deleted for 10m: Some content in the namespace has finalizers remaining: a.b/c"
        ),
        (
            "kind: CustomResourceDefinition\nmetadata: {name: c, uid: u}\nstatus: {conditions: [{type: NamesAccepted, status: 'False', reason: PluralConflict, message: taken}]}",
            "its names are taken: PluralConflict"
        ),
        (
            "kind: Widget\nmetadata: {name: w, uid: u}\nstatus: {conditions: [{type: Ready, status: 'False', reason: NoDisk, message: no disk left}]}",
            "Ready is False: NoDisk"
        ),
        ("kind: ConfigMap\nmetadata: {name: m, uid: u, deletionTimestamp: '2026-03-01T10:00:00Z', finalizers: [a.b/keep]}", "waits for its finalizers"),
    ]

    @Test(arguments: alone)
    func `each kind tells its first cause`(yaml: String, expected: String) throws {
        let causes = WhyCauses.of(WhyFacts(subject: try Self.object(yaml), now: Self.now))
        #expect(causes.first?.text.contains(expected) == true, "\(causes.map(\.text))")
    }

    @Test func `a deployment's cause is that of its pods, told once, and refusals come first`() throws {
        let deployment = try Self.object("kind: Deployment\nmetadata: {name: web, uid: d}\nspec: {replicas: 3}\nstatus: {availableReplicas: 0}")
        let set = try Self.object(
            "kind: ReplicaSet\nmetadata: {name: web-1, uid: r, ownerReferences: [{kind: Deployment, name: web, uid: d, apiVersion: apps/v1}]}")
        let pods = try (0..<2).map { number in
            try Self.object(
                "kind: Pod\nmetadata: {name: web-1-\(number), uid: p\(number)}\nspec: {nodeName: n, restartPolicy: Always}\nstatus: {phase: Running, containerStatuses: [{name: app, image: i, ready: false, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, reason: OOMKilled, finishedAt: '2026-03-01T10:08:00Z'}}}]}"
            )
        }
        var facts = WhyFacts(subject: deployment, owned: [set] + pods, now: Self.now)
        var causes = WhyCauses.of(facts)
        #expect(causes.first?.text.hasPrefix("2 pods (web-1-0, …): container app keeps ending: killed: out of memory") == true, "\(causes)")
        #expect(causes.filter { $0.text.contains("keeps ending") }.count == 1)
        facts.events = [Self.event("r", "FailedCreate", "pods \"web-1-x\" is forbidden: exceeded quota: small, requested: cpu=2")]
        causes = WhyCauses.of(facts)
        #expect(causes.first?.text == "the server refuses the pods of ReplicaSet web-1")
        #expect(causes.first?.details.contains { $0.hasPrefix("next: raise the ResourceQuota") } == true)
        let text = WhyReport.lines(facts).map { $0.map(\.text).joined() }.joined(separator: "\n")
        #expect(text.contains("What happened, newest first") && text.contains("container app ended: killed: out of memory"))
    }

    @Test(arguments: [
        "{replicas: 4, updatedReplicas: 1, availableReplicas: 3, unavailableReplicas: 1}", "{replicas: 4, updatedReplicas: 3, availableReplicas: 3}",
    ])
    func `a rollout that is stuck names what the new pods wait for although the old ones are available`(status: String) throws {
        let owner = { (kind: String, uid: String) in
            "ownerReferences: [{kind: \(kind), name: x, uid: \(uid), apiVersion: apps/v1, controller: true}]"
        }
        let sets = try [("old", 1), ("new", 2)].map { name, revision in
            try Self.object(
                "kind: ReplicaSet\nmetadata: {name: \(name), uid: \(name), annotations: {deployment.kubernetes.io/revision: '\(revision)'}, \(owner("Deployment", "d"))}"
            )
        }
        let pod = try Self.object(
            "kind: Pod\nmetadata: {name: new-1, uid: p, \(owner("ReplicaSet", "new"))}\nspec: {nodeName: n}\nstatus: {phase: Pending, containerStatuses: [{name: app, image: nowhere:1, ready: false, restartCount: 0, state: {waiting: {reason: ErrImagePull, message: no such image}}}]}"
        )
        let facts = WhyFacts(
            subject: try Self.object("kind: Deployment\nmetadata: {name: web, uid: d}\nspec: {replicas: 3}\nstatus: \(status)"), owned: sets + [pod],
            now: Self.now)
        let causes = WhyCauses.of(facts)
        #expect(causes.first?.text.hasPrefix("pod new-1: ") == true && causes.last?.text.hasPrefix("the rollout goes on") == true, "\(causes)")
    }

    @Test func `a service names the pod that comes near its selector, and unknown port names`() throws {
        let pod = try Self.object(
            "kind: Pod\nmetadata: {name: web-1, uid: p, labels: {app: web, tier: back}}\nspec: {containers: [{name: a, ports: [{name: http, containerPort: 80}]}]}\nstatus: {phase: Running, conditions: [{type: Ready, status: 'True'}]}"
        )
        var facts = WhyFacts(
            subject: try Self.object("kind: Service\nmetadata: {name: s, uid: u}\nspec: {selector: {app: web, tier: front}}"), pods: [pod], now: Self.now)
        #expect(WhyCauses.of(facts).first?.details.first == "pod web-1 comes near: it has tier=back, not tier=front")
        facts.subject = try Self.object("kind: Service\nmetadata: {name: s, uid: u}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: web}]}")
        #expect(WhyCauses.of(facts).first?.text == "no container of its pods has a port named web")
    }

    @Test func `placement is told node by node`() throws {
        let pod = Pod(
            try Self.object(
                "kind: Pod\nmetadata: {name: big, uid: p}\nspec: {nodeSelector: {disk: ssd}, containers: [{name: a, resources: {requests: {cpu: 3, memory: 1Gi}}}]}"
            ))
        let other = Pod(
            try Self.object(
                "kind: Pod\nmetadata: {name: o, uid: o}\nspec: {nodeName: n1, containers: [{name: a, resources: {requests: {cpu: 2500m}}}]}\nstatus: {phase: Running}"
            ))
        let nodes = try [
            "kind: Node\nmetadata: {name: n1, labels: {disk: ssd}}\nstatus: {allocatable: {cpu: 4, memory: 8Gi, pods: 110}, conditions: [{type: Ready, status: 'True'}]}",
            "kind: Node\nmetadata: {name: n2}\nspec: {taints: [{key: gpu, value: a, effect: NoSchedule}]}\nstatus: {allocatable: {cpu: 8, memory: 8Gi, pods: 110}, conditions: [{type: Ready, status: 'True'}]}",
            "kind: Node\nmetadata: {name: n3, labels: {disk: ssd}}\nspec: {unschedulable: true}\nstatus: {allocatable: {cpu: 8, memory: 8Gi, pods: 110}}",
        ].map { Node(try Self.object($0)) }
        #expect(
            PlacementReasons.lines(pod, nodes: nodes, pods: [other]) == [
                "n1: wants 3 CPU, 1.5 of 4 free", "n2: taint gpu=a:NoSchedule is not tolerated; it has no label disk=ssd", "n3: not ready; cordoned",
            ])
    }

    @Test func `what else a pod asks for is told, node by node and in all`() throws {
        let pod = Pod(
            try Self.object(
                "kind: Pod\nmetadata: {name: big, uid: p}\nspec: {containers: [{name: a, resources: {requests: {memory: 1Gi, hugepages-2Mi: 4Mi, x.io/gpu: 2}}}]}"
            ))
        let other = Pod(
            try Self.object(
                "kind: Pod\nmetadata: {name: o, uid: o}\nspec: {nodeName: n1, containers: [{name: a, resources: {requests: {hugepages-2Mi: 6Mi}}}]}\nstatus: {phase: Running}"
            ))
        let nodes = try ["n1: {hugepages-2Mi: 8Mi, x.io/gpu: 2}", "n2: {hugepages-2Mi: 8Mi}"].map { text in
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            return Node(
                try Self.object(
                    "kind: Node\nmetadata: {name: \(parts[0])}\nstatus: {allocatable:\(parts[1].dropLast()), memory: 8Gi, pods: 110}, conditions: [{type: Ready, status: 'True'}]}"
                ))
        }
        #expect(
            PlacementReasons.lines(pod, nodes: nodes, pods: [other]) == [
                "n1: wants 4Mi hugepages-2Mi, 2Mi of 8Mi free", "n2: it has no x.io/gpu",
            ])
    }

    @Test func `the timeline joins conditions, events, exits and changed fields, newest first`() throws {
        let subject = try Self.object(
            """
            kind: Deployment
            metadata:
              name: web
              uid: d
              creationTimestamp: "2026-03-01T09:00:00Z"
              managedFields:
              - {manager: kubectl, operation: Apply, time: "2026-03-01T09:00:00Z", fieldsV1: {"f:spec": {"f:replicas": {}}}}
              - {manager: kubectl-scale, operation: Update, time: "2026-03-01T10:05:00Z", subresource: scale, fieldsV1: {"f:spec": {"f:replicas": {}}}}
              - {manager: ctl, operation: Update, time: "2026-03-01T10:06:00Z", subresource: status, fieldsV1: {"f:status": {}}}
              - manager: edit
                operation: Update
                time: "2026-03-01T10:07:00Z"
                fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"app"}': {".": {}, "f:image": {}}}}}}}
            status:
              conditions: [{type: Available, status: "False", reason: MinimumReplicasUnavailable, message: too few, lastTransitionTime: "2026-03-01T10:08:00Z"}]
            """)
        let facts = WhyFacts(subject: subject, events: [Self.event("d", "Scaling", "scaled up", count: 4)], now: Self.now)
        let entries = WhyTimeline.entries(facts)
        #expect(
            entries.map { "\($0.source): \($0.text)" } == [
                "controller: Scaling (4 times in 8m): scaled up", "condition: Available became False, MinimumReplicasUnavailable: too few",
                "edit: changed spec.template.spec.containers[app].image", "kubectl-scale: changed spec.replicas", "kubectl: created",
            ])
    }

    @Test func `hostile fields neither trap nor grow without bound`() throws {
        var deep: JSONValue = [:]
        for _ in 0..<200 { deep = ["f:x": deep] }
        #expect(WhyTimeline.fields(deep).count <= 1)
        let many = JSONValue.object(JSONObject((0..<5000).map { ("f:a\($0)", JSONValue.object(JSONObject())) }))
        #expect(WhyTimeline.fields(many).count <= 100)
        for yaml in ["kind: Service\nspec: 7", "kind: Job\nstatus: []", "kind: Node\nspec: {taints: 3}", "kind: Ingress\nspec: {rules: {}}", "kind: Pod", "{}"]
        {
            _ = WhyReport.lines(WhyFacts(subject: try Self.object(yaml), now: Self.now))
        }
    }
}

@MainActor @Suite struct WhyViewTests {
    private func text(_ model: DetailModel?) -> String { (model?.lines ?? []).map { $0.map(\.text).joined() }.joined(separator: "\n") }

    @Test func `why reads any object, stays current and says when it is gone`() async throws {
        try await Fixture.with { fixture in
            let path = "/apis/apps/v1/namespaces/default/deployments/web"
            func put(_ replicas: Int64) {
                fixture.server.put(
                    path,
                    [
                        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "namespace": "default", "uid": "d"],
                        "spec": ["replicas": .integer(replicas)], "status": ["availableReplicas": 0],
                    ])
            }
            put(0)
            fixture.session.askWhy("deploy/default/web")
            fixture.app.prompt?.submit()
            try await fixture.until("the cause") { text(fixture.app.detail).contains("spec.replicas is 0") }
            put(2)
            try await fixture.until("the new cause") { text(fixture.app.detail).contains("0 of 2 pods are available") }
            fixture.server.remove(path)
            try await fixture.until("the end") { fixture.app.detail?.vanished?.contains("is gone") == true }
        }
    }

    @Test func `why of a pod shows at once and names what is not a kind`() async throws {
        try await Fixture.with { fixture in
            fixture.run("objects.why")
            #expect(fixture.app.detail?.kind == .why && !text(fixture.app.detail).isEmpty)
            fixture.session.explain(ObjectBinding(context: "kdash", namespace: nil, kind: "Gizmo", name: "x", uid: nil))
            #expect(fixture.app.toasts.contains { $0.text == "no kind Gizmo is known" })
            fixture.session.askWhy("gizmo/x")
            fixture.app.prompt?.submit()
            #expect(fixture.app.prompt?.input.text == "gizmo/x", "what was typed is not lost")
        }
    }
}
