/// Every state the text was ever in: an edit after an undo starts a new branch, and the old one stays reachable.
struct UndoTree: Sendable {
    private struct Node: Sendable {
        var parent: Int
        var edits: [TextEdit]
        /// The cursor before and after.
        var before: TextPosition
        var after: TextPosition
        var children: [Int] = []
        /// The child that redo goes to.
        var preferred: Int?
    }

    private var nodes: [Node] = [
        Node(parent: 0, edits: [], before: TextPosition(line: 0, column: 0), after: TextPosition(line: 0, column: 0))
    ]
    private var current = 0
    private var isSealed = true

    var canUndo: Bool { current != 0 }
    var canRedo: Bool { nodes[current].preferred != nil }
    /// Ways on from here.
    var branchCount: Int { nodes[current].children.count }

    /// Remembers an edit that was done. Typed characters join into one step until ``seal()`` or a space.
    mutating func record(_ edits: [TextEdit], before: TextPosition, after: TextPosition) {
        if !isSealed, edits.count == 1, let edit = edits.first, canJoin(edit) {
            nodes[current].edits[nodes[current].edits.count - 1].inserted += edit.inserted
            nodes[current].after = after
            return
        }
        nodes.append(Node(parent: current, edits: edits, before: before, after: after))
        nodes[current].children.append(nodes.count - 1)
        nodes[current].preferred = nodes.count - 1
        current = nodes.count - 1
        isSealed = edits.count != 1 || edits.first.map { !Self.isTyping($0) } ?? true
    }

    /// Ends the present step: the next edit is a step of its own.
    mutating func seal() { isSealed = true }

    /// Takes the last step back; the cursor's place, or nil when there is none.
    mutating func undo(_ buffer: inout TextBuffer) -> TextPosition? {
        guard current != 0 else { return nil }
        isSealed = true
        let node = nodes[current]
        for edit in node.edits.reversed() { buffer.revert(edit) }
        nodes[node.parent].preferred = current
        current = node.parent
        return buffer.clamped(node.before)
    }

    /// Does the step that was taken back last again.
    mutating func redo(_ buffer: inout TextBuffer) -> TextPosition? {
        guard let next = nodes[current].preferred else { return nil }
        isSealed = true
        for edit in nodes[next].edits { buffer.apply(edit) }
        current = next
        return buffer.clamped(nodes[next].after)
    }

    /// Makes redo take the next of the branches from here. False when there is only one.
    mutating func nextBranch() -> Bool {
        let children = nodes[current].children
        guard children.count > 1, let present = nodes[current].preferred, let index = children.firstIndex(of: present) else { return false }
        nodes[current].preferred = children[(index + 1) % children.count]
        return true
    }

    private func canJoin(_ edit: TextEdit) -> Bool {
        guard current != 0, Self.isTyping(edit), let last = nodes[current].edits.last, nodes[current].children.isEmpty, last.removed.isEmpty
        else { return false }
        guard last.inserted.utf8.last != 0x20 || edit.inserted == " " else { return false }
        return last.start.line == edit.start.line && last.start.offset + last.inserted.utf8.count == edit.start.offset
    }

    private static func isTyping(_ edit: TextEdit) -> Bool {
        edit.removed.isEmpty && edit.inserted.count == 1 && edit.inserted != "\n"
    }
}
