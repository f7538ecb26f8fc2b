/// Emits classic BPF for seccomp(2): a binary tree over ranges of system call numbers, because the kernel runs the
/// program once for every number when it is loaded, so its depth is what loading costs.
struct SeccompCompiler {
    /// What happens to one system call.
    indirect enum Action: Hashable, Sendable {
        case allow
        case fail(UInt16)
        case kill
        /// Fails with the error when any of these bits is set in the first argument.
        case failOnBits(UInt32, UInt16)
        /// Fails with the error when the first argument is one of these.
        case failOnValues([UInt32], UInt16)
        /// Allows only these values of the first argument.
        case allowValues([UInt32], UInt16)
    }

    /// Machine types as `seccomp_data.arch` spells them.
    enum Architecture: UInt32, Sendable {
        case x86 = 0xC000_003E
        case arm = 0xC000_00B7
    }

    /// One step of the kernel's little machine.
    struct Instruction: Hashable, Sendable {
        var code: UInt16
        var jumpTrue: UInt8 = 0
        var jumpFalse: UInt8 = 0
        var value: UInt32

        static func answer(_ verdict: SeccompRules.Verdict) -> Instruction { Instruction(code: SeccompCompiler.answer, value: verdict.value) }

        /// Loads one half of the argument with this index.
        static func argument(_ index: Int, upper: Bool) -> Instruction {
            Instruction(code: SeccompCompiler.load, value: UInt32(16 + 8 * index + (upper ? 4 : 0)))
        }

        static func and(_ mask: UInt32) -> Instruction { Instruction(code: 0x54, value: mask) }

        /// Jumps over as many instructions as given.
        static func jump(_ test: Test, _ value: UInt32, _ jumpTrue: UInt8, _ jumpFalse: UInt8) -> Instruction {
            Instruction(code: test.rawValue, jumpTrue: jumpTrue, jumpFalse: jumpFalse, value: value)
        }
    }

    /// How what was loaded is compared.
    enum Test: UInt16, Sendable {
        case equal = 0x15
        case above = 0x25
        case atLeast = 0x35
    }

    private static let load: UInt16 = 0x20, jump: UInt16 = 0x05, equal: UInt16 = 0x15, above: UInt16 = 0x35, bits: UInt16 = 0x45, answer: UInt16 = 0x06

    /// The program for a complete, ascending list of (first number, action); the first entry starts at 0.
    static func compile(_ ranges: [(start: UInt32, action: Action)], architecture: Architecture) -> [UInt8] {
        compile(leaves: ranges.map { ($0.start, leaf($0.action)) }, architecture: architecture)
    }

    /// As before, with what is run for each range.
    static func compile(leaves ranges: [(start: UInt32, code: [Instruction])], architecture: Architecture) -> [UInt8] {
        precondition(ranges.first?.start == 0, "the ranges cover every number")
        var program = [
            Instruction(code: load, value: 4),
            Instruction(code: equal, jumpTrue: 1, value: architecture.rawValue),
            Instruction(code: answer, value: result(.kill)),
            Instruction(code: load, value: 0),
        ]
        program += tree(ranges[...])
        return program.flatMap { instruction in
            [
                UInt8(truncatingIfNeeded: instruction.code), UInt8(truncatingIfNeeded: instruction.code >> 8), instruction.jumpTrue, instruction.jumpFalse,
            ] + (0..<4).map { UInt8(truncatingIfNeeded: instruction.value >> (8 * $0)) }
        }
    }

    private static func tree(_ ranges: ArraySlice<(start: UInt32, code: [Instruction])>) -> [Instruction] {
        guard ranges.count > 1 else { return ranges[ranges.startIndex].code }
        let middle = ranges.startIndex + ranges.count / 2
        let low = tree(ranges[..<middle])
        let high = tree(ranges[middle...])
        if low.count <= 255 {
            return [Instruction(code: above, jumpTrue: UInt8(low.count), value: ranges[middle].start)] + low + high
        }
        // Conditional jumps reach 255 instructions.
        return [
            Instruction(code: above, jumpFalse: 1, value: ranges[middle].start), Instruction(code: jump, value: UInt32(low.count)),
        ] + low + high
    }

    private static func leaf(_ action: Action) -> [Instruction] {
        let argument = Instruction(code: load, value: 16)
        switch action {
        case .allow, .fail, .kill: return [Instruction(code: answer, value: result(action))]
        case .failOnBits(let mask, let number):
            return [
                argument, Instruction(code: bits, jumpFalse: 1, value: mask), Instruction(code: answer, value: result(.fail(number))),
                Instruction(code: answer, value: result(.allow)),
            ]
        case .failOnValues(let values, let number): return choice(values, then: .fail(number), otherwise: .allow, argument)
        case .allowValues(let values, let number): return choice(values, then: .allow, otherwise: .fail(number), argument)
        }
    }

    private static func choice(_ values: [UInt32], then: Action, otherwise: Action, _ argument: Instruction) -> [Instruction] {
        precondition(values.count < 200, "a conditional jump reaches the answer")
        let tests = values.enumerated().map { index, value in
            Instruction(code: equal, jumpTrue: UInt8(values.count - index), value: value)
        }
        return [argument] + tests + [Instruction(code: answer, value: result(otherwise)), Instruction(code: answer, value: result(then))]
    }

    private static func result(_ action: Action) -> UInt32 {
        switch action {
        case .fail(let number): 0x0005_0000 | UInt32(number)
        case .kill: 0x8000_0000
        default: 0x7fff_0000
        }
    }
}
