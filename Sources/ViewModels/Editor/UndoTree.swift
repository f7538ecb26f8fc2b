/// The states the text was in: an edit after an undo starts a new branch, and the old one stays reachable.
///
/// What the steps hold is bounded. Beyond the bound the oldest branches that lead nowhere near the present text go first, then the oldest steps.
struct UndoTree: Sendable {
    /// Bytes of text that steps may hold, with a little for each step itself.
    static let mostBytes = 16 << 20

    private struct Node: Sendable {
        var parent: Int
        var edits: [TextEdit]
        /// The cursor before and after.
        var before: TextPosition
        var after: TextPosition
        var children: [Int] = []
        /// The child that redo goes to.
        var preferred: Int?

        var bytes: Int { edits.reduce(64) { $0 + $1.removed.utf8.count + $1.inserted.utf8.count + 64 } }
    }

    private var nodes: [Int: Node] = [
        0: Node(parent: 0, edits: [], before: TextPosition(line: 0, column: 0), after: TextPosition(line: 0, column: 0))
    ]
    /// The oldest state that can be gone back to. Steps are numbered in the order they were made.
    private var root = 0
    private var current = 0
    private var nextID = 1
    private var bytes = 0
    private let limit: Int
    private var isSealed = true
    /// Whether edits join the step that ``beginGroup()`` was followed by.
    private var isGrouping = false
    private var group: Int?

    init(limit: Int = UndoTree.mostBytes) { self.limit = limit }

    var canUndo: Bool { current != root }
    var canRedo: Bool { nodes[current]?.preferred != nil }
    /// Ways on from here.
    var branchCount: Int { nodes[current]?.children.count ?? 0 }
    /// The number of steps that are kept.
    var count: Int { nodes.count - 1 }

    /// Remembers an edit that was done. Typed characters join into one step until ``seal()`` or a space.
    mutating func record(_ edits: [TextEdit], before: TextPosition, after: TextPosition) {
        defer { if bytes > limit { trim() } }
        if isGrouping, let group, group == current {
            append(edits, after)
            return
        }
        if !isSealed, edits.count == 1, let edit = edits.first, canJoin(edit), var node = nodes[current] {
            node.edits[node.edits.count - 1].inserted += edit.inserted
            node.after = after
            nodes[current] = node
            bytes += edit.inserted.utf8.count
            return
        }
        let node = Node(parent: current, edits: edits, before: before, after: after)
        bytes += node.bytes
        nodes[nextID] = node
        nodes[current]?.children.append(nextID)
        nodes[current]?.preferred = nextID
        current = nextID
        nextID += 1
        if isGrouping { group = current }
        isSealed = edits.count != 1 || edits.first.map { !Self.isTyping($0) } ?? true
    }

    private mutating func append(_ edits: [TextEdit], _ after: TextPosition) {
        guard var node = nodes[current] else { return }
        bytes -= node.bytes
        node.edits += edits
        node.after = after
        bytes += node.bytes
        nodes[current] = node
        isSealed = true
    }

    /// The state that the text is in now.
    var state: Int { current }

    /// Whether a state led to the present one, or is it; nil when it was forgotten.
    func includes(_ state: Int) -> Bool? { nodes[state].map { _ in pathToCurrent().contains(state) } }

    /// Ends the present step: the next edit is a step of its own.
    mutating func seal() { isSealed = true }

    /// Makes the edits up to ``endGroup()`` one step.
    mutating func beginGroup() { (isSealed, isGrouping, group) = (true, true, nil) }

    /// The next edit is a step of its own again.
    mutating func endGroup() { (isSealed, isGrouping, group) = (true, false, nil) }

    /// Takes the last step back; the cursor's place, or nil when there is none.
    mutating func undo(_ buffer: inout TextBuffer) -> TextPosition? {
        guard current != root, let node = nodes[current] else { return nil }
        isSealed = true
        for edit in node.edits.reversed() { buffer.revert(edit) }
        nodes[node.parent]?.preferred = current
        current = node.parent
        return buffer.clamped(node.before)
    }

    /// Does the step that was taken back last again.
    mutating func redo(_ buffer: inout TextBuffer) -> TextPosition? {
        guard let next = nodes[current]?.preferred, let node = nodes[next] else { return nil }
        isSealed = true
        for edit in node.edits { buffer.apply(edit) }
        current = next
        return buffer.clamped(node.after)
    }

    /// Makes redo take the next of the branches from here. False when there is only one.
    mutating func nextBranch() -> Bool {
        let children = nodes[current]?.children ?? []
        guard children.count > 1, let present = nodes[current]?.preferred, let index = children.firstIndex(of: present) else { return false }
        nodes[current]?.preferred = children[(index + 1) % children.count]
        return true
    }

    // MARK: - The bound

    /// Forgets until an eighth of the bound is free, so that this is seldom done. The last step always stays.
    private mutating func trim() {
        let path = pathToCurrent()
        let onPath = Set(path)
        var branches = path.flatMap { place in (nodes[place]?.children ?? []).filter { !onPath.contains($0) } }.sorted()
        while bytes > limit - limit / 8, let oldest = branches.first {
            branches.removeFirst()
            forget(oldest)
        }
        for step in path.dropFirst().dropLast() {
            guard bytes > limit - limit / 8 else { break }
            advanceRoot(to: step)
        }
    }

    /// From the root to the present state.
    private func pathToCurrent() -> [Int] {
        var path = [current]
        while let last = path.last, last != root, let parent = nodes[last]?.parent { path.append(parent) }
        return path.reversed()
    }

    private mutating func forget(_ branch: Int) {
        if let parent = nodes[branch]?.parent {
            nodes[parent]?.children.removeAll { $0 == branch }
            let left = nodes[parent]?.children.last
            if nodes[parent]?.preferred == branch { nodes[parent]?.preferred = left }
        }
        var waiting = [branch]
        while let next = waiting.popLast() {
            guard let node = nodes.removeValue(forKey: next) else { continue }
            bytes -= node.bytes
            waiting += node.children
        }
    }

    private mutating func advanceRoot(to step: Int) {
        nodes[root] = nil
        root = step
        // What is at the root is never taken back, and counts for nothing.
        bytes -= nodes[step]?.bytes ?? 0
        nodes[step]?.edits = []
    }

    private func canJoin(_ edit: TextEdit) -> Bool {
        guard current != root, Self.isTyping(edit), let node = nodes[current], let last = node.edits.last, node.children.isEmpty,
            last.removed.isEmpty
        else { return false }
        guard last.inserted.utf8.last != 0x20 || edit.inserted == " " else { return false }
        return last.start.line == edit.start.line && last.start.offset + last.inserted.utf8.count == edit.start.offset
    }

    private static func isTyping(_ edit: TextEdit) -> Bool {
        edit.removed.isEmpty && edit.inserted.count == 1 && edit.inserted != "\n"
    }
}
