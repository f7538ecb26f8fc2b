/// A regular expression that is matched in time proportional to the text, whatever the expression: Go's syntax without back references
/// and looking around. Every step of the match follows all possibilities at once.
package final class Pattern: Sendable {
    private enum Instruction: Sendable {
        case set(Int)
        case split(Int, Int)
        case place(PatternNode.Place)
        case match
    }

    /// The expression as it was written.
    package let source: String
    private let program: [(instruction: Instruction, next: Int)]
    private let sets: [ScalarSet]

    /// The longest program, which a few nested repetitions can ask for.
    private static let longestProgram = 20_000
    /// Steps after which a match is given up; long texts against long programs.
    package static let mostSteps = 20_000_000

    /// Compiles an expression. Throws Go's text for what is wrong with it.
    package init(_ source: String) throws(PatternError) {
        self.source = source
        var builder = Builder()
        let node = try PatternParser.parse(source)
        try builder.add(node, source)
        builder.program.append((.match, 0))
        program = builder.program
        sets = builder.sets
    }

    private struct Builder {
        var program: [(instruction: Instruction, next: Int)] = []
        var sets: [ScalarSet] = []
        private var known: [ScalarSet: Int] = [:]

        /// Appends a part, which goes on with whatever is appended after it.
        mutating func add(_ node: PatternNode, _ source: String) throws(PatternError) {
            guard program.count < Pattern.longestProgram else { throw PatternError("expression too large", source) }
            switch node {
            case .empty: break
            case .set(let set):
                let index = known[set] ?? sets.count
                if index == sets.count {
                    sets.append(set)
                    known[set] = index
                }
                emit(.set(index))
            case .place(let place): emit(.place(place))
            case .sequence(let parts): for part in parts { try add(part, source) }
            case .choice(let branches): try addChoice(branches, source)
            case .repeated(let inner, let minimum, let maximum):
                for _ in 0..<minimum {
                    let before = program.count
                    try add(inner, source)
                    // What takes no text and has no condition need not be repeated.
                    if program.count == before { break }
                }
                guard let maximum else { return try addLoop(inner, source) }
                try addOptional(inner, maximum - minimum, source)
            }
        }

        private mutating func emit(_ instruction: Instruction) { program.append((instruction, program.count + 1)) }

        private mutating func addChoice(_ branches: [PatternNode], _ source: String) throws(PatternError) {
            var ends: [Int] = []
            for (index, branch) in branches.enumerated() {
                guard index < branches.count - 1 else {
                    try add(branch, source)
                    break
                }
                let split = program.count
                emit(.split(split + 1, 0))
                try add(branch, source)
                ends.append(program.count)
                emit(.split(0, 0))
                program[split].instruction = .split(split + 1, program.count)
            }
            for end in ends { program[end].instruction = .split(program.count, program.count) }
        }

        private mutating func addLoop(_ inner: PatternNode, _ source: String) throws(PatternError) {
            let split = program.count
            emit(.split(split + 1, 0))
            try add(inner, source)
            let back = program.count
            emit(.split(split, split))
            program[split].instruction = .split(split + 1, back + 1)
        }

        private mutating func addOptional(_ inner: PatternNode, _ count: Int, _ source: String) throws(PatternError) {
            var splits: [Int] = []
            for _ in 0..<max(0, count) {
                splits.append(program.count)
                emit(.split(0, 0))
                try add(inner, source)
            }
            for split in splits { program[split].instruction = .split(split + 1, program.count) }
        }
    }

    /// Whether the expression is found anywhere in a text; nil when finding out would take more steps than `limit`.
    package func matches(_ text: String, limit: Int = mostSteps) -> Bool? {
        var current = ThreadList(program.count)
        var following = ThreadList(program.count)
        var stack: [Int] = []
        var steps = 0
        var previous: UInt32?
        var scalars = text.unicodeScalars.makeIterator()
        var next = scalars.next()?.value
        while true {
            // A match may start at every place.
            if follow(0, into: &current, &stack, previous, next) { return true }
            guard let scalar = next else { return false }
            let upcoming = scalars.next()?.value
            steps += current.count + 1
            guard steps < limit else { return nil }
            following.removeAll()
            for index in 0..<current.count {
                let place = current[index]
                guard case .set(let set) = program[place].instruction, sets[set].contains(scalar) else { continue }
                if follow(program[place].next, into: &following, &stack, scalar, upcoming) { return true }
            }
            swap(&current, &following)
            previous = scalar
            next = upcoming
        }
    }

    /// Adds every instruction that is reached without taking text; true when the end is.
    private func follow(
        _ start: Int, into list: inout ThreadList, _ stack: inout [Int], _ previous: UInt32?, _ next: UInt32?
    ) -> Bool {
        stack.append(start)
        defer { stack.removeAll(keepingCapacity: true) }
        while let place = stack.popLast() {
            guard list.insert(place) else { continue }
            switch program[place].instruction {
            case .set: break
            case .match: return true
            case .split(let first, let second):
                stack.append(second)
                stack.append(first)
            case .place(let condition):
                if Self.holds(condition, previous, next) { stack.append(program[place].next) }
            }
        }
        return false
    }

    private static func holds(_ place: PatternNode.Place, _ previous: UInt32?, _ next: UInt32?) -> Bool {
        switch place {
        case .textStart: return previous == nil
        case .textEnd: return next == nil
        case .lineStart: return previous == nil || previous == 0x0A
        case .lineEnd: return next == nil || next == 0x0A
        case .wordBoundary, .noWordBoundary:
            let before = previous.map { ScalarSet.words.contains($0) } ?? false
            let after = next.map { ScalarSet.words.contains($0) } ?? false
            return (before != after) == (place == .wordBoundary)
        }
    }

    /// The instructions that are active, each once, in the order they were added.
    private struct ThreadList {
        private var dense: [Int] = []
        private var sparse: [Int]
        var count: Int { dense.count }

        init(_ size: Int) {
            sparse = [Int](repeating: 0, count: size)
            dense.reserveCapacity(size)
        }

        subscript(index: Int) -> Int { dense[index] }

        mutating func insert(_ place: Int) -> Bool {
            let index = sparse[place]
            if index < dense.count, dense[index] == place { return false }
            sparse[place] = dense.count
            dense.append(place)
            return true
        }

        mutating func removeAll() { dense.removeAll(keepingCapacity: true) }
    }
}
