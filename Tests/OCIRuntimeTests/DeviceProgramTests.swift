import Testing

@testable import OCIRuntime

@Suite struct DeviceProgramTests {
    typealias Rule = ResourceConfiguration.DeviceRule

    /// Runs the program as the kernel would. nil: it ran out of itself.
    static func isAllowed(_ program: [UInt64], type: UInt64, access: UInt64, major: UInt64, minor: UInt64) -> Bool? {
        var registers = [UInt64](repeating: 0, count: 11)
        var at = 0
        let context: [Int: UInt64] = [0: access << 16 | type, 4: major, 8: minor]
        while program.indices.contains(at) {
            let word = program[at]
            let target = Int(word >> 8 & 15)
            let source = Int(word >> 12 & 15)
            let offset = Int(Int16(truncatingIfNeeded: word >> 16))
            let value = word >> 32
            at += 1
            switch word & 0xff {
            case 0x61: registers[target] = context[offset] ?? 0
            case 0xbf: registers[target] = registers[source]
            case 0xb7: registers[target] = value
            case 0x77: registers[target] >>= value
            case 0x57: registers[target] &= value
            case 0x55: if registers[target] != value { at += offset }
            case 0x5d: if registers[target] != registers[source] { at += offset }
            case 0x15: if registers[target] == value { at += offset }
            case 0x95: return registers[0] != 0
            default: return nil
            }
        }
        return nil
    }

    /// What v1 would say: rules one after the other, the last that fits decides.
    static func expected(_ rules: [Rule], type: UInt64, access: UInt64, major: UInt64, minor: UInt64) -> Bool {
        for rule in rules.reversed() {
            if rule.type != "a", (rule.type == "c" ? 2 : 1) != type { continue }
            if let wanted = rule.major, UInt64(wanted) != major { continue }
            if let wanted = rule.minor, UInt64(wanted) != minor { continue }
            let bits: UInt64 = (rule.canMake ? 1 : 0) | (rule.canRead ? 2 : 0) | (rule.canWrite ? 4 : 0)
            if rule.isAllowed ? access & ~bits == 0 : access & bits != 0 { return rule.isAllowed }
        }
        return true
    }

    static let lists: [[Rule]] = [
        [], [Rule(isAllowed: true)], [Rule(isAllowed: false)],
        [Rule(isAllowed: false), Rule(isAllowed: true, type: "b", major: 8, minor: nil, canWrite: false, canMake: false)],
        [Rule(isAllowed: true), Rule(isAllowed: false, type: "c", major: 1, minor: 11, canRead: false, canMake: false)],
        [Rule(isAllowed: false), Rule(isAllowed: true, type: "c", major: nil, minor: 3), Rule(isAllowed: false, type: "c", major: 9, minor: 3)],
    ]

    @Test(arguments: lists.indices) func `the program decides as the list of rules does`(index: Int) {
        let rules = DeviceProgram.complete(Self.lists[index])
        let program = DeviceProgram.compile(rules)
        for type: UInt64 in [1, 2] {
            for access: UInt64 in 1...7 {
                for (major, minor): (UInt64, UInt64) in [(1, 3), (1, 11), (8, 0), (8, 3), (9, 3), (136, 7), (5, 1), (254, 0)] {
                    let wanted = Self.expected(rules, type: type, access: access, major: major, minor: minor)
                    #expect(Self.isAllowed(program, type: type, access: access, major: major, minor: minor) == wanted, "\(type) \(access) \(major):\(minor)")
                }
            }
        }
    }

    @Test func `without rules only what every container needs is allowed`() {
        let program = DeviceProgram.compile(DeviceProgram.complete([]))
        #expect(Self.isAllowed(program, type: 2, access: 6, major: 1, minor: 3) == true)
        #expect(Self.isAllowed(program, type: 1, access: 2, major: 8, minor: 0) == false)
        #expect(Self.isAllowed(program, type: 1, access: 1, major: 8, minor: 0) == true, "making a node is not using it")
    }

    @Test func `rules of version 1 are in its words`() {
        #expect(Rule(isAllowed: true, type: "c", major: 1, minor: nil, canWrite: false).version1 == "c 1:* rm")
        #expect(Rule(isAllowed: false).version1 == "a *:* rwm")
    }
}
