/// The difference between two texts, line by line, with some lines around each change. Values of Secrets are masked.
enum UnifiedDiff {
    private static let context = 3
    /// More differing lines than this are shown as one block: comparing them takes memory that grows with the square of their number.
    private static let limit = 1000

    /// The lines of a difference; empty when there is none.
    static func lines(from old: String, to new: String) -> [DiffLine] {
        let before = old.isEmpty ? [] : TextBuffer(old).lines
        let after = new.isEmpty ? [] : TextBuffer(new).lines
        guard before != after else { return [] }
        let shownBefore = SecretMask.masked(before)
        let shownAfter = SecretMask.masked(after)
        return trimmed(
            steps(before, after).map { step in
                switch step {
                case .keep(let line): DiffLine(kind: .context, text: shownBefore[line])
                case .remove(let line): DiffLine(kind: .removed, text: shownBefore[line])
                case .add(let line): DiffLine(kind: .added, text: shownAfter[line])
                }
            })
    }

    /// How one text becomes another: a line of the old one stays or goes, or one of the new one comes.
    enum Step {
        case keep(Int)
        case remove(Int)
        case add(Int)
    }

    static func steps(_ old: [String], _ new: [String]) -> [Step] {
        var head = 0
        while head < old.count, head < new.count, old[head] == new[head] { head += 1 }
        var tail = 0
        while tail < old.count - head, tail < new.count - head, old[old.count - 1 - tail] == new[new.count - 1 - tail] { tail += 1 }
        let removed = head..<(old.count - tail)
        let added = head..<(new.count - tail)
        var steps = (0..<head).map { Step.keep($0) }
        if removed.count > limit || added.count > limit {
            steps += removed.map { .remove($0) } + added.map { .add($0) }
        } else {
            steps += middle(old, new, removed, added)
        }
        return steps + (0..<tail).map { .keep(old.count - tail + $0) }
    }

    private static func middle(_ old: [String], _ new: [String], _ removed: Range<Int>, _ added: Range<Int>) -> [Step] {
        let difference = Array(new[added]).difference(from: Array(old[removed]))
        var gone: Set<Int> = []
        var fresh: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): gone.insert(removed.lowerBound + offset)
            case .insert(let offset, _, _): fresh.insert(added.lowerBound + offset)
            }
        }
        var steps: [Step] = []
        var (a, b) = (removed.lowerBound, added.lowerBound)
        while a < removed.upperBound || b < added.upperBound {
            if a < removed.upperBound, gone.contains(a) {
                steps.append(.remove(a))
                a += 1
            } else if b < added.upperBound, fresh.contains(b) {
                steps.append(.add(b))
                b += 1
            } else {
                steps.append(.keep(a))
                a += 1
                b += 1
            }
        }
        return steps
    }

    /// Keeps some lines around changes, and says how many were left out.
    private static func trimmed(_ lines: [DiffLine]) -> [DiffLine] {
        var isShown = [Bool](repeating: false, count: lines.count)
        for (index, line) in lines.enumerated() where line.kind != .context {
            for near in max(0, index - context)...min(lines.count - 1, index + context) { isShown[near] = true }
        }
        var result: [DiffLine] = []
        var skipped = 0
        for (index, line) in lines.enumerated() {
            guard isShown[index] else {
                skipped += 1
                continue
            }
            if skipped > 0 { result.append(fold(skipped)) }
            skipped = 0
            result.append(line)
        }
        return skipped > 0 ? result + [fold(skipped)] : result
    }

    private static func fold(_ count: Int) -> DiffLine {
        DiffLine(kind: .note, text: count == 1 ? "1 unchanged line" : "\(count) unchanged lines")
    }
}
