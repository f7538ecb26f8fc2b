import TestSupport

/// Decides what is mutated, and how.
struct FuzzRandom: RandomNumberGenerator {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func next() -> UInt64 { generator.next() }

    /// A number from 0 up to, not including, `bound`; 0 when that is none.
    mutating func below(_ bound: Int) -> Int { generator.below(bound) }

    /// True once in `times`.
    mutating func once(in times: Int) -> Bool { below(times) == 0 }

    /// One of some values.
    mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    /// Part of an array: mostly short, at times anything.
    mutating func range(in count: Int) -> Range<Int> {
        guard count > 0 else { return 0..<0 }
        let start = below(count)
        let longest = once(in: 4) ? count - start : min(count - start, 16)
        return start..<(start + 1 + below(longest))
    }
}
