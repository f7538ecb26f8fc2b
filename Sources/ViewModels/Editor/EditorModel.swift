/// The YAML pane: a text, where the cursor is in it, what is wrong with it, and where it goes when it is applied.
@MainActor package final class EditorModel {
    let signal: ChangeSignal
    private(set) var buffer = TextBuffer()
    var history = UndoTree()
    private var original = TextBuffer()
    private var anchor: TextPosition?
    private var wantedColumn: Int?
    var clipboard = ""
    /// It came from lines with a masked value, which nothing outside of the editor gets.
    package internal(set) var isClipboardHidden = false
    /// An empty pane.
    package init(signal: ChangeSignal) { self.signal = signal }

    /// Where Apply goes, whatever the screen shows now.
    package var target: EditorTarget? { didSet { signal.touch() } }
    /// What the pane is doing.
    package var state: EditorState = .empty("select a pod, or press c to write a manifest") { didSet { signal.touch() } }
    /// Whether printable keys are text.
    package var isTyping = false {
        didSet {
            history.seal()
            if !isTyping { completion = nil }
            signal.touch()
        }
    }
    /// Whether the text differs from what was opened or applied last.
    package private(set) var isDirty = false
    /// Where unsaved text stands.
    package var draft: DraftState = .none { didSet { signal.touch() } }
    /// One line above the text.
    package var banner: TextSpan? { didSet { signal.touch() } }
    /// What is wrong, ordered by line.
    package var diagnostics: [Diagnostic] = [] { didSet { if diagnostics != oldValue { signal.touch() } } }
    /// What could be written at the cursor; nil for nothing.
    package var completion: CompletionModel? { didSet { signal.touch() } }
    /// What the server said to the text as it is.
    package var verdict = ServerVerdict.none { didSet { if verdict != oldValue { signal.touch() } } }
    /// Whether what the field at the cursor means is shown.
    package var isHelpShown = false {
        didSet {
            if !isHelpShown { help = nil }
            signal.touch()
        }
    }
    /// What the field at the cursor means; nil when the schema does not reach it.
    package var help: FieldHelp? { didSet { if help != oldValue { signal.touch() } } }
    /// Whether the owners of the fields are shown beside the lines.
    package var areOwnersShown = false {
        didSet {
            if !areOwnersShown { owners = [:] }
            signal.touch()
        }
    }
    /// The owners of the lines, while they are shown.
    package var owners: [Int: [FieldOwner]] = [:] { didSet { if owners != oldValue { signal.touch() } } }
    /// The places that both sides changed and nobody has settled.
    private(set) var conflicts: [ConflictMarkers.Block] = []
    /// What reaches the cluster and the disk; nil in tests of the model alone.
    package weak var actions: (any EditorActions)?
    /// Told after every move of the cursor.
    var onCursor: () -> Void = {}
    /// What is looked for, ignoring case. Never found in masked text.
    package var search = "" { didSet { signal.touch() } }
    /// Told what was looked for in vain.
    var onMissing: (String) -> Void = { _ in }
    /// Told after every change of the text.
    var onEdit: () -> Void = {}
    /// Grows with every change of the text.
    private(set) var revision = 0
    var mask = SecretMask()
    /// The place that typing changes.
    package private(set) var cursor = TextPosition(line: 0, column: 0)

    /// Shows another text; it counts as unchanged and cannot be undone.
    package func setText(_ text: String) {
        buffer = TextBuffer(text)
        original = buffer
        (cursor, anchor, wantedColumn, history) = (TextPosition(line: 0, column: 0), nil, nil, UndoTree())
        (completion, isDirty, mask.revealed) = (nil, false, nil)
        textChanged()
    }

    /// Shows a newer state of the same object, with the cursor where it was.
    func refreshText(_ text: String) {
        let fresh = TextBuffer(text)
        guard fresh != buffer else { return }
        let place = cursor
        buffer = fresh
        original = fresh
        history = UndoTree()
        isDirty = false
        anchor = nil
        cursor = buffer.clamped(place)
        textChanged()
    }

    /// Puts back a text that was never applied; `base` is what it was made from.
    func restore(_ text: String, base: String) {
        setText(base)
        replaceAll(text)
    }

    /// Replaces the whole text as one step that can be undone. The cursor stays at its line, wherever that goes.
    func replaceAll(_ text: String) {
        let (old, new) = (buffer.lines, TextBuffer(text).lines)
        guard old != new else { return }
        let place = TextPosition(line: Self.place(of: cursor.line, from: old, to: new), column: cursor.column)
        let head = zip(old, new).prefix { $0 == $1 }.count
        let tail = zip(old.dropFirst(head).reversed(), new.dropFirst(head).reversed()).prefix { $0 == $1 }.count
        history.seal()
        replaceLines(head..<(old.count - tail), with: Array(new[head..<(new.count - tail)]))
        moveCursor(buffer.clamped(place))
    }

    /// Makes a quick fix, as a step of its own.
    func apply(_ fix: QuickFix) {
        guard fix.lines.lowerBound >= 0, fix.lines.upperBound <= lineCount else { return }
        history.seal()
        replaceLines(fix.lines, with: fix.replacement)
        history.seal()
        let end = fix.lines.lowerBound + max(0, fix.replacement.count - 1)
        moveCursor(fix.cursor ?? TextPosition(line: end, column: line(end).count))
    }

    /// Only what differs is changed, so that the step costs no more than that.
    private func replaceLines(_ range: Range<Int>, with lines: [String]) {
        func end(_ number: Int) -> TextPosition { TextPosition(line: number, column: line(number).count) }
        let start = TextPosition(line: range.lowerBound, column: 0)
        let text = lines.joined(separator: "\n")
        if !range.isEmpty, !lines.isEmpty {
            change(start..<end(range.upperBound - 1), with: text)
        } else if range.upperBound < lineCount {
            change(start..<TextPosition(line: range.upperBound, column: 0), with: lines.isEmpty ? "" : text + "\n")
        } else {
            // At the end the line feed before it goes or comes along.
            change(end(range.lowerBound - 1)..<end(lineCount - 1), with: lines.isEmpty ? "" : "\n" + text)
        }
    }

    private static func place(of line: Int, from old: [String], to new: [String]) -> Int {
        var place = 0
        for step in UnifiedDiff.steps(old, new) {
            switch step {
            case .keep(let number):
                if number >= line { return place }
                place += 1
            case .remove(let number): if number >= line { return place }
            case .add: place += 1
            }
        }
        return place
    }

    /// Takes a text, the present one by default, as what the cluster has.
    func markClean(as text: String? = nil) {
        original = text.map { TextBuffer($0) } ?? buffer
        isDirty = buffer != original
        history.seal()
        signal.touch()
    }

    /// The whole text.
    package var text: String { buffer.text }
    /// The number of lines; at least 1.
    package var lineCount: Int { buffer.lines.count }
    /// A line without its line feed; empty outside of the text.
    package func line(_ number: Int) -> String { buffer.lines.indices.contains(number) ? buffer.lines[number] : "" }
    /// What is selected; nil for nothing.
    package var selection: Range<TextPosition>? {
        guard let anchor, anchor != cursor else { return nil }
        return min(anchor, cursor)..<max(anchor, cursor)
    }
    /// The columns of a line that are drawn as dots; nil for none.
    package func maskedColumns(line: Int) -> Range<Int>? { mask.columns(line) }

    /// Shows the masked value at the cursor, and hides the one shown before. Returns its name, or nil when there is none.
    @discardableResult
    package func toggleReveal() -> String? {
        defer { signal.touch() }
        return mask.toggleReveal(line: cursor.line)
    }

    /// Moves the cursor.
    package func place(_ position: TextPosition, selecting: Bool) {
        if selecting { anchor = anchor ?? cursor } else { anchor = nil }
        moveCursor(position)
        history.seal()
    }

    /// Moves the cursor up or down, keeping the column it came from.
    func placeVertically(_ line: Int, selecting: Bool) {
        let column = wantedColumn ?? cursor.column
        place(TextPosition(line: max(0, min(lineCount - 1, line)), column: column), selecting: selecting)
        wantedColumn = column
    }

    /// Selects everything; `fromEnd` leaves the cursor, and with it the view, at the beginning.
    package func selectAll(fromEnd: Bool = false) {
        let ends = [TextPosition(line: 0, column: 0), TextPosition(line: lineCount - 1, column: line(lineCount - 1).count)]
        anchor = ends[fromEnd ? 1 : 0]
        moveCursor(ends[fromEnd ? 0 : 1])
    }

    private func moveCursor(_ position: TextPosition) {
        cursor = buffer.clamped(position)
        wantedColumn = nil
        completion = nil
        onCursor()
        signal.touch()
    }

    /// Replaces a range as a step of its own, or as part of what is being typed.
    func change(_ range: Range<TextPosition>, with text: String) {
        let edit = buffer.edit(range, with: text)
        guard !edit.removed.isEmpty || !edit.inserted.isEmpty else { return }
        let before = cursor
        let end = buffer.apply(edit)
        cursor = buffer.position(end)
        history.record([edit], before: before, after: cursor)
        edited()
    }

    /// Takes the last step back.
    package func undo() {
        guard let place = history.undo(&buffer) else { return }
        cursor = place
        edited()
    }

    /// Does the step that was taken back last again.
    package func redo() {
        guard let place = history.redo(&buffer) else { return }
        cursor = place
        edited()
    }

    /// Takes back the last step and makes redo follow another branch from there.
    package func nextUndoBranch() -> Bool { history.nextBranch() }

    private func edited() {
        (anchor, wantedColumn, completion) = (nil, nil, nil)
        isDirty = buffer != original
        if case .viewing = state { state = .editing }
        if case .empty = state { state = .editing }
        textChanged()
    }

    private func textChanged() {
        revision += 1
        mask.scan(buffer.lines)
        let isMarked = !conflicts.isEmpty || ConflictMarkers.first(in: buffer.lines) != nil
        if isMarked { conflicts = ConflictMarkers.blocks(in: buffer.lines) }
        onEdit()
        signal.touch()
    }
}
