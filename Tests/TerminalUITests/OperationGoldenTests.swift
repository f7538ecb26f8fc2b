import APIMachinery
import JSONCore
import Testing

@testable import ClusterOperations
@testable import TerminalUI
@testable import ViewModels

/// The texts and questions about objects, as they look.
@MainActor @Suite struct OperationGoldenTests {
    private static let context = "kdash"

    private func object(_ yaml: String) throws -> KubeObject { KubeObject(try YAML.parseSingle(yaml).value) }

    private func binding(_ kind: String, _ name: String, _ uid: String) -> ObjectBinding {
        ObjectBinding(context: Self.context, namespace: kind == "Node" ? nil : "default", kind: kind, name: name, uid: uid)
    }

    private func detail(_ title: String, _ binding: ObjectBinding, _ text: DetailText) -> DetailModel {
        let model = DetailModel(title: title, binding: binding)
        model.isReading = true
        model.onOpen = { _ in }
        model.hints = [("detail.open", "open"), ("detail.reveal", "show or hide"), ("detail.copy", "copy"), ("detail.stop", "stop")]
        model.show(text)
        return model
    }

    private static let deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: default, uid: u-web, creationTimestamp: "2026-03-01T09:00:00Z", labels: {app: web}}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            spec:
              containers:
              - {name: app, image: "kdash.dev/demo:2", ports: [{containerPort: 8080, name: http}], resources: {requests: {cpu: 50m}, limits: {memory: 64Mi}}}
        status:
          readyReplicas: 2
          updatedReplicas: 3
          unavailableReplicas: 1
          conditions:
          - {type: Available, status: "False", reason: MinimumReplicasUnavailable, message: Deployment does not have minimum availability.}
          - {type: Progressing, status: "True", reason: ReplicaSetUpdated}
        """

    private func pod(_ name: String, ready: Bool) throws -> KubeObject {
        try object(
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name), namespace: default, uid: u-\(name)}
            spec: {nodeName: kdash-1, containers: [{name: app, image: "kdash.dev/demo:2"}]}
            status:
              phase: Running
              containerStatuses: [{name: app, ready: \(ready), restartCount: \(ready ? 0 : 4), state: \(ready ? "{running: {}}" : "{waiting: {reason: CrashLoopBackOff}}")}]
            """)
    }

    @Test(arguments: [(60, 15), (80, 24), (120, 40), (200, 50)])
    func `a deployment is described at every size`(size: (Int, Int)) throws {
        let app = FakeCluster.app()
        let snapshot = ObjectSnapshot(
            object: try object(Self.deployment), related: [.pods: [try pod("web-1", ready: true), try pod("web-2", ready: false)], .replicaSets: []])
        let text = ObjectDescription.text(snapshot, now: FakeCluster.now, context: Self.context)
        app.detail = detail("Describe", binding("Deployment", "web", "u-web"), text)
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "describe-deployment-\(size.0)x\(size.1)")
    }

    @Test(arguments: [ColorDepth.truecolor, .mono])
    func `hidden values are dots`(depth: ColorDepth) throws {
        let app = FakeCluster.app()
        let secret = try object(
            "{apiVersion: v1, kind: Secret, metadata: {name: keys, namespace: default, uid: u-s}, type: Opaque, data: {password: aHVudGVyMg==, token: YWJj}}")
        let model = detail(
            "Describe", binding("Secret", "keys", "u-s"),
            ObjectDescription.text(ObjectSnapshot(object: secret), now: FakeCluster.now, context: Self.context))
        model.isRevealed = false
        app.detail = model
        GoldenScreen.check(FakeCluster.screen(app, depth: depth).render(width: 80, height: 24).surface, "describe-secret-80x24-\(depth.rawValue)")
    }

    @Test func `a drain shows its plan behind the question`() {
        let app = FakeCluster.app()
        let pods = GroupVersionResource(group: "", version: "v1", resource: "pods")
        func pod(_ name: String, _ fate: DrainPlan.Fate, _ local: [String] = [], _ budgets: [String] = []) -> DrainPlan.Pod {
            DrainPlan.Pod(
                target: ObjectTarget(pods, kind: "Pod", namespace: "default", name: name, uid: "u-\(name)"), fate: fate, localData: local, refusedBy: budgets)
        }
        let plan = DrainPlan(
            node: ObjectTarget(GroupVersionResource(group: "", version: "v1", resource: "nodes"), kind: "Node", namespace: nil, name: "kdash-1", uid: "u-n"),
            isCordoned: false,
            pods: [
                pod("web-1", .evicted, ["scratch"]), pod("db-0", .evicted, [], ["keep-db"]), pod("alone", .lost),
                pod("agent-x", .stays("it is of DaemonSet agent, which ignores cordons")),
            ], unread: [])
        let node = binding("Node", "kdash-1", "u-n")
        app.detail = detail("Drain", node, DrainText.plan(plan, context: Self.context))
        GoldenScreen.check(FakeCluster.screen(app).render(width: 120, height: 40).surface, "drain-plan-120x40")
        app.modal = .dialog(
            DialogModel(
                title: "Drain this node?", body: DrainText.summary(plan), binding: node,
                choices: [DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "yes", title: "Drain", key: "y", isDestructive: true)],
                defaultChoice: 0, typedName: "kdash-1"
            ) { _ in })
        GoldenScreen.check(FakeCluster.screen(app).render(width: 80, height: 24).surface, "drain-dialog-80x24")
    }

    @Test(arguments: [(80, 24), (120, 40)])
    func `an undo shows what changes and what it is called`(size: (Int, Int)) {
        let app = FakeCluster.app()
        let lines = UnifiedDiff.lines(
            from: "spec:\n  containers:\n  - image: demo:2\n    name: app", to: "spec:\n  containers:\n  - image: demo:1\n    name: app")
        let model = DiffModel(title: "Back to revision 1?", binding: binding("Deployment", "web", "u-web"), lines: lines)
        (model.confirmTitle, model.cancelTitle) = ("go back to it", "leave it")
        model.state = .ready("the server accepts it")
        app.modal = .diff(model)
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "rollback-\(size.0)x\(size.1)")
    }

    @Test func `the menu of what can be done follows its prefix`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        _ = screen.render(width: 120, height: 40)
        screen.handle([.key(Key("a"))])
        GoldenScreen.check(screen.render(width: 120, height: 40).surface, "act-menu-120x40")
    }
}
