import LinuxKernel
import Testing
import ViewModels

@testable import TerminalUI

@MainActor @Suite struct TableViewTests {
    @Test func `a column that a long state pushed out comes back with the short one`() {
        let model = PodsModel(signal: ChangeSignal())
        let view = TableView()
        model.scope = NamespaceScope("default")
        func header(_ status: String) -> String {
            model.upsert([FakeCluster.pod("p", "default", "web-1", status)], now: FakeCluster.now)
            var painter = Painter(
                width: 76, height: 5, theme: ThemeLibrary.standard(depth: .mono), glyphs: .ascii, now: FakeCluster.now)
            _ = view.draw(model, in: painter.surface.bounds, isFocused: true, &painter)
            return painter.surface.text(row: 0)
        }
        #expect(header("Running").contains("MEMORY") && model.drawnColumns?.contains("memory") == true)
        #expect(!header("ContainerCreating").contains("MEMORY") && model.drawnColumns?.contains("memory") == false)
        #expect(header("Running").contains("MEMORY"))
    }

    @Test func `a column is whole or left out, and a limit that is not held is said in a word that fits`() {
        let model = PodsModel(signal: ChangeSignal())
        var pod = FakeCluster.pod("p", "default", "web-1", "Running")
        (pod.ip, pod.node) = ("10.142.100.200", "node")
        pod.createdAt = FakeCluster.now.advanced(by: .seconds(-359))
        pod.cpu = Usage(used: 1, limit: 500, isLimitEnforced: false, unit: .milliCPU, note: "not enforced")
        model.upsert([pod], now: FakeCluster.now)
        for width in 60...160 {
            var painter = Painter(width: width, height: 5, theme: ThemeLibrary.standard(depth: .mono), glyphs: .ascii, now: FakeCluster.now)
            _ = TableView().draw(model, in: painter.surface.bounds, isFocused: true, &painter)
            let (header, row) = (painter.surface.text(row: 0), painter.surface.text(row: 1))
            #expect(header.contains(" IP") == row.contains("10.142.100.200"), "\(width)")
            #expect(header.contains("NAMESPACE") == row.contains("default"), "\(width)")
            #expect(header.contains("AGE") == row.contains("5m59s"), "\(width)")
            #expect(header.contains("CPU") == (row.contains("not held") || row.contains("not enforced")), "\(width)")
        }
    }

    @Test func `without colours the row under the cursor is told in a pane without the focus, too`() {
        let model = PodsModel(signal: ChangeSignal())
        model.upsert(["a", "b"].map { FakeCluster.pod($0, "default", "web-\($0)", "Running") }, now: FakeCluster.now)
        var painter = Painter(width: 100, height: 5, theme: ThemeLibrary.standard(depth: .mono), glyphs: .ascii, now: FakeCluster.now)
        _ = TableView().draw(model, in: painter.surface.bounds, isFocused: false, &painter)
        func isBold(_ row: Int) -> Bool {
            let name = Array(painter.surface.text(row: row)).firstIndex(of: "w") ?? 0
            return (name..<name + 5).allSatisfy { painter.surface[$0, row].style.attributes.contains(.bold) }
        }
        #expect(isBold(1) && !isBold(2))
    }
}
