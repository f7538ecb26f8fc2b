import LinuxKernel
import TestSupport
import Testing
import ViewModels

@testable import TerminalUI

@MainActor @Suite struct ScreenInputTests {
    @Test func `a question accepts only keys read after it was painted`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        var answers: [String] = []
        app.modal = .dialog(FakeCluster.deleteDialog { answers.append($0) })
        // Typed ahead: the same read that opened it, or before its first frame.
        screen.handle([.key(.typed("y")), .key(.typed("y"))])
        #expect(answers.isEmpty)
        _ = screen.render(width: 80, height: 24)
        screen.handle([.key(.typed("y"))])
        #expect(answers.isEmpty)
        screen.didPaint()
        screen.handle([.key(.typed("y"))])
        #expect(answers == ["yes"])
    }

    @Test func `a question that the terminal is too small for cannot be answered`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        var answers: [String] = []
        app.modal = .dialog(FakeCluster.deleteDialog { answers.append($0) })
        _ = screen.render(width: 20, height: 5)
        screen.didPaint()
        screen.handle([.key(.typed("y"))])
        #expect(answers.isEmpty)
        _ = screen.render(width: 60, height: 15)
        screen.didPaint()
        screen.handle([.key(.typed("y"))])
        #expect(answers == ["yes"])
    }

    @Test func `an unsaved text is deleted by the second D only`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        let model = DraftsModel(
            drafts: ["a", "b"].map { DraftSummary(id: $0, binding: FakeCluster.deployment, savedAt: FakeCluster.now, preview: []) })
        var deleted: [String] = []
        model.onDiscard = { deleted.append($0) }
        app.modal = .drafts(model)
        _ = screen.render(width: 80, height: 24)
        screen.didPaint()
        screen.type("D", "j", "D")
        #expect(deleted.isEmpty && model.doomed == "a")
        let shown = screen.render(width: 80, height: 24).surface
        #expect((0..<24).contains { shown.text(row: $0).contains("D again deletes this text for good") })
        screen.type("esc", "j", "D", "D")
        #expect(deleted == ["b"] && app.modal != nil)
    }

    @Test func `the first key after a pod vanished tells so, and only the next one acts`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        let actions = RecordingActions()
        app.cluster = actions
        app.focus = .pods
        app.pods.select(index: 1)
        let gone = app.pods.selectedPod
        app.pods.remove(uids: [gone?.uid ?? ""])
        _ = screen.render(width: 120, height: 40)
        screen.didPaint()
        screen.type("d")
        #expect(actions.described.isEmpty && app.toasts.last?.text.contains("\(gone?.name ?? "") is gone, and the cursor is on") == true)
        screen.type("d")
        #expect(actions.described.map(\.uid) == [app.pods.selectedUID])
    }

    @Test func `a search that finds nothing says so, and one that does names the keys`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        for focus in [PaneID.logs, .yaml] {
            app.focus = focus
            screen.type("/", "q", "x", "q", "x", "enter")
            #expect(app.toasts.last?.text.hasPrefix("no match for \"qxqx\"") == true)
            let shown = screen.render(width: 120, height: 40).surface
            #expect(shown.text(row: 39).contains("n ") && shown.text(row: 39).contains("match"))
            screen.type("esc")
        }
    }

    @Test func `Enter and Esc on a fresh question change nothing`() {
        for name in ["enter", "esc", "ctrl-c"] {
            let app = FakeCluster.app()
            let screen = FakeCluster.screen(app)
            var answers: [String] = []
            app.modal = .dialog(FakeCluster.deleteDialog { answers.append($0) })
            _ = screen.render(width: 80, height: 24)
            screen.didPaint()
            screen.type(name)
            #expect(answers == ["no"], "\(name)")
        }
    }

    @Test func `a typed name must be complete, and cannot be pasted`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        var answers: [String] = []
        let dialog = FakeCluster.deleteDialog(typed: true) { answers.append($0) }
        app.modal = .dialog(dialog)
        _ = screen.render(width: 80, height: 24)
        screen.didPaint()
        screen.handle([.paste("web-6d4cf56db6-5x2lp")])
        #expect(dialog.typed.text.isEmpty)
        screen.type("enter")
        for character in "web-6d4cf56db6-5x2l" { screen.type(String(character)) }
        screen.type("enter")
        #expect(answers.isEmpty && app.toasts.last?.text == "what is typed is not web-6d4cf56db6-5x2lp" && dialog.typed.text == "web-6d4cf56db6-5x2l")
        screen.type("p", "enter")
        #expect(answers == ["yes"])
        dialog.vanished = "pod web-6d4cf56db6-5x2lp is gone"
        screen.type("enter")
        #expect(answers == ["yes", "no"], "nothing is left to confirm")
    }

    @Test(arguments: [(120, 40), (60, 20), (44, 20)]) func `every answer of a question is whole and inside its frame`(size: (Int, Int)) {
        let app = FakeCluster.app()
        let answers = [("No", "n"), ("Delete", "y"), ("After what it owns", "a"), ("Keep what it owns", "k")]
        app.modal = .dialog(
            DialogModel(
                title: "Delete this Deployment?", body: [[TextSpan("Its pods go with it.")]], binding: FakeCluster.deployment,
                choices: answers.map { DialogChoice(id: $0.1, title: $0.0, key: $0.1, isDestructive: $0.1 != "n") }, defaultChoice: 0
            ) { _ in })
        let surface = FakeCluster.screen(app).render(width: size.0, height: size.1).surface
        let rows = (0..<size.1).map { surface.text(row: $0) }
        for (title, key) in answers { #expect(rows.contains { $0.contains(" \(key) \(title) ") }, "\(title) in \(rows)") }
        #expect(rows.contains { $0.contains(/Keep what it owns +│/) }, "\(rows)")
    }

    @Test func `a long message is shown whole, and what is left behind takes its messages along`() {
        let time = ManualTimeSource(at: FakeCluster.now)
        let app = AppModel(clock: { time.now() })
        let screen = FakeCluster.screen(app)
        app.toast(
            "not done: the server refuses it because the quota of the namespace is used up by other pods; raise the ResourceQuota, or ask for less", .error)
        let rows = { (0..<24).map { screen.render(width: 80, height: 24).surface.text(row: $0) } }
        #expect(rows().contains { $0.contains("not done: the server refuses") } && rows().contains { $0.contains("or ask for less") })
        app.show(kind: .pods)
        #expect(app.toasts.count == 1, "what came with the step stays")
        time.advance(by: .seconds(2))
        app.show(kind: .pods)
        #expect(app.toasts.isEmpty)
        app.toast("not done", .error)
        time.advance(by: .seconds(2))
        app.toast("done", .ok)
        #expect(app.toasts.map(\.text) == ["done"])
    }

    @Test func `keys that work everywhere work over questions, lists and prompts`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        for open in ["/", ":"] {
            screen.type(open, "f11", "f1")
            guard case .help? = app.modal else { return #expect(Bool(false), "no help over \(open)") }
            #expect(app.isZoomed)
            screen.type("f1", "f11")
            #expect(!app.isZoomed && app.inputMode == .type, "what was open is there again")
            screen.type("esc")
        }
        var answers: [String] = []
        app.modal = .dialog(FakeCluster.deleteDialog { answers.append($0) })
        screen.type("f1", "f1")
        guard case .dialog? = app.modal else { return #expect(Bool(false), "the question is gone") }
        #expect(answers.isEmpty)
    }

    @Test func `a vanished object blocks the dangerous answer`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        var answers: [String] = []
        let dialog = FakeCluster.deleteDialog { answers.append($0) }
        app.modal = .dialog(dialog)
        dialog.vanished = "pod web-6d4cf56db6-5x2lp is gone"
        _ = screen.render(width: 80, height: 24)
        screen.didPaint()
        screen.type("y", "tab", "enter")
        #expect(answers.isEmpty)
        screen.type("n")
        #expect(answers == ["no"])
    }

    @Test func `pasted text never runs as keys`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        screen.handle([.paste("D d\ny q")])
        #expect(app.modal == nil && !app.isQuitting && screen.pressed.isEmpty)
        app.focus = .yaml
        app.editor.state = .editing
        app.editor.isTyping = true
        app.editor.setText("")
        screen.handle([.paste("a:\n  b: 1")])
        #expect(app.editor.text == "a:\n  b: 1")
    }

    @Test func `an unbracketed burst is held and asked about`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        screen.hasBracketedPaste = false
        screen.handle("kubectl q".map { .key(.typed($0)) })
        guard case .dialog(let dialog)? = app.modal else {
            Issue.record("not asked")
            return
        }
        #expect(!app.isQuitting)
        #expect(dialog.focused == 0)
        app.modal = nil
        // A held-down key is no paste.
        screen.handle((0..<30).map { _ in .key(.typed("j")) })
        #expect(app.modal == nil)
        #expect(app.pods.selectedIndex == app.pods.count - 1)
    }

    @Test func `a burst with line breaks into the editor is inserted as it is`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        screen.hasBracketedPaste = false
        app.focus = .yaml
        app.editor.setText("")
        app.editor.isTyping = true
        let text = "spec:\n  a: 1\n  b: 2"
        screen.handle(text.map { $0 == "\n" ? .key(Key("enter")) : .key(.typed($0)) })
        #expect(app.editor.text == text)
    }

    @Test func `in Type every printable key, Tab and Enter are text`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        app.focus = .yaml
        app.editor.setText("")
        app.editor.state = .editing
        app.editor.isTyping = true
        let printable = (0x20..<0x7F).map { Character(Unicode.Scalar(UInt8($0))) }
        for character in printable { screen.handle([.key(.typed(character))]) }
        #expect(app.editor.text == String(printable))
        screen.type("enter", "tab", "q")
        #expect(app.editor.lineCount == 2)
        #expect(app.editor.line(1).hasSuffix("q") && app.editor.line(1).hasPrefix(" "))
        #expect(app.inputMode == .type && !app.isQuitting && app.modal == nil)
        screen.type("esc")
        #expect(app.inputMode == .browse)
        #expect(app.editor.lineCount == 2)
    }

    @Test func `Ctrl-C never quits and never loses text`() {
        for focus in PaneID.allCases {
            let app = FakeCluster.app()
            let screen = FakeCluster.screen(app)
            app.focus = focus
            app.editor.state = .editing
            app.editor.isTyping = focus == .yaml
            app.editor.insert("x")
            let text = app.editor.text
            screen.type("ctrl-c", "ctrl-c", "ctrl-c")
            #expect(!app.isQuitting)
            #expect(app.editor.text == text)
        }
    }

    @Test func `Ctrl-Z suspends everywhere`() {
        let states: [@MainActor (AppModel) -> Void] = [
            { _ in },
            {
                $0.focus = .yaml
                $0.editor.isTyping = true
            }, { $0.modal = .dialog(FakeCluster.deleteDialog()) }, { $0.modal = .diff(FakeCluster.diff()) },
            { app in
                app.prompt = PromptModel(kind: .filter, label: "filter", text: "", onChange: { _ in }, onSubmit: { _ in }, onCancel: {})
            },
        ]
        for prepare in states {
            let app = FakeCluster.app()
            let screen = FakeCluster.screen(app)
            var count = 0
            screen.onSuspend = { count += 1 }
            prepare(app)
            _ = screen.render(width: 80, height: 24)
            screen.didPaint()
            screen.type("ctrl-z")
            #expect(count == 1)
        }
    }

    @Test func `a key sequence is bound to what its first key was pressed on`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        screen.type("D")
        #expect(screen.pressed == ["D"])
        app.pods.remove(uids: ["p0"])
        screen.type("d")
        #expect(app.modal == nil)
        #expect(app.toasts.last?.text.contains("gone") ?? false)
    }

    @Test func `a key never acts on a neighbour that slid under the cursor`() {
        let app = FakeCluster.app()
        let actions = RecordingActions()
        app.cluster = actions
        let screen = FakeCluster.screen(app)
        _ = screen.render(width: 120, height: 40)
        screen.didPaint()
        app.pods.remove(uids: ["p0"])
        screen.handle([.key(.typed("d"))])
        #expect(actions.described.isEmpty)
        #expect(app.toasts.last?.text.contains("changed") ?? false)
        _ = screen.render(width: 120, height: 40)
        screen.didPaint()
        screen.handle([.key(.typed("j")), .key(.typed("d"))])
        #expect(actions.described.count == 1)
    }

    @Test(arguments: [(["x", "l"], 1), (["D", "d"], 0)])
    func `a sequence for an object ends when that goes, and any other does not`(keys: [String], count: Int) {
        let app = FakeCluster.app()
        let actions = RecordingActions()
        app.cluster = actions
        let screen = FakeCluster.screen(app)
        app.pods.select(index: 1)
        _ = screen.render(width: 120, height: 40)
        screen.didPaint()
        screen.type(keys[0])
        app.pods.remove(uids: [app.pods.selectedUID ?? ""])
        _ = screen.render(width: 120, height: 40)
        screen.didPaint()
        screen.type(keys[1])
        #expect(actions.findingsCount == count)
        #expect((app.toasts.last?.text.contains("is gone: nothing was done") ?? false) == (count == 0))
    }

    @Test func `Esc and a key that arrive together are Esc and a key`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        app.focus = .yaml
        app.editor.isTyping = true
        screen.handle([.key(Key("k", .alternate, text: "k"))])
        #expect(app.inputMode == .browse)
    }

    @Test func `an unfinished sequence shows what can follow, and Esc ends it`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        screen.type("D")
        let surface = screen.render(width: 80, height: 24).surface
        #expect((0..<24).contains { surface.text(row: $0).contains("d  Delete") })
        screen.type("esc")
        #expect(screen.pressed.isEmpty && app.modal == nil)
    }

    @Test func `clicks focus and select, tabs switch, the wheel scrolls what is under it`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        _ = screen.render(width: 120, height: 40)
        func mouse(_ kind: MouseEvent.Kind, _ button: MouseEvent.Button, _ x: Int, _ y: Int) {
            screen.handle([.mouse(MouseEvent(kind: kind, button: button, x: x, y: y, modifiers: []))])
        }
        mouse(.press, .left, 60, 3)
        #expect(app.focus == .pods && app.pods.selectedIndex == 0)
        mouse(.press, .left, 5, 4)
        #expect(app.focus == .namespaces && app.namespaces.selectedIndex == 1)
        mouse(.wheelUp, .none, 10, 30)
        #expect(!app.logs.isFollowing && app.focus == .namespaces)
        mouse(.press, .right, 60, 4)
        if case .palette? = app.modal {} else { Issue.record("no menu") }
        app.modal = nil
        _ = screen.render(width: 80, height: 24)
        let tab = screen.tabs.first { $0.0 == .yaml }?.1
        mouse(.press, .left, (tab?.x ?? 0) + 1, tab?.y ?? 0)
        #expect(app.focus == .yaml)
    }

    @Test func `resizing loses no cursor, scroll, selection or text`() {
        let app = FakeCluster.app()
        let screen = FakeCluster.screen(app)
        app.focus = .yaml
        app.editor.isTyping = true
        app.editor.place(TextPosition(line: 9, column: 4), selecting: false)
        app.editor.move(.lineEnd, selecting: true)
        app.logs.isFollowing = false
        app.logs.position = LogPosition(line: 1210)
        let (cursor, selection, text, uid) = (app.editor.cursor, app.editor.selection, app.editor.text, app.pods.selectedUID)
        for (width, height) in [(200, 50), (60, 15), (20, 5), (80, 24), (1, 1), (120, 40)] {
            _ = screen.render(width: width, height: height)
            #expect(
                app.editor.cursor == cursor && app.editor.selection == selection && app.editor.text == text && app.pods.selectedUID == uid)
            #expect(app.logs.position.line == 1210)
        }
    }

    @Test func `anything can be pressed on any size without a trap`() {
        var random = SeededGenerator(seed: 21)
        let names = [
            "j", "k", "G", "D", "d", "y", "n", "esc", "enter", "tab", "/", ":", "?", "e", "a", "x", "ctrl-d", "pageup", "left", "right",
            "z", "w", "4", "3", "2", "1", "backspace", "f2", "ctrl-_",
        ]
        for _ in 0..<40 {
            let app = FakeCluster.app()
            let screen = FakeCluster.screen(app, depth: .sixteen)
            screen.hasBracketedPaste = random.next() % 2 == 0
            for _ in 0..<40 {
                if random.next() % 9 == 0 { screen.handle([.paste(random.hostileText(4))]) }
                if random.next() % 9 == 0 {
                    screen.handle([
                        .mouse(
                            MouseEvent(
                                kind: [.press, .drag, .wheelUp, .wheelDown][Int(random.next() % 4)],
                                button: [.left, .right][Int(random.next() % 2)], x: Int(random.next() % 200), y: Int(random.next() % 60),
                                modifiers: []))
                    ])
                }
                if random.next() % 7 == 0 { app.pods.remove(uids: ["p\(random.next() % 7)"]) }
                screen.handle([.key(Key(named: names[Int(random.next() % UInt64(names.count))]))])
                _ = screen.render(width: Int(random.next() % 180), height: Int(random.next() % 60))
                screen.didPaint()
                app.isQuitting = false
            }
        }
    }
}
