import TestSupport
import Testing

@testable import ViewModels

/// Two texts of one base, and what is asked where both changed the same.
@MainActor @Suite struct EditorConflictTests {
    private func merge(_ base: String, _ mine: String, _ theirs: String) -> ThreeWay.Result {
        func lines(_ text: String) -> [String] { text.isEmpty ? [] : text.split(separator: " ").map(String.init) }
        return ThreeWay.merge(base: lines(base), mine: lines(mine), theirs: lines(theirs))
    }

    @Test(arguments: [
        ("a b c", "a B c", "a b C", "a B C"), ("a b c", "b c", "a b", "b"), ("a b", "a x b", "a b y", "a x b y"), ("a b c", "a B c", "a B c", "a B c"),
        ("", "x", "", "x"), ("a", "", "a", ""), ("a b c d", "a d", "a b c D", "a D"), ("a b", "x a b", "A b", "x A b"), ("a b", "A b", "x a b", "x A b"),
    ])
    func `changes apart from each other are joined`(base: String, mine: String, theirs: String, expected: String) {
        let result = merge(base, mine, theirs)
        #expect(result.lines.joined(separator: " ") == expected && result.conflicts == 0)
    }

    @Test(arguments: [
        ("a b c", "a X c", "a Y c", ["a", "<", "X", "=", "Y", ">", "c"]), ("a b", "a", "a Y", ["a", "<", "=", "Y", ">"]),
        ("a b", "a x b", "a y b", ["a", "<", "x", "=", "y", ">", "b"]), ("a b c", "a X", "a b Y", ["a", "<", "X", "=", "b", "Y", ">"]),
    ])
    func `where both changed the same, both stay`(base: String, mine: String, theirs: String, expected: [String]) {
        let result = merge(base, mine, theirs)
        let signs = [ConflictMarkers.mine: "<", ConflictMarkers.middle: "=", ConflictMarkers.theirs: ">"]
        #expect(result.lines.map { signs[$0] ?? $0 } == expected && result.conflicts == 1)
    }

    @Test func `no line of either side is lost, whatever the texts are`() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            func text() -> [String] { (0..<random.below(9)).map { _ in ["a", "b", "c", "d"][random.below(4)] } }
            let (base, mine, theirs) = (text(), text(), text())
            let result = ThreeWay.merge(base: base, mine: mine, theirs: theirs)
            #expect(ThreeWay.merge(base: base, mine: mine, theirs: base).lines == mine)
            #expect(ThreeWay.merge(base: base, mine: base, theirs: theirs).lines == theirs)
            #expect(ConflictMarkers.blocks(in: result.lines).count == result.conflicts)
            for line in Set(mine).subtracting(base) { #expect(result.lines.contains(line)) }
            for line in Set(theirs).subtracting(base) { #expect(result.lines.contains(line)) }
        }
    }

    private func mergeLines(_ base: String, _ mine: String, _ theirs: String) -> ThreeWay.Result {
        func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }
        return ThreeWay.merge(base: lines(base), mine: lines(mine), theirs: lines(theirs)).withoutDuplicates(mine: lines(mine))
    }

    @Test(arguments: [
        // At the end and at the start, with lines of its own, and in a list's item.
        (
            "l:\n  a: 1\n  b: 2", "l:\n  x: mine\n  a: 1\n  b: 2", "l:\n  a: 1\n  b: 2\n  x: theirs",
            "l:\n<<<<<<< mine\n  x: mine\n=======\n  x: theirs\n>>>>>>> cluster\n  a: 1\n  b: 2"
        ),
        (
            "l:\n  a: 1\n  b: 2", "l:\n  a: 1\n  b: 2\n  x:\n  - 1", "l:\n  x:\n  - 2\n  a: 1\n  b: 2",
            "l:\n  a: 1\n  b: 2\n<<<<<<< mine\n  x:\n  - 1\n=======\n  x:\n  - 2\n>>>>>>> cluster"
        ),
        (
            "l:\n- n: 1\n  a: 1\n  b: 2", "l:\n- n: 1\n  x: mine\n  a: 1\n  b: 2", "l:\n- n: 1\n  a: 1\n  b: 2\n  x: theirs",
            "l:\n- n: 1\n<<<<<<< mine\n  x: mine\n=======\n  x: theirs\n>>>>>>> cluster\n  a: 1\n  b: 2"
        ),
    ])
    func `a key that both added at other places is a place to settle`(base: String, mine: String, theirs: String, expected: String) {
        let result = mergeLines(base, mine, theirs)
        #expect(result.lines.joined(separator: "\n") == expected && result.conflicts == 1)
    }

    @Test func `a key that both added alike stays once`() {
        let result = mergeLines("l:\n  a: 1\n  b: 2", "l:\n  x: 1\n  a: 1\n  b: 2", "l:\n  a: 1\n  b: 2\n  x: 1")
        #expect(result.lines == ["l:", "  x: 1", "  a: 1", "  b: 2"] && result.conflicts == 0)
    }

    private static let conflict = "a\n<<<<<<< mine\nb: 1\n=======\nb: 2\n>>>>>>> cluster\nc\n<<<<<<< mine\n=======\nd: 2\n>>>>>>> cluster"

    @Test(arguments: [
        (ConflictChoice.mine, "a\nb: 1\nc\n"), (.theirs, "a\nb: 2\nc\n"), (.both, "a\nb: 1\nb: 2\nc\n"),
    ])
    func `a place is settled as one step, and the cursor goes on to the next`(choice: ConflictChoice, start: String) {
        let model = EditorModel(signal: ChangeSignal())
        model.setText(Self.conflict)
        model.state = .editing
        #expect(model.conflictCount == 2 && model.conflictPart(line: 2) == .mine && model.conflictPart(line: 3) == .marker)
        #expect(model.conflictPart(line: 4) == .theirs && model.conflictPart(line: 6) == nil)
        #expect(model.settle(choice) && model.text.hasPrefix(start) && model.conflictCount == 1)
        #expect(model.line(model.cursor.line) == ConflictMarkers.mine)
        #expect(model.settle(choice) && model.conflictCount == 0 && !model.settle(choice))
        #expect(model.text.hasSuffix(choice == .mine ? "c" : "d: 2"))
        model.undo()
        model.undo()
        #expect(model.text == Self.conflict && model.conflictCount == 2)
    }

    @Test func `both sides of a secret value stay hidden`() {
        let lines = ["kind: Secret", "data:", "  a: aaaa", "<<<<<<< mine", "  b: bbbb", "=======", "  b: cccc", ">>>>>>> cluster", "  d: dddd"]
        let shown = SecretMask.masked(lines).joined()
        for value in ["aaaa", "bbbb", "cccc", "dddd"] { #expect(!shown.contains(value)) }
    }

    @Test func `a text with an open question is not applied`() {
        let manifest = Manifest("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n<<<<<<< mine\n=======\n>>>>>>> cluster")
        #expect(!manifest.isRoutable && manifest.diagnostics.map(\.line) == [3] && manifest.hasErrors)
    }
}
