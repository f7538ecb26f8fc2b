import Testing
import ViewModels

@testable import TerminalUI

@MainActor @Suite struct TableViewTests {
    @Test func `a column that a long state pushed out comes back with the short one`() {
        let model = PodsModel(signal: ChangeSignal())
        let view = TableView()
        model.showsNamespace = false
        func header(_ status: String) -> String {
            model.upsert([FakeCluster.pod("p", "default", "web-1", status)], now: FakeCluster.now)
            var painter = Painter(
                width: 74, height: 5, theme: ThemeLibrary.standard(depth: .mono), glyphs: .ascii, now: FakeCluster.now)
            _ = view.draw(model, in: painter.surface.bounds, isFocused: true, &painter)
            return painter.surface.text(row: 0)
        }
        #expect(header("Running").contains("MEMORY"))
        #expect(!header("ContainerCreating").contains("MEMORY"))
        #expect(header("Running").contains("MEMORY"))
    }
}
