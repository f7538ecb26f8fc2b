import APIMachinery
import ClusterOperations
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import ViewModels

@Suite struct ObjectDescriptionTests {
    private let now = Timestamp(rfc3339: "2026-03-01T10:10:00Z")!

    private func object(_ yaml: String) throws -> KubeObject { KubeObject(try YAML.parseSingle(yaml).value) }

    private func text(_ yaml: String, related: [Relation: [String]] = [:], isRevealed: Bool = false) throws -> DetailText {
        let snapshot = ObjectSnapshot(object: try object(yaml), related: try related.mapValues { try $0.map(object) })
        return ObjectDescription.text(snapshot, now: now, context: "kdash", isRevealed: isRevealed)
    }

    private func flat(_ text: DetailText) -> String { text.lines.map { $0.map(\.text).joined() }.joined(separator: "\n") }

    @Test(arguments: [
        (
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3, selector: {matchLabels: {app: web}}, template: {spec: {containers: [{name: app, image: 'demo:2'}]}}}, status: {readyReplicas: 1, updatedReplicas: 2, unavailableReplicas: 2}}",
            ["replicas      1/3 ready", "updated       2 of 3", "strategy      RollingUpdate, 25% surge, 25% unavailable", "image         demo:2"]
        ),
        (
            "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {serviceName: db, replicas: 1, template: {spec: {containers: []}}, volumeClaimTemplates: [{metadata: {name: data}, spec: {resources: {requests: {storage: 2Gi}}}}]}, status: {readyReplicas: 1, currentRevision: a, updateRevision: b}}",
            ["replicas      1/1 ready", "going to      b, 0 pods have it", "Claim of each pod data", "size          2Gi"]
        ),
        (
            "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {template: {spec: {containers: []}}}, status: {desiredNumberScheduled: 2, numberReady: 2, updatedNumberScheduled: 2, numberMisscheduled: 1}}",
            ["pods          2/2 ready", "misplaced     1 on nodes"]
        ),
        (
            "{apiVersion: batch/v1, kind: Job, metadata: {name: sum}, spec: {completions: 4, template: {spec: {containers: []}}}, status: {succeeded: 2, failed: 1, startTime: '2026-03-01T10:09:00Z'}}",
            ["completions   2 of 4", "failed        1, 6 retries are allowed", "60s ago"]
        ),
        (
            "{apiVersion: batch/v1, kind: CronJob, metadata: {name: tick}, spec: {schedule: '*/5 * * * *', timeZone: Europe/Berlin, suspend: true, jobTemplate: {spec: {template: {spec: {containers: []}}}}}}",
            ["schedule      */5 * * * * in Europe/Berlin", "suspended     no jobs are started", "last start    never"]
        ),
        (
            "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: front}, spec: {rules: [{host: a.example, http: {paths: [{path: /x, pathType: Exact, backend: {service: {name: web, port: {number: 80}}}}]}}], tls: [{hosts: [a.example], secretName: cert}]}}",
            ["Host a.example", "/x exactly", "service web:80", "cert          a.example"]
        ),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a.conf: \"one\\ntwo\"}}", ["a.conf  7 bytes", "  one\n  two"]),
        (
            "{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {capacity: {storage: 5Gi}, claimRef: {namespace: d, name: disk}, hostPath: {path: /srv}}, status: {phase: Bound}}",
            ["claim         d/disk", "size          5Gi", "Source: hostPath", "path: /srv"]
        ),
        (
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r}, rules: [{verbs: [get, list], apiGroups: ['', apps], resources: [pods]}]}",
            ["get, list  pods, pods.apps"]
        ),
        (
            "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {minReplicas: 2, maxReplicas: 9, scaleTargetRef: {kind: Deployment, name: web}}, status: {currentReplicas: 3, desiredReplicas: 4}}",
            ["scales        Deployment web", "between       2 and 9 replicas", "replicas      3, 4 wanted"]
        ),
        (
            "{apiVersion: v1, kind: Event, metadata: {name: e}, involvedObject: {kind: Pod, name: p, namespace: d}, reason: BackOff, message: again, type: Warning, count: 3}",
            ["about         Pod p", "reason        BackOff", "count         3"]
        ),
        (
            "{apiVersion: example.com/v1, kind: Widget, metadata: {name: w, finalizers: [example.com/wait]}, spec: {size: 3, deep: {a: [1]}}, status: {phase: Odd, conditions: [{type: Ready, status: 'False', reason: No, message: not yet}]}}",
            ["version       example.com/v1", "finalizers    example.com/wait", "Spec", "size: 3", "Status", "phase: Odd", "Ready", "not yet"]
        ),
    ])
    func `each kind says its useful parts first`(yaml: String, expected: [String]) throws {
        let shown = flat(try text(yaml))
        for part in expected { #expect(shown.contains(part), "\(part) in\n\(shown)") }
    }

    @Test func `a service shows who answers, and that nobody does`() throws {
        let service = "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: d}, spec: {selector: {app: x}, ports: [{port: 80, targetPort: web}]}}"
        #expect(flat(try text(service)).contains("none: nobody answers"))
        let slice = """
            {kind: EndpointSlice, metadata: {name: s-1}, ports: [{port: 8080}], endpoints: [
            {addresses: [10.0.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: a, uid: ua}},
            {addresses: [10.0.0.2], conditions: {ready: false}, targetRef: {kind: Pod, name: b, uid: ub}}]}
            """
        let shown = try text(service, related: [.endpointSlices: [slice]])
        #expect(flat(shown).contains("1 of 2 ready") && flat(shown).contains("10.0.0.1:8080"))
        #expect(shown.links.values.contains { $0.binding?.kind == "Pod" && $0.binding?.name == "a" && $0.binding?.namespace == "d" })
    }

    @Test func `a node shows what its pods ask for of what it has`() throws {
        let node = """
            {apiVersion: v1, kind: Node, metadata: {name: n}, spec: {unschedulable: true, taints: [{key: k, effect: NoExecute}]},
            status: {allocatable: {cpu: "2", memory: 4Gi, pods: "10"}, conditions: [{type: MemoryPressure, status: "True"}, {type: Ready, status: "True"}]}}
            """
        let pod =
            "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: d}, spec: {containers: [{name: a, resources: {requests: {cpu: 1900m, memory: 1Gi}, limits: {memory: 2Gi}}}]}, status: {phase: Running}}"
        let shown = try text(node, related: [.pods: [pod]])
        let words = flat(shown)
        for part in ["cordoned", "k:NoExecute", "1900m (95%) of 2", "1Gi (25%) of 4Gi, limits 2Gi (50%)", "1 (10%) of 10"] {
            #expect(words.contains(part), "\(part)")
        }
        #expect(!words.contains("d/p "), "one namespace needs no name: \(words)")
        let both = flat(try text(node, related: [.pods: [pod, pod.replacing("namespace: d", with: "namespace: e")]]))
        #expect(both.contains("d/p ") && both.contains("e/p "), "\(both)")
        let pressure = try #require(shown.lines.first { $0.contains { $0.text.hasPrefix("MemoryPressure") } })
        #expect(pressure.contains { $0.text == "True" && $0.tone == .error }, "pressure that holds is a trouble")
    }

    @Test func `values of a secret are hidden until they are asked for, and can be copied either way`() throws {
        let secret = "{apiVersion: v1, kind: Secret, metadata: {name: s}, type: Opaque, data: {password: aHVudGVyMg==, key: AAEC, odd: '%%'}}"
        let hidden = try text(secret)
        #expect(!flat(hidden).contains("hunter2") && flat(hidden).contains("7 bytes"))
        #expect(hidden.links.values.contains { $0.value == "hunter2" })
        let shown = flat(try text(secret, isRevealed: true))
        #expect(shown.contains("hunter2") && shown.contains("3 bytes, binary") && shown.contains("is not base64"))
    }

    @Test(arguments: [
        "{apiVersion: apps/v1, kind: Deployment, metadata: 3, spec: [], status: x}",
        "{apiVersion: v1, kind: Node, metadata: {name: n}, status: {allocatable: {cpu: lots, memory: 9223372036854775807}, conditions: 5, images: [{}], addresses: {}}}",
        "{apiVersion: v1, kind: Service, spec: {ports: [null, {port: x}]}}", "{apiVersion: batch/v1, kind: Job, status: {startTime: never}}",
        "{apiVersion: v1, kind: Secret, data: [1]}", "{kind: ''}", "{apiVersion: a/b/c, kind: Pod}",
    ])
    func `a malformed object is described as far as it goes`(yaml: String) throws {
        #expect(!(try text(yaml)).lines.isEmpty)
    }

    @Test func `an owner leads to where it is, also when it is cluster scoped`() throws {
        let shown = try text(
            """
            {apiVersion: example.com/v1, kind: Widget, metadata: {name: w, namespace: d, ownerReferences: [
            {apiVersion: v1, kind: Node, name: n, uid: un}, {apiVersion: apps/v1, kind: Deployment, name: web, uid: uw, controller: true}]}}
            """)
        let bindings = shown.links.values.compactMap(\.binding)
        #expect(bindings.contains { $0.kind == "Node" && $0.namespace == nil && $0.uid == "un" })
        #expect(bindings.contains { $0.kind == "Deployment" && $0.namespace == "d" && $0.resource?.group == "apps" })
    }
}

@MainActor @Suite struct DescribingTests {
    private func deployment(_ replicas: Int64) -> JSONValue {
        [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "namespace": "default", "uid": "u-web"],
            "spec": ["replicas": .integer(replicas), "selector": ["matchLabels": ["app": "web"]], "template": ["spec": ["containers": []]]],
        ]
    }
    private let path = "/apis/apps/v1/namespaces/default/deployments/web"
    private let binding = ObjectBinding(context: "kdash", namespace: "default", kind: "Deployment", name: "web", uid: "u-web")

    private func words(_ app: AppModel) -> String { (app.detail?.lines ?? []).map { $0.map(\.text).joined() }.joined(separator: "\n") }

    @Test func `any object's description follows it until it is gone`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(path, deployment(2))
            fixture.session.describe(binding)
            #expect(fixture.app.detail?.binding?.name == "web", "the text is there at the key press")
            try await fixture.until("it was read") { words(fixture.app).contains("0/2 ready") }
            fixture.server.put(path, deployment(5))
            try await fixture.until("it is current") { words(fixture.app).contains("0/5 ready") }
            fixture.server.remove(path)
            try await fixture.until("it is said") { fixture.app.detail?.vanished?.contains("deployment default/web is gone") == true }
            #expect(words(fixture.app).contains("0/5 ready"), "its last state stays")
        }
    }

    @Test func `events come newest first, and those that may not be read are not said to be none`() async throws {
        let event = { (reason: String, at: String) in
            Event(KubeObject(["reason": .string(reason), "message": "m", "lastTimestamp": .string(at), "involvedObject": ["uid": "u"]]))
        }
        for kind in ["Pod", "ConfigMap"] {
            let object = KubeObject(["apiVersion": "v1", "kind": .string(kind), "metadata": ["name": "web", "namespace": "default", "uid": "u"]])
            let now = Timestamp(rfc3339: "2026-03-01T10:10:00Z")!
            func text(_ events: [Event], _ unread: [String]) -> String {
                ObjectDescription.text(ObjectSnapshot(object: object, events: events, unread: unread), now: now, context: "c").lines
                    .map { $0.map(\.text).joined() }.joined(separator: "\n")
            }
            let shown = text([event("First", "2026-03-01T10:01:00Z"), event("Second", "2026-03-01T10:02:00Z")], [])
            #expect(shown.contains("Events, newest first"))
            #expect(shown.contains(/Second[^$]*First/))
            #expect(text([], []).contains("Events  none in the last hour"))
            #expect(text([], ["events: events is forbidden"]).contains("Events  not read: events is forbidden"))
            #expect(!text([], ["events: events is forbidden"]).contains("none in the last hour"))
        }
    }

    @Test func `a line that names an object opens it, and Esc leads back`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(path, deployment(2))
            fixture.session.describe(binding)
            try await fixture.until("it was read") { fixture.app.detail?.links.isEmpty == false }
            try #require(fixture.app.detail?.selectedLink?.binding?.kind == "Namespace", "the first line that leads elsewhere")
            fixture.run("detail.open")
            try await fixture.until("the namespace was read") {
                fixture.app.detail?.binding?.kind == "Namespace" && words(fixture.app).contains("none in the last hour")
            }
            fixture.app.goBack()
            #expect(fixture.app.detail?.binding?.kind == "Deployment")
            fixture.server.put(path, deployment(6))
            try await fixture.until("the first is current again") { words(fixture.app).contains("0/6 ready") }
            fixture.app.goBack()
            #expect(fixture.app.detail == nil)
            try await fixture.until("nothing follows it any more") { !fixture.session.tasks.isRunning(.detail) }
        }
    }

    @Test func `what is gone says so and leaves no empty text`() async throws {
        try await Fixture.with { fixture in
            fixture.session.describe(binding)
            try await fixture.until("it is said") { fixture.app.toasts.contains { $0.text == "deployment default/web is gone" } }
            #expect(fixture.app.detail == nil)
        }
    }

    @Test func `a refusal is shown in the text`() async throws {
        try await Fixture.with { fixture in
            fixture.server.refuse(.get, path, APIStatus(code: 403, reason: .forbidden, message: "you may not"))
            fixture.session.describe(binding)
            try await fixture.until("it is said") { words(fixture.app).contains("cannot be read: you may not") }
        }
    }

    @Test func `hidden values are shown with x and hidden again`() async throws {
        try await Fixture.with { fixture in
            fixture.server.put(
                "/api/v1/namespaces/default/secrets/s",
                ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s", "namespace": "default", "uid": "u-s"], "data": ["k": "aHVudGVyMg=="]])
            fixture.session.describe(ObjectBinding(context: "kdash", namespace: "default", kind: "Secret", name: "s", uid: "u-s"))
            try await fixture.until("it was read") { words(fixture.app).contains("7 bytes") }
            #expect(!words(fixture.app).contains("hunter2"))
            fixture.run("detail.reveal")
            try await fixture.until("it is shown") { words(fixture.app).contains("hunter2") }
            fixture.run("detail.reveal")
            try await fixture.until("it is hidden") { !words(fixture.app).contains("hunter2") }
        }
    }
}
