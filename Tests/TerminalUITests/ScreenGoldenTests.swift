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

    @Test func `a zoomed pane takes the whole body`() {
        let app = FakeCluster.app()
        app.isZoomed = true
        app.focus = .logs
        app.logs.isWrapping = true
        app.logs.showsTimestamps = true
        app.logs.search = "items"
        GoldenScreen.check(FakeCluster.screen(app).render(width: 60, height: 15).surface, "zoomed-logs-60x15")
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
        #expect(surface.text(row: 0) == "kdash needs 40x8;")
        #expect(surface.text(row: 1) == "this is 20x5")
    }
}
