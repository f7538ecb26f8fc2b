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

    @Test func `nothing is divided into parts that show nothing`() {
        let workspace = Workspace(app: FakeCluster.app())
        let desk = Self.desk(workspace)
        _ = Self.text(desk, 80, 24)
        Self.open("ledger-0", workspace, isBeside: true)
        _ = Self.text(desk, 80, 24)
        let reason = workspace.open(Self.shell("dns-0"), isBeside: true, run: {})
        #expect(reason?.hasPrefix("too narrow to divide: enlarge the terminal, or ") == true)
        #expect(workspace.tab.tree.splits.count == 2 && workspace.obstacle(.below) == nil)
        _ = Self.text(desk, 80, 15)
        #expect(workspace.obstacle(.below)?.hasPrefix("too low") == true)
        _ = Self.text(desk, 160, 24)
        #expect(workspace.obstacle(.beside) == nil)
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

    @Test func `what waits is carried out where it was typed, and not once the keys have gone elsewhere`() {
        let app = FakeCluster.app()
        let actions = RecordingActions()
        app.cluster = actions
        let workspace = Workspace(app: app)
        let shell = Self.open("ledger-0", workspace, isBeside: true)
        var typed: [UInt8] = []
        shell.onInput = { typed += $0 }
        let desk = Self.desk(workspace)
        actions.awaited = "the cluster"
        _ = Self.text(desk)
        Self.press(desk, "f12", "d")
        #expect(app.typedAhead?.keys == ["d"] && typed.isEmpty)
        actions.awaited = nil
        desk.carryOutTypedAhead()
        #expect(app.typedAhead == nil && actions.described.count == 1)
        actions.awaited = "the cluster"
        Self.press(desk, "d", "f12")
        #expect(workspace.focused?.shell === shell && app.typedAhead?.keys == ["d"])
        desk.carryOutTypedAhead()
        #expect(app.typedAhead == nil && app.toasts.last?.text == "1 key typed ahead dropped: the keys went elsewhere")
        Self.press(desk, "f12")
        actions.awaited = nil
        desk.carryOutTypedAhead()
        #expect(actions.described.count == 1 && typed.isEmpty)
    }

    @Test func `what is typed ahead behind a key that goes to a shell goes into it`() {
        let app = FakeCluster.app()
        let actions = RecordingActions()
        app.cluster = actions
        let workspace = Workspace(app: app)
        let shell = Self.open("ledger-0", workspace)
        var typed: [UInt8] = []
        shell.onInput = { typed += $0 }
        let desk = Self.desk(workspace)
        _ = Self.text(desk)
        actions.awaited = "the cluster"
        Self.press(desk, "f12", "d", "t", "2", "l", "s")
        #expect(app.typedAhead?.keys.count == 5)
        actions.awaited = nil
        desk.carryOutTypedAhead()
        #expect(workspace.focused?.shell === shell && String(decoding: typed, as: UTF8.self) == "ls")
        #expect(app.typedAhead == nil && actions.described.count == 1)
    }

    @Test func `what waits in a tab that is left is dropped`() {
        let app = FakeCluster.app()
        let actions = RecordingActions()
        app.cluster = actions
        let workspace = Workspace(app: app)
        Self.open("ledger-0", workspace)
        let desk = Self.desk(workspace)
        _ = Self.text(desk)
        actions.awaited = "the cluster"
        Self.press(desk, "f12", "d", "f12")
        #expect(app.typedAhead == nil && app.toasts.last?.text == "1 key typed ahead dropped: the keys went elsewhere")
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

    private final class Clipboard: ScreenHost {
        var copied: [String] = []
        func move(_ motion: Motion) {}
        func suspend() {}
        func redraw() {}
        func edit(_ path: String, holding lock: FileLock?) -> Int32? { nil }
        func runInForeground(_ command: PluginCommand, environment: [String: String]) -> String? { nil }
        func copy(_ text: String) { copied.append(text) }
    }

    /// A desk with a shell that has written 200 numbered rows, and what it is sent.
    private static func looking() -> (desk: Desk, shell: ShellModel, clipboard: Clipboard, app: AppModel) {
        let app = FakeCluster.app()
        let workspace = Workspace(app: app)
        let shell = open("ledger-0", workspace)
        let desk = desk(workspace)
        _ = text(desk)
        for number in 0..<200 { shell.receive(Array("\r\nline \(number) 漢 x".utf8)) }
        let clipboard = Clipboard()
        app.host = clipboard
        return (desk, shell, clipboard, app)
    }

    @Test func `what left a shell's screen is searched, and every other key goes inside again`() {
        let (desk, shell, _, _) = Self.looking()
        var sent: [UInt8] = []
        shell.onInput = { sent += $0 }
        Self.press(desk, "/")
        #expect(sent == [0x2F], "without looking back it is the program's")
        Self.press(desk, "shift-pageup", "/", "L", "i", "n", "e", "space", "4")
        #expect(Self.text(desk).last?.contains("/Line 4") == true)
        Self.press(desk, "enter")
        #expect(Self.text(desk).contains("line 49 漢 x"))
        Self.press(desk, "n", "n")
        #expect(Self.text(desk).contains("line 47 漢 x"))
        Self.press(desk, "/", "n", "o", "n", "e", "enter")
        #expect(Self.text(desk).last?.contains("no match for \"none\"") == true && sent == [0x2F])
        Self.press(desk, "a")
        #expect(sent == [0x2F, 0x61] && Self.text(desk)[38] == "line 199 漢 x" && Self.text(desk).last?.contains("TYPE") == true)
    }

    @Test func `a selection is copied by keys, over wide signs and rows, and stays while more comes`() {
        let (desk, shell, clipboard, _) = Self.looking()
        var sent: [UInt8] = []
        shell.onInput = { sent += $0 }
        Self.press(desk, "shift-pageup", "/", "l", "i", "n", "e", "space", "1", "5", "0", "enter", "v", "$", "h", "h", "h", "v")
        shell.receive(Array("\r\nmore\r\nand more".utf8))
        Self.press(desk, "j", "0", "l", "l", "l", "y")
        #expect(clipboard.copied == ["漢 x\nline"])
        #expect(sent.isEmpty && Self.text(desk).last?.contains("2 rows copied") == true)
        Self.press(desk, "esc")
        #expect(Self.text(desk)[38] == "and more")
    }

    private static func mouse(_ desk: Desk, _ kind: MouseEvent.Kind, _ x: Int, _ y: Int, _ modifiers: Key.Modifiers = []) {
        let isWheel = kind == .wheelUp || kind == .wheelDown
        desk.handle([.mouse(MouseEvent(kind: kind, button: isWheel ? .none : .left, x: x, y: y, modifiers: modifiers))])
    }

    @Test func `dragging copies, and a program that asks for the mouse has it unless Alt is held`() {
        let (desk, shell, clipboard, _) = Self.looking()
        var sent: [UInt8] = []
        shell.onInput = { sent += $0 }
        let top = Self.text(desk).firstIndex { $0 == "line 190 漢 x" } ?? 0
        Self.mouse(desk, .press, 5, top)
        Self.mouse(desk, .drag, 6, top + 1)
        Self.mouse(desk, .release, 6, top + 1)
        #expect(clipboard.copied == ["190 漢 x\nline 19"] && sent.isEmpty)
        // A click alone copies nothing.
        Self.mouse(desk, .press, 1, 1)
        Self.mouse(desk, .release, 1, 1)
        #expect(clipboard.copied.count == 1)
        shell.receive(Array("\u{1B}[?1002h\u{1B}[?1006h".utf8))
        _ = Self.text(desk)
        Self.mouse(desk, .press, 3, top)
        Self.mouse(desk, .drag, 4, top, .control)
        Self.mouse(desk, .release, 4, top)
        Self.mouse(desk, .wheelUp, 4, top)
        let y = top - 1 + 1
        #expect(String(decoding: sent, as: UTF8.self) == "\u{1B}[<0;4;\(y)M\u{1B}[<48;5;\(y)M\u{1B}[<0;5;\(y)m\u{1B}[<64;5;\(y)M")
        sent = []
        Self.mouse(desk, .wheelUp, 4, top, .alternate)
        #expect(sent.isEmpty && Self.text(desk).last?.contains("LOOK") == true)
        Self.mouse(desk, .wheelDown, 4, top, .alternate)
        shell.receive(Array("\u{1B}[?1002l\u{1B}[?1049h".utf8))
        Self.mouse(desk, .wheelDown, 4, top)
        #expect(String(decoding: sent, as: UTF8.self) == "\u{1B}[B\u{1B}[B\u{1B}[B", "a pager without the mouse gets arrows")
    }

    @Test func `a program is told of no release whose press it was not told of`() {
        let (desk, shell, _, _) = Self.looking()
        var sent: [UInt8] = []
        shell.onInput = { sent += $0 }
        shell.receive(Array("\u{1B}[?1002h\u{1B}[?1006h".utf8))
        let below = Self.text(desk).count - 1
        Self.mouse(desk, .press, 3, below)
        Self.mouse(desk, .drag, 3, below - 2)
        Self.mouse(desk, .release, 3, below - 2)
        #expect(sent.isEmpty)
        Self.mouse(desk, .press, 3, below - 2)
        Self.mouse(desk, .release, 3, below)
        #expect(String(decoding: sent, as: UTF8.self) == "\u{1B}[<0;4;\(below - 2)M\u{1B}[<0;4;\(below - 1)m")
    }

    @Test func `a drag that ends outside of its split ends in it`() {
        let app = FakeCluster.app()
        let workspace = Workspace(app: app)
        let shell = Self.open("ledger-0", workspace, isBeside: true)
        let desk = Self.desk(workspace)
        _ = Self.text(desk)
        let clipboard = Clipboard()
        app.host = clipboard
        shell.receive(Array("alpha\r\nsecond".utf8))
        let frame = Self.text(desk)
        let top = frame.firstIndex { $0.contains("alpha") } ?? 0
        let left = desk.layout.places.first { workspace.split($0.split)?.shell === shell }?.rect.x ?? 0
        Self.mouse(desk, .press, left + 3, top + 1)
        Self.mouse(desk, .drag, left - 20, top)
        Self.mouse(desk, .release, left - 20, top)
        #expect(clipboard.copied == ["/ # alpha\nseco"])
        #expect(workspace.focused?.shell === shell)
        // A program hears of the button, too.
        var sent: [UInt8] = []
        shell.onInput = { sent += $0 }
        shell.receive(Array("\u{1B}[?1002h\u{1B}[?1006h".utf8))
        Self.mouse(desk, .press, left + 3, top)
        Self.mouse(desk, .release, left - 20, 39)
        #expect(String(decoding: sent, as: UTF8.self) == "\u{1B}[<0;4;\(top + 1)M\u{1B}[<0;1;39m")
        Self.mouse(desk, .release, left - 20, top)
        #expect(workspace.focused?.shell === shell)
    }

    @Test func `who looks back keeps looking at the same text when the width changes`() {
        let (desk, shell, _, _) = Self.looking()
        shell.receive(Array(("\r\n" + String(repeating: "long ", count: 40)).utf8))
        Self.press(desk, "shift-pageup", "/", "l", "i", "n", "e", "space", "1", "2", "0", "enter")
        let top = Self.text(desk)[1]
        #expect(top.hasPrefix("line "))
        #expect(Self.text(desk, 60, 40)[1] == top && Self.text(desk, 200, 40)[1] == top)
    }

    @Test func `the old form of reports says what it can`() {
        func report(_ kind: MouseEvent.Kind, _ x: Int, _ reporting: MouseReporting) -> [UInt8]? {
            MouseEncoder.bytes(MouseEvent(kind: kind, button: .right, x: x, y: 0, modifiers: .shift), reporting, isSGR: false)
        }
        #expect(report(.press, 0, .clicks) == [0x1B, 0x5B, 0x4D, 38, 33, 33] && report(.release, 1, .clicks) == [0x1B, 0x5B, 0x4D, 39, 34, 33])
        #expect(report(.press, 223, .clicks) == nil && report(.drag, 0, .clicks) == nil && report(.release, 0, .presses) == nil)
        #expect(report(.press, 0, .presses) == [0x1B, 0x5B, 0x4D, 34, 33, 33] && report(.press, 0, .none) == nil)
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
