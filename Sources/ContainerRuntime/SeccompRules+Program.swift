extension SeccompRules {
    /// The largest program that the kernel takes, in instructions.
    private static let largestProgram = 4096

    /// The filter's bytes for this machine. Throws `invalid` when it is larger than the kernel takes.
    package func program() throws(RuntimeError) -> [UInt8] { try program(for: SeccompProfile.native) }

    func program(for architecture: SeccompCompiler.Architecture) throws(RuntimeError) -> [UInt8] {
        let leaves = self.leaves(architecture)
        var ranges: [(start: UInt32, code: [SeccompCompiler.Instruction])] = []
        for (number, leaf) in leaves.enumerated() where ranges.last?.code != leaf { ranges.append((UInt32(number), leaf)) }
        // A profile that allows by default means calls of today; one that refuses lets programs fall back from those it cannot know.
        ranges.append((SeccompTable.newest + 1, [.answer(otherwise.isPermissive ? otherwise : .notImplemented)]))
        // The x32 numbers would be another way to every call.
        ranges.append((0x4000_0000, [.answer(.notImplemented)]))
        let bytes = SeccompCompiler.compile(leaves: ranges, architecture: architecture)
        guard bytes.count / 8 <= Self.largestProgram else {
            throw RuntimeError(.invalid, "it makes \(bytes.count / 8) instructions and the kernel takes \(Self.largestProgram); use fewer rules")
        }
        return bytes
    }

    /// What each call's number leads to.
    private func leaves(_ architecture: SeccompCompiler.Architecture) -> [[SeccompCompiler.Instruction]] {
        var certain: [UInt32: Verdict] = [:]
        var conditional: [UInt32: [Rule]] = [:]
        for rule in rules {
            for name in rule.names {
                guard let number = SystemCallNumbers.number(of: name, architecture: architecture), number <= SeccompTable.newest else { continue }
                // Source: libseccomp: a rule without conditions holds whatever the others say, and the first of them.
                if !rule.conditions.isEmpty { conditional[number, default: []].append(rule) } else if certain[number] == nil { certain[number] = rule.verdict }
            }
        }
        return (0...SeccompTable.newest).map { number in
            if let verdict = certain[number] { return [.answer(verdict)] }
            return (conditional[number] ?? []).flatMap(Self.code) + [.answer(otherwise)]
        }
    }

    /// Answers when every condition holds, and runs on behind itself otherwise.
    private static func code(_ rule: Rule) -> [SeccompCompiler.Instruction] {
        var code: [SeccompCompiler.Instruction] = [.answer(rule.verdict)]
        for condition in rule.conditions.reversed() { code = test(condition, over: UInt8(code.count)) + code }
        return code
    }

    /// Runs on behind itself when the condition holds, and else jumps over the `rest` of its rule. The kernel's numbers have 32 bits: the upper
    /// half of an argument decides unless it is equal.
    private static func test(_ condition: Condition, over rest: UInt8) -> [SeccompCompiler.Instruction] {
        typealias Instruction = SeccompCompiler.Instruction
        let (upper, lower) = (UInt32(condition.value >> 32), UInt32(truncatingIfNeeded: condition.value))
        let loadUpper = Instruction.argument(condition.argument, upper: true)
        let loadLower = Instruction.argument(condition.argument, upper: false)
        switch condition.comparison {
        case .equal:
            return [loadUpper, .jump(.equal, upper, 0, 2 + rest), loadLower, .jump(.equal, lower, 0, rest)]
        case .notEqual:
            return [loadUpper, .jump(.equal, upper, 0, 2), loadLower, .jump(.equal, lower, rest, 0)]
        case .maskedEqual:
            let (wantedUpper, wantedLower) = (UInt32(condition.second >> 32), UInt32(truncatingIfNeeded: condition.second))
            return [
                loadUpper, .and(upper), .jump(.equal, wantedUpper, 0, 3 + rest), loadLower, .and(lower), .jump(.equal, wantedLower, 0, rest),
            ]
        case .greater, .greaterOrEqual:
            let last: SeccompCompiler.Test = condition.comparison == .greater ? .above : .atLeast
            return [
                loadUpper, .jump(.above, upper, 3, 0), .jump(.equal, upper, 0, 2 + rest), loadLower, .jump(last, lower, 0, rest),
            ]
        case .less, .lessOrEqual:
            let last: SeccompCompiler.Test = condition.comparison == .less ? .atLeast : .above
            return [
                loadUpper, .jump(.above, upper, 3 + rest, 0), .jump(.equal, upper, 0, 2), loadLower, .jump(last, lower, rest, 0),
            ]
        }
    }
}
