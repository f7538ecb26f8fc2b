import KubeClient
import LinuxKernel
import Testing

@testable import TerminalUI
@testable import ViewModels

@MainActor @Suite struct JoinedGoldenTests {
    /// A table of three contexts' pods: kdash's own cluster, a protected one, and one that refuses.
    private static func app() -> AppModel {
        let app = FakeCluster.app()
        app.join(["kdash", "prod-eu", "staging"], SavedPlace(app))
        guard let joined = app.joined else { return app }
        for (place, access) in [ContextState.Access.writable, .protected, .protected].enumerated() {
            joined.members[place].context = ContextState(name: joined.names[place], access: access, isEmbedded: place == 0)
            joined.members[place].kind = .pods
        }
        joined.table.setColumns(PodRow.columns, of: 0)
        joined.table.setColumns(PodRow.columns.filter { $0.id != "node" }, of: 1)
        let pods = app.pods.all.sorted { $0.uid < $1.uid }.map { $0.row(with: []) }
        let node = PodRow.columns.firstIndex { $0.id == "node" }
        for (index, row) in pods.enumerated() {
            joined.table.upsert([joined.table.row(row, of: 0)], now: FakeCluster.now.advanced(by: .seconds(-60)))
            guard index % 2 == 0 else { continue }
            var far = row
            if let node { far.cells.remove(at: node) }
            joined.table.upsert([joined.table.row(far, of: 1)], now: FakeCluster.now.advanced(by: .seconds(-60)))
        }
        joined.members[2].trouble = "pods is forbidden: User \"anna\" cannot list resource \"pods\" in API group \"\" at the cluster scope"
        for place in 0...1 { joined.members[place].isListed = true }
        joined.tell("")
        joined.table.sort = TableSort(column: "name")
        joined.table.select(uid: "1:p0")
        app.followRowContext()
        return app
    }

    @Test(arguments: [(60, 15), (80, 24), (120, 40), (200, 50)], [ColorDepth.truecolor, .mono])
    func `a table of several contexts`(size: (Int, Int), depth: ColorDepth) {
        let app = Self.app()
        app.list.toggleMark()
        let screen = FakeCluster.screen(app, depth: depth)
        GoldenScreen.check(screen.render(width: size.0, height: size.1).surface, "joined-\(size.0)x\(size.1)-\(depth.rawValue)")
    }

    @Test func `a table of contexts that do not answer says so by name`() {
        let app = Self.app()
        guard let joined = app.joined else { return }
        for place in 0...2 { joined.table.removeRows(of: place) }
        joined.members[0].trouble = "the cluster was stopped; `kdash up` starts it"
        joined.members[1].isListed = false
        joined.tell("")
        app.followRowContext()
        GoldenScreen.check(FakeCluster.screen(app).render(width: 80, height: 24).surface, "joined-waiting-80x24")
    }

    @Test func `the contexts of a table are marked in a list`() {
        let app = FakeCluster.app()
        let items = ["kdash", "prod-eu", "prod-us", "staging"].map { name in
            var item = PaletteItem(id: name, title: name)
            item.isMarked = name.hasPrefix("prod")
            return item
        }
        let model = PaletteModel(title: "Contexts in one table", placeholder: "Space marks, typing finds", action: "show", items: items) { _ in }
        model.takesSeveral = true
        app.modal = .palette(model)
        GoldenScreen.check(FakeCluster.screen(app).render(width: 80, height: 24).surface, "joined-picker-80x24")
    }
}
