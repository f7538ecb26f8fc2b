import LinuxKernel
import Testing

@testable import ViewModels

/// Replacing place by place, and the bound of what undo keeps.
@MainActor @Suite struct EditorReplaceTests {
    private func app(_ text: String) -> AppModel {
        let app = AppModel(clock: { Timestamp(rfc3339: "2026-03-01T10:00:00Z")! })
        app.editor.setText(text)
        app.editor.state = .editing
        app.focus = .yaml
        return app
    }

    private func ask(_ app: AppModel, _ wanted: String, _ text: String) {
        app.askReplace()
        app.prompt?.input = LineInput(wanted)
        app.prompt?.submit()
        app.prompt?.input = LineInput(text)
        app.prompt?.submit()
    }

    private func press(_ app: AppModel, _ keys: String...) { for key in keys { _ = app.prompt?.onKey(key) } }

    @Test(arguments: [
        (["y", "n", "y"], "x b\na x"), (["a"], "x b\nx x"), (["n", "a"], "a b\nx x"), (["n", "n", "n"], "a b\na a"), (["y", "q"], "x b\na a"),
    ])
    func `every place is asked about, and all of it is one step`(keys: [String], expected: String) {
        let app = app("a b\na a")
        ask(app, "A", "x")
        #expect(app.editor.selection == TextPosition(line: 0, column: 0)..<TextPosition(line: 0, column: 1))
        for key in keys { press(app, key) }
        #expect(app.editor.text == expected && app.prompt == nil && app.editor.search.isEmpty)
        if expected != "a b\na a" { app.editor.undo() }
        #expect(app.editor.text == "a b\na a")
    }

    @Test func `what is put in is not looked through again, and other keys do nothing`() {
        let app = app("a a")
        ask(app, "a", "aa")
        press(app, "k", "x", "y", "y")
        #expect(app.editor.text == "aa aa" && app.prompt == nil)
    }

    @Test func `nothing to replace is told`() {
        let app = app("a")
        ask(app, "z", "y")
        #expect(app.prompt == nil && app.toasts.last?.text.contains("no match") == true)
    }

    @Test func `hidden values are not replaced`() {
        let app = app("kind: Secret\nstringData:\n  key: password\n# password")
        ask(app, "password", "x")
        press(app, "a")
        #expect(app.editor.text == "kind: Secret\nstringData:\n  key: password\n# x")
    }

    @Test func `undo keeps no more than its bound, old branches first`() {
        var tree = UndoTree(limit: 4000)
        var buffer = TextBuffer("")
        func type(_ text: String) {
            let edit = buffer.edit(TextPosition(line: 0, column: 0)..<TextPosition(line: 0, column: 0), with: text)
            let before = TextPosition(line: 0, column: 0)
            buffer.apply(edit)
            tree.record([edit], before: before, after: before)
        }
        type(String(repeating: "a", count: 500))
        type(String(repeating: "b", count: 500))
        _ = tree.undo(&buffer)
        type("c")
        _ = tree.undo(&buffer)
        #expect(tree.branchCount == 2)
        for _ in 0..<4 { type(String(repeating: "d", count: 500)) }
        #expect(tree.canUndo)
        for _ in 0..<40 { type(String(repeating: "e", count: 500)) }
        #expect(tree.count < 8)
        var steps = 0
        while tree.undo(&buffer) != nil { steps += 1 }
        #expect(steps >= 3 && tree.branchCount == 1)
    }

    @Test func `a step larger than the bound can still be taken back`() {
        var tree = UndoTree(limit: 100)
        var buffer = TextBuffer("")
        let start = TextPosition(line: 0, column: 0)
        let edit = buffer.edit(start..<start, with: String(repeating: "x", count: 5000))
        buffer.apply(edit)
        tree.record([edit], before: start, after: start)
        #expect(tree.undo(&buffer) != nil && buffer.text.isEmpty)
    }
}
