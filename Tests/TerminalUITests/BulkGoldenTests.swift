import APIMachinery
import JSONCore
import LinuxKernel
import Testing

@testable import ClusterOperations
@testable import KubeClient
@testable import TerminalUI
@testable import ViewModels

/// Lists of what became of many objects, of who may do what, and of what a process has.
@MainActor @Suite struct BulkGoldenTests {
    nonisolated static let sizes = [(60, 15), (80, 24), (120, 40), (200, 50)]

    private func show(_ title: String, _ kind: DetailKind, _ text: DetailText, _ hints: [(String, String)], _ name: String, _ size: (Int, Int)) {
        let app = FakeCluster.app()
        let model = DetailModel(title: title, kind: kind, binding: nil)
        model.isReading = name != "subjects"
        model.hints = hints.map { (id: $0.0, title: $0.1) }
        model.onOpen = { _ in }
        model.onStop = {}
        model.show(text)
        app.detail = model
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "\(name)-\(size.0)x\(size.1)")
    }

    private static let targets = ["web", "api", "ledger", "a-name-that-is-much-longer-than-names-are"].map {
        ObjectTarget(
            GroupVersionResource(group: "apps", version: "v1", resource: "deployments"), kind: "Deployment", namespace: "default", name: $0, uid: "u-\($0)")
    }

    @Test(arguments: sizes)
    func `each of many objects says what became of it`(size: (Int, Int)) {
        var outcomes = BulkOutcomes(Self.targets)
        outcomes[0] = .done("deployment default/web: 2 to 5 replicas")
        outcomes[1] = .refused("deployments.apps \"api\" is forbidden: User \"ada\" cannot update resource \"deployments/scale\" in namespace default")
        outcomes[2] = .going
        show("Scale to 5", .results, outcomes.text(context: "kdash"), [("detail.open", "open"), ("detail.stop", "stop")], "bulk-going", size)
        outcomes[2] = .done("deployment default/ledger: 4 to 5 replicas")
        outcomes.leaveRest()
        show("Scale to 5", .results, outcomes.text(context: "kdash"), [("detail.open", "open"), ("detail.save", "save")], "bulk-ended", size)
    }

    @Test(arguments: sizes)
    func `users and groups stand in one table`(size: (Int, Int)) {
        func role(_ name: String, _ verbs: JSONValue, _ resources: JSONValue, _ groups: JSONValue = [""]) -> KubeObject {
            KubeObject([
                "kind": "ClusterRole", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": ["name": .string(name)],
                "rules": [["verbs": verbs, "resources": resources, "apiGroups": groups]],
            ])
        }
        func binding(_ name: String, _ role: String, _ subject: JSONValue, _ namespace: String?) -> KubeObject {
            var metadata: JSONValue = ["name": .string(name)]
            if let namespace { metadata["namespace"] = .string(namespace) }
            return KubeObject([
                "kind": namespace == nil ? "ClusterRoleBinding" : "RoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": metadata,
                "roleRef": ["kind": "ClusterRole", "name": .string(role)], "subjects": [subject],
            ])
        }
        let map = AccessMap(
            roles: [role("cluster-admin", ["*"], ["*"], ["*"]), role("view", ["get", "list", "watch"], ["pods"]), role("keys", ["get"], ["secrets"])],
            bindings: [
                binding("admins", "cluster-admin", ["kind": "Group", "name": "system:masters"], nil),
                binding("ada", "view", ["kind": "User", "name": "ada@example.com"], "payments"),
                binding("all", "view", ["kind": "Group", "name": "system:authenticated"], nil),
                binding("robot", "keys", ["kind": "ServiceAccount", "namespace": "payments", "name": "robot"], "payments"),
            ])
        show("Users and groups", .text, AccessText.subjects(map, context: "kdash"), [("detail.open", "open")], "subjects", size)
    }

    @Test(arguments: [(80, 24), (120, 40)])
    func `a process shows its environment and its open files`(size: (Int, Int)) {
        let process = ContainerProcess(
            pid: 7, parent: 1, user: "app", state: "S", cpuMilliseconds: 1200, resident: ByteCount(1 << 20), threads: 3,
            startedAt: FakeCluster.now.advanced(by: .seconds(-4000)), startedTicks: 1, command: "/bin/server --port 8080 --config /etc/server.yaml")
        let details = ProcessDetails(
            environment: [.init(name: "PATH", value: "/bin:/usr/bin"), .init(name: "TOKEN", value: "hunter2"), .init(name: "EMPTY", value: "")],
            environmentProblem: nil,
            files: [.init(number: 0, what: "/dev/null"), .init(number: 3, what: "socket:[4711]"), .init(number: 4, what: "/var/lib/data.db (deleted)")],
            filesProblem: nil)
        let text = ContainerProcessesText.process(process, details, isRevealed: false, now: FakeCluster.now)
        show("Process 7 of web-1/app", .processes, text, [("detail.reveal", "show or hide values"), ("detail.copy", "copy")], "process", size)
    }

    @Test(arguments: [(80, 24), (120, 40)])
    func `what goes with a Helm release is listed`(size: (Int, Int)) throws {
        func item(_ kind: String, _ name: String, _ fate: HelmUninstall.Fate) -> HelmUninstall.Item {
            HelmUninstall.Item(
                target: ObjectTarget(
                    GroupVersionResource(group: "", version: "v1", resource: kind.lowercased()), kind: kind, namespace: "shop", name: name, uid: "u"),
                fate: fate)
        }
        let header = HelmRelease.Header(
            name: "shop", namespace: "shop", version: 2, status: "deployed",
            keeper: ObjectTarget(GroupVersionResource(group: "", version: "v1", resource: "secrets"), kind: "Secret", namespace: "shop", name: "s", uid: "u"))
        let plan = HelmUninstall(
            release: header, revisions: [header, header],
            items: [
                item("Service", "web", .goes), item("Deployment", "web", .goes), item("PersistentVolumeClaim", "data", .goes), item("ConfigMap", "old", .gone),
                item("Secret", "keys", .kept),
            ], hooks: 2, document: .null)
        show("Uninstall", .text, HelmText.uninstall(plan, context: "kdash"), [("detail.open", "open")], "helm-uninstall", size)
        let app = FakeCluster.app()
        app.modal = .dialog(
            DialogModel(
                title: "Uninstall release shop?", body: HelmText.summary(plan), binding: nil,
                choices: [DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "yes", title: "Uninstall", key: "y", isDestructive: true)],
                defaultChoice: 0, typedName: plan.isGreat ? "shop" : nil
            ) { _ in })
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "helm-uninstall-dialog-\(size.0)x\(size.1)")
    }

    @Test(arguments: [(80, 24), (120, 40), (200, 50)])
    func `a heading says why no figures are there`(size: (Int, Int)) {
        let app = FakeCluster.app()
        let bare = app.pods.all.map { pod in
            var pod = pod
            (pod.cpu.used, pod.memory.used) = (nil, nil)
            return pod
        }
        app.pods.upsert(bare, now: FakeCluster.now.advanced(by: .seconds(-60)))
        app.pods.usageGap = .missing
        app.isZoomed = true
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "no-metrics-\(size.0)x\(size.1)")
    }

    @Test(arguments: [(80, 24), (120, 40), (200, 50)], [ColorDepth.truecolor, .mono])
    func `nodes show what they use of what they can give`(size: (Int, Int), depth: ColorDepth) {
        let app = FakeCluster.app()
        let kind = ServedKind(
            resource: GroupVersionResource(group: "", version: "v1", resource: "nodes"), kind: "Node", isNamespaced: false, verbs: ["list"])
        let names = ["Name", "Status", "Roles", "Age", "Version", "Internal-IP", "OS-Image"]
        let layout = ServerTableLayout(
            names.enumerated().map { ServerTable.Column(name: $1, type: "string", priority: $0 > 4 ? 1 : 0) }, kind: kind)
        app.kinds = [.pods, kind]
        app.show(kind: kind)
        app.list.layout = layout.columns
        let rows = [("kdash-1", "Ready", "4", "8Gi"), ("kdash-2", "Ready,SchedulingDisabled", "16", "131072Mi"), ("sim-1", "Ready", "8", "32Gi")]
        for (name, status, cpu, memory) in rows {
            let object = KubeObject([
                "metadata": ["name": .string(name), "uid": .string(name), "creationTimestamp": "2026-03-01T08:00:00Z"],
                "status": ["allocatable": ["cpu": .string(cpu), "memory": .string(memory)]],
            ])
            let cells: [JSONValue] = [.string(name), .string(status), "<none>", "", "v1.34.1", "10.0.0.7", "Debian GNU/Linux 13 (trixie)"]
            app.list.upsert([layout.row(ServerTable.Row(cells: cells, object: object))], now: FakeCluster.now.advanced(by: .seconds(-60)))
        }
        app.list.setUsage(["/kdash-1": PodUsage(cpu: 3720, memory: 1_300 << 20), "/kdash-2": PodUsage(cpu: 250, memory: 120 << 30)])
        app.isZoomed = true
        GoldenScreen.check(FakeCluster.screen(app, depth: depth).render(width: size.0, height: size.1).surface, "nodes-\(size.0)x\(size.1)-\(depth.rawValue)")
    }

    @Test(arguments: [(80, 24), (120, 40)], [LogTimes.local, .utc, .relative])
    func `log times are local, UTC or ages`(size: (Int, Int), times: LogTimes) {
        let app = FakeCluster.app()
        app.focus = .logs
        app.isZoomed = true
        app.logs.zone = TimeZoneRules.local(variable: "CET-1")
        app.logs.times = times
        app.clock = { FakeCluster.now.advanced(by: .seconds(130)) }
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "log-times-\(times.rawValue)-\(size.0)x\(size.1)")
    }

    @Test func `a kubeconfig that cannot be read stands in the list of contexts`() {
        let app = FakeCluster.app()
        let actions = RecordingActions()
        actions.contexts = ["prod", "test"]
        actions.contextProblems = ["kubeconfig /home/ada/.kube/other has \"contexts\" that is no list (line 7, column 3)"]
        app.cluster = actions
        app.commands["app.context"]?.run(app)
        if case .palette(let palette)? = app.modal { palette.selected = 2 }
        GoldenScreen.check(FakeCluster.screen(app).render(width: 80, height: 24).surface, "contexts-broken-80x24")
    }
}
