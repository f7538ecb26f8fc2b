import LinuxKernel
import Testing

@testable import ContainerRuntime

struct SeccompRulesTests {
    private static let (allow, enosys): (UInt32, UInt32) = (0x7fff_0000, 0x0005_0026)

    private func program(_ json: String) throws -> [UInt8] { try SeccompRules(json: Array(json.utf8)).program(for: .x86) }

    private func verdict(_ program: [UInt8], _ number: UInt32, _ arguments: [Int: UInt64] = [:]) -> UInt32 {
        SeccompTests.verdict(program, number: number, arguments: arguments)
    }

    @Test func `calls by name get their action and the others the default`() throws {
        let program = try program(
            """
            {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
              {"names": ["read", "write", "no_such_call"], "action": "SCMP_ACT_ALLOW"}, {"name": "mkdir", "action": "SCMP_ACT_ERRNO", "errnoRet": 13},
              {"names": ["ptrace"], "action": "SCMP_ACT_KILL_PROCESS"}, {"names": ["reboot"], "action": "SCMP_ACT_LOG"}]}
            """)
        #expect([0, 1, 83, 101, 169, 2].map { verdict(program, $0) } == [Self.allow, Self.allow, 0x0005_000d, 0x8000_0000, 0x7ffc_0000, Self.enosys])
        #expect(SeccompTests.verdict(program, number: 0, arch: 0x4000_0003) == 0x8000_0000)
    }

    @Test func `calls that nobody knows and other ways to the known ones`() throws {
        let open = try program(#"{"defaultAction": "SCMP_ACT_ALLOW"}"#)
        let closed = try program(#"{"defaultAction": "SCMP_ACT_ERRNO"}"#)
        #expect(verdict(open, SeccompTable.newest + 1) == Self.allow && verdict(closed, SeccompTable.newest + 1) == Self.enosys)
        for number: UInt32 in [0x4000_0000, 0x4000_0001, 0xffff_ffff] as [UInt32] { #expect(verdict(open, number) == Self.enosys) }
    }

    static let large: UInt64 = 0x1_0000_0005
    @Test(
        arguments: [
            ("EQ", large, 0, [large], [5, large + 1, 0x2_0000_0005]), ("NE", large, 0, [5, large + 1, 0x2_0000_0005], [large]),
            ("GT", large, 0, [large + 1, 0x2_0000_0000], [large, 0xffff_ffff, 0]), ("GE", large, 0, [large, 0x2_0000_0000], [large - 1, 0xffff_ffff]),
            ("LT", large, 0, [large - 1, 0xffff_ffff, 0], [large, 0x2_0000_0000]), ("LE", large, 0, [large, 0xffff_ffff], [large + 1, 0x2_0000_0000]),
            ("MASKED_EQ", 0xf_0000_000f, 0x1_0000_0002, [0x1_0000_0002, 0xff01_00ff_ff02 & ~0xe_0000_0000], [0x1_0000_0003, 0x2, 0x3_0000_0002]),
        ] as [(String, UInt64, UInt64, [UInt64], [UInt64])])
    func `each comparison looks at all 64 bits`(name: String, value: UInt64, second: UInt64, matching: [UInt64], others: [UInt64]) throws {
        let program = try program(
            """
            {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW",
              "args": [{"index": 2, "value": \(value), "valueTwo": \(second), "op": "SCMP_CMP_\(name)"}]}]}
            """)
        for argument in matching { #expect(verdict(program, 0, [2: argument]) == Self.allow, "\(argument)") }
        for argument in others { #expect(verdict(program, 0, [2: argument]) == 0x0005_0001, "\(argument)") }
    }

    @Test func `conditions on several arguments must all hold, several on one are alternatives, and several rules are tried in turn`() throws {
        func condition(_ index: Int, _ value: Int) -> String { #"{"index": \#(index), "value": \#(value), "op": "SCMP_CMP_EQ"}"# }
        let program = try program(
            """
            {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
              {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [\(condition(0, 1)), \(condition(1, 2)), \(condition(5, 3))]},
              {"names": ["socket"], "action": "SCMP_ACT_LOG", "args": [\(condition(0, 9)), \(condition(0, 10))]},
              {"names": ["close"], "action": "SCMP_ACT_LOG", "args": [\(condition(0, 9))]}, {"names": ["close"], "action": "SCMP_ACT_ALLOW"}]}
            """)
        #expect(verdict(program, 41, [0: 1, 1: 2, 5: 3]) == Self.allow)
        for missing in [[0: 1, 1: 2], [0: 1, 5: 3], [1: 2, 5: 3], [:]] as [[Int: UInt64]] { #expect(verdict(program, 41, missing) == 0x0005_0001) }
        #expect(verdict(program, 41, [0: 9]) == 0x7ffc_0000 && verdict(program, 41, [0: 10]) == 0x7ffc_0000)
        #expect(verdict(program, 3, [0: 9]) == Self.allow, "a rule without conditions holds whatever the others say")
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"defaultAction": "SCMP_ACT_FLY"}"#, #"{"defaultAction": "SCMP_ACT_NOTIFY"}"#,
        #"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 5000}"#, #"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": -1}"#,
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_ALLOW"}]}"#,
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"]}]}"#,
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]}"#,
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]}"#,
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}]}]}"#,
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 1, "op": "=="}]}]}"#,
    ]) func `what is no profile, or cannot be carried out, is refused`(json: String) {
        #expect(throws: RuntimeError.self) { try SeccompRules(json: Array(json.utf8)) }
    }

    @Test func `a profile larger than the kernel takes is refused`() throws {
        let rule = #"{"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}"#
        let json = #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": ["# + [String](repeating: rule, count: 1000).joined(separator: ",") + "]}"
        let error = #expect(throws: RuntimeError.self) { try program(json) }
        #expect(error?.message.contains("4096") == true)
    }

    @Test func `the names agree with the table of withheld calls`() {
        for call in SeccompTable.gated {
            for (architecture, number) in [(SeccompCompiler.Architecture.x86, call.x86), (.arm, call.generic)] {
                guard let known = SystemCallNumbers.number(of: call.name, architecture: architecture) else { continue }
                #expect(known == number, "\(call.name)")
            }
        }
        #expect(SystemCallNumbers.number(of: "open", architecture: .arm) == nil && SystemCallNumbers.number(of: "openat", architecture: .arm) == 56)
    }
}
