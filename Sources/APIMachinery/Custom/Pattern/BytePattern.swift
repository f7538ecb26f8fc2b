/// A regular expression for looking through many lines of bytes: what ``Pattern`` understands, as an automaton that is made while it is used.
///
/// It takes one table look-up a byte whatever the expression, and no text can make it slow. Where a class takes everything beyond ASCII, as
/// `.` does, it also takes single bytes that are no UTF-8.
package final class BytePattern: Sendable {
    enum Instruction: Sendable {
        case bytes(ClosedRange<UInt8>)
        case split(Int, Int)
        case place(PatternNode.Place)
        case match
    }

    /// The expression as it was written.
    package let source: String
    let program: [Instruction]
    /// A number for each byte, the same for bytes that no instruction tells apart.
    let classes: [UInt8]
    /// One byte of each class.
    let samples: [UInt8]

    private static let longestProgram = 20_000

    /// Compiles an expression. Throws what is wrong with it.
    package init(_ source: String, ignoresCase: Bool = false) throws(PatternError) {
        self.source = source
        var builder = Builder()
        try builder.add(try PatternParser.parse(ignoresCase ? "(?i)\(source)" : source), source)
        builder.program.append(.match)
        program = builder.program
        (classes, samples) = Self.classes(of: program)
    }

    /// Bytes that no range and no word boundary tells apart get the same number.
    private static func classes(of program: [Instruction]) -> ([UInt8], [UInt8]) {
        var starts = [Bool](repeating: false, count: 257)
        func cut(_ range: ClosedRange<UInt8>) {
            starts[Int(range.lowerBound)] = true
            starts[Int(range.upperBound) + 1] = true
        }
        for instruction in program { if case .bytes(let range) = instruction { cut(range) } }
        for range: ClosedRange<UInt8> in [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A, 0x0A...0x0A] { cut(range) }
        var classes = [UInt8](repeating: 0, count: 256)
        var samples: [UInt8] = [0]
        for byte in 1..<256 {
            if starts[byte] { samples.append(UInt8(byte)) }
            classes[byte] = UInt8(samples.count - 1)
        }
        return (classes, samples)
    }

    private struct Builder {
        var program: [Instruction] = []

        mutating func add(_ node: PatternNode, _ source: String) throws(PatternError) {
            guard program.count < BytePattern.longestProgram else { throw PatternError("expression too large", source) }
            switch node {
            case .empty: break
            case .set(let set): addChoice(Self.sequences(set))
            case .place(let place): program.append(.place(place))
            case .sequence(let parts): for part in parts { try add(part, source) }
            case .choice(let branches): try addChoice(branches.count) { builder, index throws(PatternError) in try builder.add(branches[index], source) }
            case .repeated(let inner, let minimum, let maximum):
                for _ in 0..<minimum {
                    let before = program.count
                    try add(inner, source)
                    if program.count == before { break }
                }
                guard let maximum else { return try addLoop(inner, source) }
                var splits: [Int] = []
                for _ in 0..<max(0, maximum - minimum) {
                    splits.append(program.count)
                    program.append(.split(0, 0))
                    try add(inner, source)
                }
                for split in splits { program[split] = .split(split + 1, program.count) }
            }
        }

        private mutating func addLoop(_ inner: PatternNode, _ source: String) throws(PatternError) {
            let split = program.count
            program.append(.split(split + 1, 0))
            try add(inner, source)
            let back = program.count
            program.append(.split(split, split))
            program[split] = .split(split + 1, back + 1)
        }

        private mutating func addChoice(_ sequences: [[ClosedRange<UInt8>]]) {
            // A class that takes nothing matches nowhere: a byte range that is never reached stands for it.
            guard !sequences.isEmpty else {
                program.append(.split(program.count, program.count))
                return
            }
            addChoice(sequences.count) { builder, index in
                for range in sequences[index] { builder.program.append(.bytes(range)) }
            }
        }

        private mutating func addChoice<E: Error>(_ count: Int, _ branch: (inout Builder, Int) throws(E) -> Void) throws(E) {
            var ends: [Int] = []
            for index in 0..<count {
                guard index < count - 1 else {
                    try branch(&self, index)
                    break
                }
                let split = program.count
                program.append(.split(split + 1, 0))
                try branch(&self, index)
                ends.append(program.count)
                program.append(.split(0, 0))
                program[split] = .split(split + 1, program.count)
            }
            for end in ends { program[end] = .split(program.count, program.count) }
        }

        // MARK: - UTF-8

        /// The byte sequences of a set's scalars.
        private static func sequences(_ set: ScalarSet) -> [[ClosedRange<UInt8>]] {
            var all: [[ClosedRange<UInt8>]] = []
            for range in set.ranges {
                if range.lowerBound < 0x80 { all.append([UInt8(range.lowerBound)...UInt8(min(0x7F, range.upperBound))]) }
                guard range.upperBound >= 0x80 else { continue }
                if range.lowerBound <= 0x80, range.upperBound == ScalarSet.last {
                    all += Self.beyondASCII
                } else {
                    add(max(0x80, range.lowerBound), range.upperBound, to: &all)
                }
            }
            return all
        }

        /// Every character of several bytes, and every byte by itself where it is part of none.
        private static let beyondASCII: [[ClosedRange<UInt8>]] = [
            [0xC2...0xDF, 0x80...0xBF], [0xE0...0xEF, 0x80...0xBF, 0x80...0xBF], [0xF0...0xF4, 0x80...0xBF, 0x80...0xBF, 0x80...0xBF], [0x80...0xFF],
        ]

        /// Splits a range of scalars where their encodings change length, and then so that each byte's range is free of the others'.
        private static func add(_ low: UInt32, _ high: UInt32, to all: inout [[ClosedRange<UInt8>]]) {
            guard low <= high else { return }
            for limit: UInt32 in [0x7FF, 0xFFFF] where low <= limit && high > limit {
                add(low, limit, to: &all)
                return add(limit + 1, high, to: &all)
            }
            for bits: UInt32 in [6, 12, 18] {
                let mask = (UInt32(1) << bits) - 1
                guard low & ~mask != high & ~mask else { continue }
                if low & mask != 0 {
                    add(low, low | mask, to: &all)
                    return add((low | mask) + 1, high, to: &all)
                }
                if high & mask != mask {
                    add(low, (high & ~mask) - 1, to: &all)
                    return add(high & ~mask, high, to: &all)
                }
            }
            all.append(zip(encoded(low), encoded(high)).map { $0...$1 })
        }

        private static func encoded(_ value: UInt32) -> [UInt8] {
            func tail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | value >> shift & 0x3F) }
            if value < 0x800 { return [UInt8(0xC0 | value >> 6), tail(0)] }
            if value < 0x10000 { return [UInt8(0xE0 | value >> 12), tail(6), tail(0)] }
            return [UInt8(0xF0 | value >> 18), tail(12), tail(6), tail(0)]
        }
    }
}
