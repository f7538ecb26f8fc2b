/// The program with which cgroup v2 guards devices: the last rule that fits decides, so they are tried from the last on.
enum DeviceProgram {
    typealias Rule = ResourceConfiguration.DeviceRule

    /// What is always allowed, behind the rules of a configuration. Source: config-linux.md, default devices; runc's and crun's additions: making
    /// nodes, terminals, and /dev/net/tun as crun has it.
    static let always: [Rule] = {
        func use(_ major: Int64, _ minor: Int64?) -> Rule { Rule(isAllowed: true, type: "c", major: major, minor: minor) }
        let make = Rule(isAllowed: true, canRead: false, canWrite: false)
        func typed(_ type: Character) -> Rule {
            var rule = make
            rule.type = type
            return rule
        }
        return [
            typed("c"), typed("b"), use(1, 3), use(1, 8), use(1, 7), use(5, 0), use(1, 5), use(1, 9), use(5, 1), use(136, nil), use(5, 2), use(10, 200),
        ]
    }()

    /// The rules that are enforced for those of a configuration: what none of them names is denied.
    static func complete(_ rules: [Rule]) -> [Rule] { [Rule(isAllowed: false)] + rules + always }

    /// Instructions of eBPF, 8 bytes each, for BPF_PROG_TYPE_CGROUP_DEVICE.
    static func compile(_ rules: [Rule]) -> [UInt64] {
        // r2: type, r3: access, r4: major, r5: minor.
        var code = [
            load(2, 0), move(3, from: 2), shift(3, 16), and(2, 0xffff), load(4, 4), load(5, 8),
        ]
        for rule in rules.reversed() {
            var tests: [(Int) -> [UInt64]] = []
            if rule.type != "a" { tests.append { rest in [jumpUnlessEqual(2, rule.type == "c" ? 2 : 1, over: rest)] } }
            let access: UInt32 = (rule.canMake ? 1 : 0) | (rule.canRead ? 2 : 0) | (rule.canWrite ? 4 : 0)
            if rule.isAllowed, access != 7 {
                // Everything that is done must be among what is allowed.
                tests.append { rest in [move(1, from: 3), and(1, access), jumpUnlessSame(1, 3, over: rest)] }
            } else if access != 7 {
                // Anything that is denied denies the whole.
                tests.append { rest in [move(1, from: 3), and(1, access), jumpIfZero(1, over: rest)] }
            }
            if let major = rule.major { tests.append { rest in [jumpUnlessEqual(4, UInt32(truncatingIfNeeded: major), over: rest)] } }
            if let minor = rule.minor { tests.append { rest in [jumpUnlessEqual(5, UInt32(truncatingIfNeeded: minor), over: rest)] } }
            var block = [set(0, rule.isAllowed ? 1 : 0), exit]
            for test in tests.reversed() { block = test(block.count) + block }
            code += block
            if tests.isEmpty { return code }
        }
        return code + [set(0, 1), exit]
    }

    private static func instruction(_ code: UInt8, _ target: UInt64, _ source: UInt64 = 0, offset: Int = 0, value: UInt32 = 0) -> UInt64 {
        UInt64(code) | target << 8 | source << 12 | UInt64(UInt16(truncatingIfNeeded: offset)) << 16 | UInt64(value) << 32
    }

    private static func load(_ register: UInt64, _ offset: Int) -> UInt64 { instruction(0x61, register, 1, offset: offset) }
    private static func move(_ register: UInt64, from source: UInt64) -> UInt64 { instruction(0xbf, register, source) }
    private static func set(_ register: UInt64, _ value: UInt32) -> UInt64 { instruction(0xb7, register, value: value) }
    private static func shift(_ register: UInt64, _ bits: UInt32) -> UInt64 { instruction(0x77, register, value: bits) }
    private static func and(_ register: UInt64, _ mask: UInt32) -> UInt64 { instruction(0x57, register, value: mask) }
    private static func jumpUnlessEqual(_ register: UInt64, _ value: UInt32, over count: Int) -> UInt64 {
        instruction(0x55, register, offset: count, value: value)
    }
    private static func jumpUnlessSame(_ register: UInt64, _ other: UInt64, over count: Int) -> UInt64 { instruction(0x5d, register, other, offset: count) }
    private static func jumpIfZero(_ register: UInt64, over count: Int) -> UInt64 { instruction(0x15, register, offset: count) }
    private static let exit: UInt64 = instruction(0x95, 0)
}
