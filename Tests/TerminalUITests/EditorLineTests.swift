import Testing

@testable import TerminalUI
@testable import ViewModels

@MainActor @Suite struct EditorLineTests {
    private func editor(_ value: String) -> EditorModel {
        let model = EditorModel(signal: ChangeSignal())
        model.setText("apiVersion: v1\nkind: Secret\nstringData:\n  pässword: \(value)\n  other: x\n")
        return model
    }

    private func line(_ model: EditorModel) -> EditorLine { EditorLine(3, of: model, sign: "*") }

    @Test(arguments: ["", "a", "日本", "hunter2", String(repeating: "aHVudGVyMg", count: 40)])
    func `a masked value has one width, whatever its length`(value: String) {
        let line = line(editor(value))
        let shown = String(line.glyphs(columns: 80).map(\.character))
        #expect(shown == (value.isEmpty ? "  pässword: " : "  pässword: ********"))
        let (start, end) = (12, 12 + value.count)
        #expect(line.x(0) == 0 && line.x(4) == 4 && line.x(start) == 12)
        #expect(line.x(end) == (value.isEmpty ? 12 : 20))
        // The cursor inside it tells no place.
        for column in start..<max(start, end) { #expect(line.x(column) == 12) }
        for x in 12..<20 { #expect(line.column(at: x) == 12 || value.isEmpty && line.column(at: x) == end) }
        #expect(line.column(at: 11) == 11 && line.column(at: 40) == end)
    }

    @Test func `every screen of every length is the same, and a revealed value is shown`() {
        func rows(_ value: String, isRevealed: Bool = false) -> [String] {
            let app = FakeCluster.app()
            app.editor.setText(editor(value).text)
            app.editor.diagnostics = []
            app.focus = .yaml
            app.editor.place(TextPosition(line: 3, column: 12 + value.count), selecting: false)
            if isRevealed { app.editor.toggleReveal() }
            let surface = FakeCluster.screen(app).render(width: 80, height: 24).surface
            return (0..<24).map { surface.text(row: $0) } + ["\(surface.cursor)"]
        }
        let one = rows("a")
        #expect(one.contains { $0.contains("pässword: ••••••••") })
        for value in ["hunter2", String(repeating: "b", count: 500)] { #expect(rows(value) == one) }
        #expect(rows("hunter2", isRevealed: true).contains { $0.contains("pässword: hunter2") })
    }

    @Test func `unmasked text is measured as it is drawn`() {
        let model = EditorModel(signal: ChangeSignal())
        model.setText("a日b")
        let line = EditorLine(0, of: model, sign: "*")
        #expect((0...3).map(line.x) == [0, 1, 3, 4])
        #expect((0...5).map(line.column) == [0, 1, 1, 2, 3, 3])
    }
}
