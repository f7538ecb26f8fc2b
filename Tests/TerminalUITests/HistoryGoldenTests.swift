import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import TerminalUI
@testable import ViewModels

@MainActor @Suite struct HistoryGoldenTests {
    nonisolated static let sizes = [(60, 15), (80, 24), (120, 40), (200, 50)]

    private func requests() -> [SentRequest] {
        let time = ManualTimeSource(at: FakeCluster.now.advanced(by: .seconds(-90)))
        let log = RequestLog(time: time)
        func send(_ request: APIRequest, _ outcome: SentRequest.Outcome?) {
            time.advance(by: .seconds(11))
            if let id = log.begin(request, context: "kdash"), let outcome { log.end(id, outcome) }
        }
        let web = "/apis/apps/v1/namespaces/default/deployments/web"
        send(
            APIRequest(
                .patch, path: "\(web)/scale", contentType: PatchType.merge.rawValue, body: JSON.encode(["spec": ["replicas": 3]])),
            .answered(code: 200, message: "", after: .milliseconds(4)))
        send(
            APIRequest(
                .post, path: "/api/v1/namespaces/default/secrets", query: [QueryItem("fieldManager", "kdash")], contentType: "application/json",
                body: JSON.encode(["kind": "Secret", "metadata": ["name": "login"], "data": ["password": "aHVudGVyMg=="]])),
            .answered(code: 201, message: "", after: .milliseconds(12)))
        send(
            APIRequest(
                .delete, path: "/api/v1/namespaces/default/pods/web-6d4cf56db6-5x2lp", contentType: "application/json",
                body: JSON.encode(["kind": "DeleteOptions", "gracePeriodSeconds": 0, "preconditions": ["uid": "p0"]])),
            .answered(code: 409, message: "the UID in the precondition (p0) does not match the UID in record (p9)", after: .milliseconds(3)))
        send(APIRequest(.delete, path: "/api/v1/namespaces/payments"), .lost(message: "connection refused", after: .milliseconds(2200)))
        send(APIRequest(.delete, path: "/api/v1/namespaces/default/pods/sum-kx7vq"), nil)
        return log.entries
    }

    @Test(arguments: sizes)
    func `the command log lists what was sent`(size: (Int, Int)) {
        let app = FakeCluster.app()
        let model = DetailModel(title: "Command log", kind: .commandLog, binding: nil)
        let text = CommandLogText.list(requests(), context: "kdash", recordsReads: false)
        model.show(text.lines, stops: text.stops)
        model.moveSelection(by: 2)
        app.detail = model
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "command-log-\(size.0)x\(size.1)")
    }

    @Test(arguments: sizes)
    func `a sent request is shown with both of its command lines`(size: (Int, Int)) {
        let app = FakeCluster.app()
        let model = DetailModel(title: "Sent request", kind: .sentRequest, binding: nil)
        model.parent = DetailModel(title: "Command log", kind: .commandLog, binding: nil)
        model.lines = CommandLogText.detail(requests()[1], undo: nil, now: FakeCluster.now)
        app.detail = model
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "sent-request-\(size.0)x\(size.1)")
    }

    private func undoEntries() -> [UndoEntry] {
        let maps = GroupVersionResource(group: "apps", version: "v1", resource: "deployments")
        func deployment(_ replicas: Int64, _ image: String) -> KubeObject {
            KubeObject([
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "namespace": "default", "uid": "d0"],
                "spec": ["replicas": .integer(replicas), "template": ["spec": ["containers": [["name": "app", "image": .string(image)]]]]],
            ])
        }
        func entry(_ id: String, _ age: Int64, _ verb: UndoEntry.Verb, _ before: KubeObject?, _ after: KubeObject?, undoes: String? = nil) -> UndoEntry {
            UndoEntry(
                id: id, at: FakeCluster.now.advanced(by: .seconds(-age)), context: "kdash", cluster: nil, verb: verb, method: .put, path: "/",
                resource: maps, namespace: "default", name: "web", before: before, after: after, undoes: undoes, isUncertain: id == "5")
        }
        let (one, two) = (deployment(1, "kdash.dev/demo:1"), deployment(3, "kdash.dev/demo:2"))
        return [
            entry("1", 900, .created, nil, one), entry("2", 620, .changed, one, two), entry("3", 300, .changed, two, one, undoes: "2"),
            entry("4", 40, .deleted, one, nil), entry("5", 2, .changed, two, nil),
        ]
    }

    @Test(arguments: sizes)
    func `the undo list tells what each write changed and what is undone`(size: (Int, Int)) {
        let app = FakeCluster.app()
        let model = DetailModel(title: "Undo", kind: .undo, binding: nil)
        let text = UndoText.list(undoEntries(), now: FakeCluster.now, failure: nil)
        model.show(text.lines, stops: text.stops)
        model.moveSelection(by: 1)
        app.detail = model
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "undo-\(size.0)x\(size.1)")
    }

    @Test func `the question of undo names what does not come back first`() {
        let app = FakeCluster.app()
        var plan = UndoPlan()
        func item(_ kind: String, _ name: String) -> JSONValue { ["uid": .string(name), "kind": .string(kind), "namespace": "default", "name": .string(name)] }
        func left(_ kind: String, _ name: String, _ reason: String, _ isMadeAnew: Bool) -> JSONValue {
            ["kind": .string(kind), "namespace": "default", "name": .string(name), "reason": .string(reason), "madeAnew": .bool(isMadeAnew)]
        }
        let outlook = RestoreOutlook([
            "kind": "ObjectRestore",
            "items": [
                item("Deployment", "web"), item("ReplicaSet", "web-6d4cf56db6"), item("ReplicaSet", "web-7b9c6f4d8"), item("NetworkPolicy", "web"),
                item("NetworkPolicy", "db"),
            ],
            "left": [
                left("Pod", "web-a", "is made anew by its ReplicaSet", true), left("Pod", "web-b", "is made anew by its ReplicaSet", true),
                left("Secret", "key", "may not be created by \"alice\"", false), left("Job", "one", "had ended, and would run once more", false),
                left("Job", "two", "had ended, and would run once more", false),
            ],
        ])!
        plan.warnings = ["changed since by kubectl at the same place: this writes over that"]
        plan.returning = RestoreText.returning(outlook)
        plan.losses = ["its pods are made anew"] + RestoreText.losses(outlook)
        plan.lines = FakeCluster.diff().lines
        let model = DiffModel(title: "Undo in context kdash", binding: FakeCluster.deployment, lines: UndoText.question(plan))
        (model.confirmTitle, model.cancelTitle) = ("undo", "leave it")
        model.state = .ready("the server accepts it; one thing does not come back")
        app.modal = .diff(model)
        GoldenScreen.check(FakeCluster.screen(app).render(width: 80, height: 24).surface, "undo-question-80x24")
    }

    private func use() -> (cpu: ChartModel, memory: ChartModel) {
        let cpu = (0..<360).map { index -> Double? in index < 60 ? nil : 60 + 40 * Double((index / 20) % 5) + Double(index % 7) * 5 }
        let memory = (0..<360).map { index -> Double? in index < 60 ? nil : Double(20 << 20) + Double(index - 60) * Double(140 << 10) }
        return (
            ChartModel(
                title: "CPU", unit: .milliCPU, values: cpu, step: 10, request: 100, limit: 250, marks: [200: .throttled, 201: .throttled, 330: .throttled]),
            ChartModel(
                title: "Memory", unit: .bytes, values: memory, step: 10, request: Double(32 << 20), limit: Double(64 << 20), marks: [355: .outOfMemory])
        )
    }

    private func chartScreen(_ glyphs: GlyphSet, _ depth: ColorDepth) -> Screen {
        let app = FakeCluster.app()
        let model = DetailModel(
            title: "Use in the last hour", kind: .charts,
            binding: ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: "burner-7b9c6f4d8-pp2vv", uid: "p2"))
        let (cpu, memory) = use()
        model.show([[TextSpan("Container app", .accent)], [], [], []], stops: [], charts: [1: cpu, 3: memory])
        app.detail = model
        let screen = Screen(app: app, theme: ThemeLibrary.standard(depth: depth), glyphs: glyphs)
        screen.hasBracketedPaste = true
        return screen
    }

    @Test(arguments: sizes)
    func `charts show an hour against request and limit, with what happened`(size: (Int, Int)) {
        GoldenScreen.check(chartScreen(.unicode, .truecolor).render(width: size.0, height: size.1).surface, "charts-\(size.0)x\(size.1)")
    }

    @Test func `charts need neither colour nor braille`() {
        GoldenScreen.check(chartScreen(.ascii, .mono).render(width: 80, height: 24).surface, "charts-80x24-ascii")
    }

    @Test(arguments: sizes)
    func `recent changes are one list`(size: (Int, Int)) {
        let app = FakeCluster.app()
        let model = DetailModel(title: "What changed", kind: .changes, binding: nil)
        func change(_ age: Int64, _ what: RecentChanges.Change.What, _ kind: String, _ name: String, _ text: String, _ by: String) -> RecentChanges.Change {
            RecentChanges.Change(
                at: FakeCluster.now.advanced(by: .seconds(-age)), what: what, kind: kind, namespace: "default", name: name, uid: name, text: text, by: by)
        }
        let changes = [
            change(3, .warning, "Pod", "web-6d4cf56db6-5x2lp", "BackOff (4 times): Back-off restarting failed container app", "kubelet"),
            change(9, .restarted, "Pod", "web-6d4cf56db6-5x2lp", "container app, 4 times in all, it ended: exit 7 (Error)", ""),
            change(30, .changed, "Deployment", "web", "spec.template.spec.containers[app].image", "kubectl-edit"),
            change(64, .deleted, "ConfigMap", "settings", "is gone", ""), change(200, .created, "Service", "web", "", "kubectl-create"),
        ]
        let text = RecentChanges.list(changes, place: "all namespaces", span: .seconds(300), gaps: ["widgets: timeout"], now: FakeCluster.now)
        model.show(text.lines, stops: text.stops)
        app.detail = model
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "changes-\(size.0)x\(size.1)")
    }

    @Test(arguments: sizes)
    func `pulses are counts and charts`(size: (Int, Int)) {
        let app = FakeCluster.app()
        let model = DetailModel(title: "Pulses", kind: .pulses, binding: nil)
        var look = PulseScan.Look()
        look.pulses = [
            Pulse(
                "Deployment", GroupVersionResource(group: "apps", version: "v1", resource: "deployments"),
                (0..<6).map { index in
                    KubeObject([
                        "metadata": ["name": .string("d\(index)"), "uid": .string("\(index)")], "spec": ["replicas": 2],
                        "status": ["availableReplicas": .integer(min(2, Int64(index)))],
                    ])
                })
        ]
        (look.cpu, look.memory) = (4000, Double(8 << 30))
        var steps = [UsageHistory.Step](repeating: UsageHistory.Step(), count: UsageHistory.steps)
        for index in 100..<360 {
            steps[index] = UsageHistory.Step(cpu: 800 + Double(index % 50) * 30, memory: Double(3 << 30), cpuSamples: 1, samples: 1)
        }
        let page = PulseText.page(look, usage: steps, warnings: (0..<60).map { Double($0 % 9 == 0 ? $0 / 9 : 0) }, place: "all namespaces")
        model.show(page.lines, stops: page.stops, charts: page.charts)
        app.detail = model
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "pulses-\(size.0)x\(size.1)")
    }

    @Test func `the cursor of a list stays in view, and its first line shows the heading`() {
        let app = FakeCluster.app()
        let model = DetailModel(title: "List", binding: nil)
        let lines = [[TextSpan("heading")]] + (0..<100).map { [TextSpan("line \($0)")] }
        model.show(lines, stops: (0..<100).map { DetailStop(line: $0 + 1, id: "\($0)") })
        app.detail = model
        let screen = FakeCluster.screen(app)
        func rows() -> [String] {
            let surface = screen.render(width: 60, height: 15).surface
            return (0..<15).map { surface.text(row: $0) }
        }
        #expect(rows().contains { $0.contains("heading") })
        screen.type("G")
        #expect(rows().contains { $0.contains("line 99") })
        screen.type("/", "3", "7", "enter")
        #expect(model.selected == "37" && rows().contains { $0.contains("line 37") })
        screen.type("esc")
        #expect(app.detail == nil)
    }
}
