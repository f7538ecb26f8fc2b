import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct EditorTests {
    private func editor(_ text: String) -> EditorModel {
        let model = EditorModel(signal: ChangeSignal())
        model.setText(text)
        model.state = .editing
        return model
    }

    @Test func `any edits can be undone to the start and done again to the end`() {
        for seed in 1...60 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let start = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\u{301}b\n"
            let model = editor(start)
            for _ in 0..<120 { step(model, &random) }
            let end = model.text
            while model.history.canUndo { model.undo() }
            #expect(model.text == start, "seed \(seed)")
            while model.history.canRedo { model.redo() }
            #expect(model.text == end, "seed \(seed)")
        }
    }

    private func step(_ model: EditorModel, _ random: inout SeededGenerator) {
        let texts = ["a", " ", "\n", "\u{301}", "é", "x: 1\ny: 2", "\r\n", "👩‍👩", "\u{200D}", "\t"]
        switch random.below(13) {
        case 0...3: model.insert(texts[random.below(texts.count)])
        case 4: model.newline()
        case 5: model.deleteBackward()
        case 6: model.deleteForward()
        case 7: model.deleteWordBackward()
        case 8: model.tab()
        case 9: model.backTab()
        case 10: model.deleteLine()
        case 11: model.place(TextPosition(line: random.below(8), column: random.below(20)), selecting: random.below(3) == 0)
        default:
            _ = model.cut()
            model.paste()
        }
    }

    @Test func `an edit after an undo keeps the other way reachable`() {
        let model = editor("")
        model.insert("first\n")
        model.undo()
        model.insert("second\n")
        model.undo()
        model.redo()
        #expect(model.text == "second\n")
        model.undo()
        #expect(model.nextUndoBranch())
        model.redo()
        #expect(model.text == "first\n")
    }

    @Test func `typed characters are one step up to a space`() {
        let model = editor("")
        for character in "ab cd" { model.insert(String(character)) }
        model.undo()
        #expect(model.text == "ab ")
        model.undo()
        #expect(model.text == "")
    }

    @Test(arguments: [("a:", "a:\n  "), ("  a: 1", "  a: 1\n  "), ("- name: x", "- name: x\n  "), ("- x", "- x\n"), ("a: |", "a: |\n  ")])
    func `a new line is indented as the one before asks for`(line: String, expected: String) {
        let model = editor(line)
        model.move(.documentEnd, selecting: false)
        model.newline()
        #expect(model.text == expected)
    }

    @Test func `what was pasted with other line ends becomes lines`() {
        let model = editor("")
        model.insert("a\r\nb\rc\nd")
        #expect(model.lineCount == 4 && model.text == "a\nb\nc\nd")
        #expect(model.cursor == TextPosition(line: 3, column: 1))
    }

    private static let secret = """
        apiVersion: v1
        kind: Secret
        metadata:
          name: s
        data:
          user: YWRtaW4=
          key: |
            c2VjcmV0
            bW9yZQ==
        stringData: {token: abc}
        type: Opaque
        ---
        kind: ConfigMap
        data:
          open: yes
        """

    @Test func `secret values are masked until revealed one at a time`() {
        let model = editor(Self.secret)
        #expect(model.maskedColumns(line: 5) == 8..<16)
        #expect(model.maskedColumns(line: 7) != nil && model.maskedColumns(line: 8) != nil)
        #expect(model.maskedColumns(line: 9) != nil)
        #expect(model.maskedColumns(line: 3) == nil && model.maskedColumns(line: 10) == nil && model.maskedColumns(line: 14) == nil)
        model.place(TextPosition(line: 7, column: 0), selecting: false)
        model.toggleReveal()
        #expect(model.maskedColumns(line: 7) == nil && model.maskedColumns(line: 8) == nil && model.maskedColumns(line: 5) != nil)
        model.place(TextPosition(line: 5, column: 0), selecting: false)
        model.toggleReveal()
        #expect(model.maskedColumns(line: 5) == nil && model.maskedColumns(line: 7) != nil)
    }

    @Test func `a search never finds masked text`() {
        let model = editor(Self.secret)
        model.search = "YWRtaW4"
        model.find(next: true)
        #expect(model.cursor == TextPosition(line: 0, column: 0))
    }

    @Test func `what is copied from a masked line stays in the editor`() {
        let model = editor(Self.secret)
        for line in 0..<model.lineCount {
            model.place(TextPosition(line: line, column: 0), selecting: false)
            _ = model.copyLine()
            #expect(model.isClipboardHidden == (model.maskedColumns(line: line) != nil))
        }
        model.selectAll()
        _ = model.copy()
        #expect(model.isClipboardHidden)
    }

    @Test func `a difference shows that a secret changed and not what it is`() {
        let lines = UnifiedDiff.lines(from: Self.secret, to: Self.secret.replacing("YWRtaW4=", with: "bmV3"))
        #expect(lines.contains { $0.kind == .removed } && lines.contains { $0.kind == .added })
        #expect(!lines.contains { $0.text.contains("YWRtaW4") || $0.text.contains("bmV3") || $0.text.contains("c2Vj") })
    }

    @Test func `a difference has its lines and what is around them`() {
        let old = (1...20).map { "line \($0)" }.joined(separator: "\n")
        let lines = UnifiedDiff.lines(from: old, to: old.replacing("line 10\n", with: "line ten\n"))
        #expect(
            lines.map { "\($0.kind) \($0.text)" } == [
                "note 6 unchanged lines", "context line 7", "context line 8", "context line 9", "removed line 10", "added line ten",
                "context line 11",
                "context line 12", "context line 13", "note 7 unchanged lines",
            ])
        #expect(UnifiedDiff.lines(from: old, to: old).isEmpty)
    }

    @Test func `the schema's complaints stand at their lines`() {
        let manifest = Manifest(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: app\n    imge: x\n    image: y\n")
        #expect(manifest.diagnostics.contains { $0.line == 7 && $0.columns == 4..<8 && $0.severity == .error })
        #expect(Manifest("a: [").hasErrors)
        #expect(Manifest("kind: Pod").diagnostics.first?.message == "apiVersion is required")
    }

    @Test func `keys are completed from the schema at the cursor`() {
        let lines = ["apiVersion: v1", "kind: Pod", "spec:", "  containers:", "  - name: a", "    imageP"]
        let model = Completion.model(lines, TextPosition(line: 5, column: 10))
        #expect(model?.items.map(\.text) == ["imagePullPolicy: "])
        #expect(model?.start == TextPosition(line: 5, column: 4))
        #expect(
            Completion.model(["apiVersion: v1", "kind: Pod", "spec:", "  restartPolicy: N"], TextPosition(line: 3, column: 18))?.items.map(
                \.text) == ["Never"])
        #expect(
            Completion.model(["apiVersion: v1", "kind: Pod", "spec:", "  restartPolicy: Never"], TextPosition(line: 3, column: 22)) == nil)
    }

    @Test func `nothing that can be typed traps masks, completion, checks or differences`() {
        var random = SeededGenerator(seed: 99)
        let parts = [
            "kind: Secret", "apiVersion: v1", "data:", "  ", "- ", ":", "\"data\": {", "---", "a", "é", "\u{301}", "|", "#", "spec:",
            "containers:", "\t", "'",
        ]
        for _ in 0..<300 {
            let lines = (0..<(1 + random.below(12))).map { _ in (0..<random.below(6)).map { _ in parts[random.below(parts.count)] }.joined()
            }
            #expect(SecretMask.masked(lines).count == lines.count)
            let line = random.below(lines.count)
            _ = Completion.model(lines, TextPosition(line: line, column: random.below(lines[line].count + 1)))
            let text = lines.joined(separator: "\n")
            _ = Manifest(text)
            let other = lines.reversed().joined(separator: "\n")
            let difference = UnifiedDiff.lines(from: text, to: other)
            #expect(difference.isEmpty == (text == other))
        }
    }
}
