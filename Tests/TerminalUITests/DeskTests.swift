import LinuxKernel
import Testing

@testable import TerminalUI
@testable import ViewModels

@MainActor @Suite struct DeskTests {
    nonisolated static let sizes = [(60, 15), (80, 24), (120, 40), (200, 50)]

    private static func shell(_ pod: String) -> ShellModel {
        ShellModel(
            binding: ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: pod, uid: "uid-\(pod)"), container: "app",
            context: ContextState(name: "kdash", access: .writable, isEmbedded: true))
    }

    private static func desk(_ workspace: Workspace, depth: ColorDepth = .truecolor) -> Desk {
        let desk = Desk(workspace: workspace, depth: depth, canUnicode: true)
        desk.hasBracketedPaste = true
        return desk
    }

    @discardableResult
    private static func open(_ pod: String, _ workspace: Workspace, isBeside: Bool = false) -> ShellModel {
        let shell = shell(pod)
        let refusal = workspace.open(shell, isBeside: isBeside, run: {})
        #expect(refusal == nil)
        shell.state = .open
        shell.receive(Array("/ # echo in \(pod)\r\nin \(pod)\r\n/ # ".utf8))
        return shell
    }

    private static func press(_ desk: Desk, _ names: String...) {
        for name in names {
            desk.handle([.key(Key(named: name))])
            _ = desk.render(width: 120, height: 40)
            desk.didPaint()
        }
    }

    private static func text(_ desk: Desk, _ width: Int = 120, _ height: Int = 40) -> [String] {
        let surface = desk.render(width: width, height: height).surface
        return (0..<height).map { surface.text(row: $0) }
    }

    @Test func `one tab alone has no line of tabs`() {
        let workspace = Workspace(app: FakeCluster.app())
        let lone = FakeCluster.screen(FakeCluster.app()).render(width: 80, height: 24).surface
        #expect((0..<24).map { lone.text(row: $0) } == Self.text(Self.desk(workspace), 80, 24))
    }

    @Test(arguments: sizes, [ColorDepth.truecolor, .mono])
    func `the line of tabs says what ended and where something is new`(size: (Int, Int), depth: ColorDepth) {
        let workspace = Workspace(app: FakeCluster.app())
        let shells = ["web-6d4cf56db6-5x2lp", "ledger-0", "dns-0", "burner-7b9c6f4d8-pp2vv"].map { Self.open($0, workspace) }
        shells[0].state = .ended("exit 0")
        shells[1].state = .ended("exit 137")
        workspace.leaveShell()
        shells[2].receive([65])
        GoldenScreen.check(
            Self.desk(workspace, depth: depth).render(width: size.0, height: size.1).surface, "tabs-\(size.0)x\(size.1)-\(depth.rawValue)")
    }

    @Test(arguments: [(80, 24), (120, 40), (200, 50)])
    func `a shell stands beside the panes`(size: (Int, Int)) {
        let workspace = Workspace(app: FakeCluster.app())
        Self.open("ledger-0", workspace, isBeside: true)
        GoldenScreen.check(Self.desk(workspace).render(width: size.0, height: size.1).surface, "split-\(size.0)x\(size.1)")
    }

    @Test(arguments: [(60, 15), (80, 24)])
    func `a shell has the whole of its tab`(size: (Int, Int)) {
        let workspace = Workspace(app: FakeCluster.app())
        Self.open("ledger-0", workspace)
        GoldenScreen.check(Self.desk(workspace).render(width: size.0, height: size.1).surface, "shell-\(size.0)x\(size.1)")
    }

    @Test func `the list of tabs says how each is`() {
        let app = FakeCluster.app()
        let workspace = Workspace(app: app)
        Self.open("ledger-0", workspace)
        Self.open("dns-0", workspace).state = .ended("exit 3")
        workspace.leaveShell()
        let desk = Self.desk(workspace)
        Self.press(desk, "t", "l")
        GoldenScreen.check(desk.render(width: 80, height: 24).surface, "tab-list-80x24")
    }

    @Test func `keys go into a shell until F12 and come back there with it`() {
        let workspace = Workspace(app: FakeCluster.app())
        let shell = Self.open("ledger-0", workspace)
        var typed: [UInt8] = []
        shell.onInput = { typed += $0 }
        let desk = Self.desk(workspace)
        Self.press(desk, "t", "x", "q", "esc")
        #expect(typed == Array("txq\u{1B}".utf8) && workspace.tabs.count == 2)
        Self.press(desk, "f12")
        #expect(workspace.focused?.app != nil)
        Self.press(desk, "f12")
        #expect(workspace.focused?.shell === shell)
        desk.handle(["f12", "t", "2", "l", "s"].map { .key(Key(named: $0)) })
        #expect(String(decoding: typed.suffix(2), as: UTF8.self) == "ls", "what is typed ahead goes where the keys before it lead")
    }

    @Test func `a shell that ended closes with Esc and begins again with F5, and no text does either`() {
        let workspace = Workspace(app: FakeCluster.app())
        let shell = Self.open("ledger-0", workspace)
        var begun = 0
        shell.onReopen = { begun += 1 }
        shell.state = .ended("exit 3")
        let desk = Self.desk(workspace)
        #expect(Self.text(desk).last?.contains("ended: exit 3 (Esc closes, F5 again)") == true)
        Self.press(desk, "r", "q", "enter")
        #expect(begun == 0 && workspace.tabs.count == 2)
        Self.press(desk, "f5")
        #expect(begun == 1 && workspace.tabs.count == 2)
        Self.press(desk, "esc")
        #expect(workspace.tabs.count == 1)
    }

    @Test func `a click shows a tab, and the middle button asks to close it`() throws {
        let app = FakeCluster.app()
        let workspace = Workspace(app: app)
        let shell = Self.open("ledger-0", workspace)
        let desk = Self.desk(workspace)
        _ = Self.text(desk)
        func press(_ button: MouseEvent.Button, tab: Int) throws {
            let place = try #require(desk.tabPlaces.first { $0.tab == tab }).rect
            desk.handle([.mouse(MouseEvent(kind: .press, button: button, x: place.x + 1, y: place.y, modifiers: []))])
            _ = Self.text(desk)
        }
        try press(.left, tab: 0)
        #expect(workspace.current == 0)
        try press(.left, tab: 1)
        #expect(workspace.focused?.shell === shell)
        try press(.middle, tab: 1)
        #expect(workspace.tabs.count == 2 && workspace.focused?.app === app)
        guard case .dialog(let dialog)? = app.modal else {
            Issue.record("nothing was asked")
            return
        }
        dialog.choose("yes")
        #expect(workspace.tabs.count == 1)
    }

    @Test func `a click in another split gives it the keys and does what it does there`() throws {
        let app = FakeCluster.app()
        let workspace = Workspace(app: app)
        Self.open("ledger-0", workspace, isBeside: true)
        let desk = Self.desk(workspace)
        let row = try #require(Self.text(desk).firstIndex { $0.contains("burner-7b9c6f4d8") })
        desk.handle([.mouse(MouseEvent(kind: .press, button: .left, x: 20, y: row, modifiers: []))])
        #expect(workspace.focused?.app === app && app.pods.selectedRow?.name.hasPrefix("burner") == true)
    }

    @Test func `a question that was left is read again before it can be answered`() {
        let app = FakeCluster.app()
        let workspace = Workspace(app: app)
        Self.open("ledger-0", workspace)
        workspace.leaveShell()
        var answers: [String] = []
        let desk = Self.desk(workspace)
        app.modal = .dialog(FakeCluster.deleteDialog { answers.append($0) })
        _ = Self.text(desk)
        desk.didPaint()
        workspace.show(1)
        _ = Self.text(desk)
        desk.didPaint()
        workspace.show(0)
        desk.handle([.key(Key(named: "y"))])
        #expect(answers.isEmpty)
        _ = Self.text(desk)
        desk.didPaint()
        desk.handle([.key(Key(named: "y"))])
        #expect(answers == ["yes"])
    }

    @Test func `panes that nobody sees are told so`() {
        let app = FakeCluster.app()
        let workspace = Workspace(app: app)
        let desk = Self.desk(workspace)
        _ = Self.text(desk)
        #expect(app.visiblePanes.contains(.pods))
        Self.open("ledger-0", workspace)
        _ = Self.text(desk)
        #expect(app.visiblePanes.isEmpty)
    }

    @Test func `one can look back at what left a shell's screen`() {
        let workspace = Workspace(app: FakeCluster.app())
        let shell = Self.open("ledger-0", workspace)
        let desk = Self.desk(workspace)
        _ = Self.text(desk)
        for number in 0..<200 { shell.receive(Array("\r\nline \(number)".utf8)) }
        #expect(Self.text(desk)[38] == "line 199")
        Self.press(desk, "shift-pageup")
        #expect(Self.text(desk)[38] == "line 162")
        shell.receive(Array("\r\nmore".utf8))
        #expect(Self.text(desk)[38] == "line 162", "who looks back is not moved by new output")
        desk.handle([.mouse(MouseEvent(kind: .wheelDown, button: .none, x: 5, y: 5, modifiers: []))])
        #expect(Self.text(desk)[38] == "line 165")
        Self.press(desk, "a")
        #expect(Self.text(desk)[38] == "more")
    }

    @Test func `parts stay inside of their place at every size`() {
        let tree = SplitTree.divided(.beside, share: 20, .split(1), .divided(.below, share: 80, .split(2), .split(3)))
        for width in 0..<60 {
            for height in 0..<20 {
                let whole = Rect(x: 0, y: 1, width: width, height: height)
                for place in SplitLayout(tree, in: whole, zoomed: nil).places {
                    #expect(place.rect.isEmpty || place.rect.x >= 0 && place.rect.maxX <= whole.maxX && place.rect.maxY <= whole.maxY)
                }
            }
        }
    }
}
