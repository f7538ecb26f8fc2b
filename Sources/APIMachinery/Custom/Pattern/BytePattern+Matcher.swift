extension BytePattern {
    /// Looks for an expression, and remembers the states it has been in. Make one for each task that searches.
    package struct Matcher {
        /// What is known of the byte before.
        private enum Before: UInt8 { case start, word, other, feed }

        private struct Key: Hashable {
            var places: [Int32]
            var before: Before
        }

        private let pattern: BytePattern
        private let width: Int
        private var states: [Key] = []
        private var numbers: [Key: Int32] = [:]
        /// The state after each state and class of byte; ``unknown`` until it was needed.
        private var table: [Int32] = []
        /// Whether the text may end in a state: 0 unknown, 1 no, 2 yes.
        private var endings: [UInt8] = []
        private var marks: [UInt32]
        private var round: UInt32 = 0

        private static let unknown: Int32 = -1
        private static let matched: Int32 = -2
        /// More states are forgotten and made again.
        private static let mostStates = 2_000

        package init(_ pattern: BytePattern) {
            self.pattern = pattern
            width = pattern.samples.count
            marks = [UInt32](repeating: 0, count: pattern.program.count)
            reset()
        }

        private mutating func reset() {
            states = []
            numbers = [:]
            table = []
            endings = []
            _ = number(Key(places: [0], before: .start))
        }

        /// Whether the expression is found in a part of the bytes; the part is a text of its own.
        package mutating func isFound(in bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
            var state: Int32 = 0
            var at = range.lowerBound
            while at < range.upperBound {
                let kind = pattern.classes[Int(bytes[at])]
                var next = table[Int(state) * width + Int(kind)]
                if next < 0 {
                    if next == Self.unknown { next = step(&state, Int(kind)) }
                    if next == Self.matched { return true }
                }
                state = next
                at += 1
            }
            return mayEnd(state)
        }

        /// Whether the expression is found in a text.
        package mutating func isFound(in bytes: [UInt8]) -> Bool {
            bytes.withUnsafeBufferPointer { isFound(in: $0, 0..<$0.count) }
        }

        private mutating func number(_ key: Key) -> Int32 {
            if let known = numbers[key] { return known }
            let new = Int32(states.count)
            states.append(key)
            numbers[key] = new
            table += [Int32](repeating: Self.unknown, count: width)
            endings.append(0)
            return new
        }

        /// Makes the state after `state` and a byte. With too many states all are forgotten and `state` gets a new number.
        private mutating func step(_ state: inout Int32, _ kind: Int) -> Int32 {
            if states.count >= Self.mostStates {
                let present = states[Int(state)]
                reset()
                state = number(present)
            }
            let byte = pattern.samples[kind]
            let key = states[Int(state)]
            var next = Self.matched
            if let reached = follow(key, next: byte) {
                // A match may start at every place.
                let places = Set(reached).union([0]).sorted()
                let before: Before = byte == 0x0A ? .feed : Self.isWord(byte) ? .word : .other
                next = number(Key(places: places, before: before))
            }
            table[Int(state) * width + kind] = next
            return next
        }

        private mutating func mayEnd(_ state: Int32) -> Bool {
            if endings[Int(state)] == 0 { endings[Int(state)] = follow(states[Int(state)], next: nil) == nil ? 2 : 1 }
            return endings[Int(state)] == 2
        }

        /// What comes after the instructions that take the next byte; nil when the end is reached without it.
        private mutating func follow(_ key: Key, next: UInt8?) -> [Int32]? {
            round &+= 1
            var reached: [Int32] = []
            var stack = key.places.map { Int($0) }
            while let place = stack.popLast() {
                guard marks[place] != round else { continue }
                marks[place] = round
                switch pattern.program[place] {
                case .bytes(let range): if let next, range.contains(next) { reached.append(Int32(place + 1)) }
                case .match: return nil
                case .split(let first, let second):
                    stack.append(second)
                    stack.append(first)
                case .place(let condition): if Self.holds(condition, key.before, next) { stack.append(place + 1) }
                }
            }
            return reached
        }

        private static func holds(_ place: PatternNode.Place, _ before: Before, _ next: UInt8?) -> Bool {
            switch place {
            case .textStart: before == .start
            case .textEnd: next == nil
            case .lineStart: before == .start || before == .feed
            case .lineEnd: next == nil || next == 0x0A
            case .wordBoundary: (before == .word) != (next.map(isWord) ?? false)
            case .noWordBoundary: (before == .word) == (next.map(isWord) ?? false)
            }
        }

        private static func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
            default: false
            }
        }
    }
}
