import Testing

@testable import TerminalUI
@testable import ViewModels

/// The palette with what the entry under its cursor stands for, and a marked column.
@MainActor @Suite struct PaletteGoldenTests {
    @Test(arguments: [(80, 24), (100, 40), (120, 40), (200, 50)])
    func `the preview stands beside the list or below it, where there is room`(size: (Int, Int)) {
        let app = FakeCluster.app()
        app.openPalette()
        if case .palette(let palette)? = app.modal { palette.query.insert("delete") }
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "preview-\(size.0)x\(size.1)")
    }

    @Test func `a marked column is shown however narrow the table`() {
        let app = FakeCluster.app()
        for _ in 0..<20 { app.commands["objects.columnAfter"]?.run(app) }
        GoldenScreen.check(FakeCluster.screen(app, depth: .mono).render(width: 80, height: 24).surface, "marked-column-80x24-mono")
    }

    @Test(arguments: [(80, 24), (120, 40)])
    func `what waits for the cluster stands in the last row`(size: (Int, Int)) {
        let app = FakeCluster.app()
        app.connection = .starting("starting the cluster")
        app.openPalette()
        if case .palette(let palette)? = app.modal { palette.query.insert("podz") }
        app.typedAhead = TypedAhead(keys: ["Enter", "j", "d"], awaited: "the kinds of the cluster")
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "typed-ahead-\(size.0)x\(size.1)")
    }
}
