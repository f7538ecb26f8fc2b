import LinuxKernel
import Testing
import ViewModels

@testable import TerminalUI

@MainActor @Suite struct ScreenGoldenTests {
    nonisolated static let sizes = [(60, 15), (80, 24), (120, 40), (200, 50)]

    @Test(arguments: sizes, [ColorDepth.truecolor, .sixteen, .mono])
    func `the panes look as recorded at every size and colour depth`(size: (Int, Int), depth: ColorDepth) {
        let screen = FakeCluster.screen(FakeCluster.app(), depth: depth)
        GoldenScreen.check(screen.render(width: size.0, height: size.1).surface, "panes-\(size.0)x\(size.1)-\(depth.rawValue)")
    }

    @Test(arguments: [(60, 15), (80, 24), (120, 40)])
    func `typing in the editor shows mode, cursor and messages`(size: (Int, Int)) {
        let app = FakeCluster.app()
        app.focus = .yaml
        app.editor.state = .editing
        app.editor.isTyping = true
        app.editor.place(TextPosition(line: 12, column: 6), selecting: false)
        app.editor.move(.lineEnd, selecting: true)
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "editor-\(size.0)x\(size.1)")
    }

    private func editing(_ line: Int) -> AppModel {
        let app = FakeCluster.app()
        app.focus = .yaml
        app.editor.state = .editing
        app.editor.place(TextPosition(line: line, column: 6), selecting: false)
        return app
    }

    @Test(arguments: [(80, 24), (120, 40), (200, 50)])
    func `the field at the cursor is explained below the text`(size: (Int, Int)) {
        let app = editing(8)
        app.editor.verdict = .accepted
        app.editor.isHelpShown = true
        app.editor.help = FieldHelp(
            path: "spec.replicas", facts: [TextSpan("integer", .dim), TextSpan("  default 1", .accent)],
            text: "How many pods are wanted. A number that is changed here is changed by autoscalers again, if one looks after this object.")
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "editor-help-\(size.0)x\(size.1)")
    }

    @Test(arguments: [(80, 24), (120, 40), (200, 50)], [ColorDepth.truecolor, .mono])
    func `owners stand before the line numbers, and conflicts between their markers`(size: (Int, Int), depth: ColorDepth) {
        let app = editing(3)
        app.isZoomed = size.0 == 80
        app.editor.setText(
            FakeCluster.manifest.replacing(
                "  replicas: 2", with: "<<<<<<< mine\n  replicas: 3\n=======\n  replicas: 5\n>>>>>>> cluster"))
        app.editor.state = .editing
        app.editor.diagnostics = []
        app.editor.place(TextPosition(line: 3, column: 6), selecting: false)
        app.editor.areOwnersShown = true
        let kubectl = FieldOwner(
            manager: "kubectl-client-side-apply", operation: "Update", subresource: "", time: FakeCluster.now.advanced(by: .seconds(-180)))
        let operatorOwner = FieldOwner(manager: "operator", operation: "Apply", subresource: "", time: nil)
        app.editor.owners = [3: [kubectl, operatorOwner], 4: [operatorOwner], 5: [operatorOwner]]
        app.editor.banner = TextSpan("1 place was changed by both: M m keeps mine, M c the cluster's, M b both, M n goes on", .warning)
        GoldenScreen.check(
            FakeCluster.screen(app, depth: depth).render(width: size.0, height: size.1).surface,
            "editor-owners-\(size.0)x\(size.1)-\(depth.rawValue)")
    }

    @Test func `a zoomed pane takes the whole body`() {
        let app = FakeCluster.app()
        app.isZoomed = true
        app.focus = .logs
        app.logs.isWrapping = true
        app.logs.times = .utc
        app.logs.search = "items"
        GoldenScreen.check(FakeCluster.screen(app).render(width: 60, height: 15).surface, "zoomed-logs-60x15")
    }

    @Test(arguments: sizes)
    func `a filter says what it shows, the cursor and marks are seen without colour`(size: (Int, Int)) async {
        let app = FakeCluster.app()
        app.focus = .logs
        FakeCluster.fillLevels(app)
        app.logs.setFilter("request & !health")
        app.logs.filter.minimumLevel = .info
        while app.logs.filterProgress != nil { await Task.yield() }
        let screen = FakeCluster.screen(app, depth: size.0 == 80 ? .mono : .truecolor)
        _ = screen.render(width: size.0, height: size.1)
        screen.type("k", "k", "m", "k", "k")
        GoldenScreen.check(screen.render(width: size.0, height: size.1).surface, "filtered-logs-\(size.0)x\(size.1)")
    }

    @Test(arguments: sizes)
    func `fields of structured lines are columns`(size: (Int, Int)) {
        let app = FakeCluster.app()
        app.focus = .logs
        app.isZoomed = true
        FakeCluster.fillLevels(app)
        app.logs.columns = ["level", "http.status", "msg"]
        let depth: ColorDepth = size.0 == 80 ? .mono : .truecolor
        GoldenScreen.check(FakeCluster.screen(app, depth: depth).render(width: size.0, height: size.1).surface, "log-columns-\(size.0)x\(size.1)")
    }

    @Test(arguments: sizes)
    func `a merge labels its lines and says what it is made of`(size: (Int, Int)) {
        let app = FakeCluster.app()
        app.focus = .logs
        FakeCluster.mergeLogs(app)
        let depth: ColorDepth = size.0 == 80 ? .mono : .truecolor
        GoldenScreen.check(FakeCluster.screen(app, depth: depth).render(width: size.0, height: size.1).surface, "merged-logs-\(size.0)x\(size.1)")
    }

    @Test(arguments: [ColorDepth.truecolor, .mono])
    func `questions name what they act on`(depth: ColorDepth) {
        let app = FakeCluster.app()
        app.modal = .dialog(FakeCluster.deleteDialog())
        GoldenScreen.check(FakeCluster.screen(app, depth: depth).render(width: 80, height: 24).surface, "dialog-80x24-\(depth.rawValue)")
    }

    @Test func `dangerous questions ask for the name`() {
        let app = FakeCluster.app()
        let dialog = FakeCluster.deleteDialog(typed: true)
        dialog.typed.insert("web-6d4")
        app.modal = .dialog(dialog)
        GoldenScreen.check(FakeCluster.screen(app).render(width: 60, height: 15).surface, "dialog-typed-60x15")
    }

    @Test func `a diff comes before Apply`() {
        let app = FakeCluster.app()
        app.modal = .diff(FakeCluster.diff())
        GoldenScreen.check(FakeCluster.screen(app).render(width: 80, height: 24).surface, "diff-80x24")
    }

    @Test func `a protected, stale context says so at every size`() {
        let app = FakeCluster.app()
        app.context = ContextState(name: "gke_prod-europe-west1_main-cluster", access: .protected, isEmbedded: false)
        app.connection = .stale(since: FakeCluster.now.advanced(by: .seconds(-75)), reason: "connection refused")
        for (width, height) in [(60, 15), (80, 24), (120, 40)] {
            let surface = FakeCluster.screen(app).render(width: width, height: height).surface
            GoldenScreen.check(surface, "protected-\(width)x\(height)")
            #expect(surface.text(row: 0).contains("PROTECTED"))
            #expect(surface.text(row: 0).contains("all namespaces"))
            #expect(surface.text(row: height - 1).contains("BROWSE"))
        }
    }

    @Test func `an unlocked context says so with its minutes at every size`() {
        let app = FakeCluster.app()
        app.context = ContextState(name: "gke_prod-europe-west1_main-cluster", access: .writable, isEmbedded: false, server: "https://35.1.2.3")
        (app.context.canUnlock, app.context.minutesLeft) = (true, 14)
        for (width, height) in [(60, 15), (80, 24), (120, 40)] {
            let surface = FakeCluster.screen(app).render(width: width, height: height).surface
            GoldenScreen.check(surface, "unlocked-\(width)x\(height)")
            #expect(surface.text(row: 0).contains("WRITABLE 14m") && surface.text(row: 0).contains("all namespaces"))
        }
    }

    @Test func `the empty first start offers the demo`() {
        let app = AppModel(clock: { FakeCluster.now })
        app.connection = .ready
        app.modal = .demoOffer(
            DemoOfferModel(items: [
                ("web", "a Deployment that logs"), ("burner", "uses CPU, limited to 250m"), ("sum", "a Job that finishes"),
            ]) { _ in })
        GoldenScreen.check(FakeCluster.screen(app).render(width: 80, height: 24).surface, "demo-80x24")
    }

    @Test func `why a pod is not running is one page`() {
        let app = FakeCluster.app()
        let model = DetailModel(
            title: "Why", binding: ObjectBinding(context: "kdash", namespace: "payments", kind: "Pod", name: "ledger-0", uid: "p5"))
        model.lines = [
            [
                TextSpan("Verdict  ", .dim), TextSpan("CrashLoopBackOff", .error),
                TextSpan(": container app exits with 7 about 4 s after it starts, 14 times in a row"),
            ],
            [], [TextSpan("Last exit", .accent)], [TextSpan("  app  "), TextSpan("Error", .error), TextSpan("  code 7")],
        ]
        app.detail = model
        GoldenScreen.check(FakeCluster.screen(app).render(width: 80, height: 24).surface, "why-80x24")
    }

    @Test func `a terminal that is too small gets one message`() {
        let surface = FakeCluster.screen(FakeCluster.app()).render(width: 20, height: 5).surface
        #expect(surface.text(row: 0) == "kdash needs 38x8;")
        #expect(surface.text(row: 1) == "this is 20x5")
    }

    @Test func `a question names its object on the smallest screen too`() {
        let app = FakeCluster.app()
        app.modal = .dialog(FakeCluster.deleteDialog(typed: true))
        let surface = FakeCluster.screen(app).render(width: 44, height: 10).surface
        GoldenScreen.check(surface, "dialog-typed-44x10")
        let text = (0..<10).map { surface.text(row: $0) }.joined(separator: " ").split { " │┃".contains($0) }.joined(separator: " ")
        #expect(text.contains("default/web-6d4cf56db6-5x2lp") && text.contains("in kdash"))
    }

    @Test func `completion hangs below the word that is typed`() {
        let app = FakeCluster.app()
        app.focus = .yaml
        app.editor.state = .editing
        app.editor.isTyping = true
        app.editor.place(TextPosition(line: 2, column: 4), selecting: false)
        app.editor.completion = CompletionModel(
            items: [CompletionItem(text: "metadata", detail: "names and labels"), CompletionItem(text: "spec", detail: "what is wanted")],
            selected: 1,
            start: TextPosition(line: 2, column: 0))
        GoldenScreen.check(FakeCluster.screen(app).render(width: 80, height: 24).surface, "completion-80x24")
    }

    @Test func `pickers rank, mark what matched and say what cannot run`() {
        let app = FakeCluster.app()
        let items = [
            PaletteItem(id: "a", title: "Describe", detail: "Pod", keys: "d"),
            PaletteItem(id: "b", title: "Delete", detail: "Pod", keys: "D d"),
            PaletteItem(id: "c", title: "Shell", detail: "Pod", keys: "s", disabledReason: "protected context"),
        ]
        let model = PaletteModel(title: "Run", placeholder: "type to find a command", action: "run", items: items) { _ in }
        model.query.insert("e")
        app.modal = .palette(model)
        GoldenScreen.check(FakeCluster.screen(app).render(width: 80, height: 24).surface, "palette-80x24")
    }

    @Test func `drafts come with their difference`() {
        let app = FakeCluster.app()
        app.modal = .drafts(
            DraftsModel(drafts: [
                DraftSummary(
                    id: "1", binding: FakeCluster.deployment, savedAt: FakeCluster.now.advanced(by: .seconds(-300)),
                    preview: FakeCluster.diff().lines)
            ]))
        GoldenScreen.check(FakeCluster.screen(app).render(width: 80, height: 24).surface, "drafts-80x24")
    }

    @Test func `toasts stand above the keys and a failed start says the remedy`() {
        let app = AppModel(clock: { FakeCluster.now })
        app.connection = .failed(reason: "port 6443 is taken by nginx", remedy: "stop it, or run kdash up --api-port 7443")
        app.toast("saved", .ok)
        app.toast("could not copy", .error)
        let surface = FakeCluster.screen(app).render(width: 80, height: 24).surface
        GoldenScreen.check(surface, "failed-80x24")
        #expect(surface.text(row: 23).contains("--api-port 7443"))
    }
}
