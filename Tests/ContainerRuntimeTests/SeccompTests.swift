import Testing

@testable import ContainerRuntime

struct SeccompTests {
    /// Runs a compiled program as the kernel would and returns its verdict.
    static func verdict(
        _ program: [UInt8], number: UInt32, arch: UInt32 = 0xC000_003E, argument: UInt64 = 0, arguments: [Int: UInt64] = [:]
    ) -> UInt32 {
        var data = [UInt8](repeating: 0, count: 64)
        for (index, value) in arguments { withUnsafeBytes(of: value) { data.replaceSubrange(16 + 8 * index..<24 + 8 * index, with: $0) } }
        withUnsafeBytes(of: number) { data.replaceSubrange(0..<4, with: $0) }
        withUnsafeBytes(of: arch) { data.replaceSubrange(4..<8, with: $0) }
        if arguments.isEmpty { withUnsafeBytes(of: argument) { data.replaceSubrange(16..<24, with: $0) } }
        var (accumulator, at) = (UInt32(0), 0)
        while at * 8 + 8 <= program.count {
            let instruction = Array(program[at * 8..<at * 8 + 8])
            let code = UInt16(instruction[0]) | UInt16(instruction[1]) << 8
            let value = (0..<4).reduce(UInt32(0)) { $0 | UInt32(instruction[4 + $1]) << (8 * $1) }
            at += 1
            switch code {
            case 0x20: accumulator = (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[Int(value) + $1]) << (8 * $1) }
            case 0x05: at += Int(value)
            case 0x15: at += Int(accumulator == value ? instruction[2] : instruction[3])
            case 0x25: at += Int(accumulator > value ? instruction[2] : instruction[3])
            case 0x54: accumulator &= value
            case 0x35: at += Int(accumulator >= value ? instruction[2] : instruction[3])
            case 0x45: at += Int(accumulator & value != 0 ? instruction[2] : instruction[3])
            case 0x06: return value
            default: return 0xdead
            }
        }
        return 0xdead
    }

    static let allow: UInt32 = 0x7fff_0000, eperm: UInt32 = 0x0005_0001, enosys: UInt32 = 0x0005_0026, kill: UInt32 = 0x8000_0000
    static func program(_ open: Set<String> = []) -> [UInt8] {
        SeccompCompiler.compile(SeccompProfile.ranges(open: open, architecture: .x86), architecture: .x86)
    }

    @Test func `every number gets the table's verdict`() {
        let program = Self.program()
        let gated = Dictionary(uniqueKeysWithValues: SeccompTable.gated.compactMap { call in call.x86.map { ($0, call.name) } })
        for number in 0...SeccompTable.newest where ![56, 41, 135].contains(number) {
            let expected = gated[number].map { $0 == "clone3" ? Self.enosys : Self.eperm } ?? Self.allow
            #expect(Self.verdict(program, number: number) == expected, "\(number)")
        }
        #expect(program.count / 8 < 256, "load time grows with length")
    }

    @Test func `unknown calls, x32 and foreign machine types are refused`() {
        let program = Self.program()
        for number: UInt32 in [SeccompTable.newest + 1, 0x4000_0000, 0x4000_0027, 0xffff_ffff] as [UInt32] {
            #expect(Self.verdict(program, number: number) == Self.enosys)
        }
        #expect(Self.verdict(program, number: 39, arch: 0x4000_0003) == Self.kill)
    }

    @Test func `arguments decide for clone, socket and personality`() {
        let program = Self.program()
        #expect(Self.verdict(program, number: 56, argument: 0x11) == Self.allow)
        #expect(Self.verdict(program, number: 56, argument: 0x1000_0000) == Self.eperm)
        for (domain, verdict) in [(1, Self.allow), (16, Self.allow), (38, Self.eperm), (39, Self.allow), (40, Self.eperm)] as [(UInt64, UInt32)] {
            #expect(Self.verdict(program, number: 41, argument: domain) == verdict)
        }
        #expect(Self.verdict(program, number: 135, argument: 0xffff_ffff) == Self.allow && Self.verdict(program, number: 135, argument: 4) == Self.eperm)
    }

    @Test func `a capability opens its gates and no others`() {
        let program = Self.program(["SYS_ADMIN"])
        #expect(Self.verdict(program, number: 165) == Self.allow)  // mount
        #expect(Self.verdict(program, number: 435) == Self.allow)  // clone3
        #expect(Self.verdict(program, number: 56, argument: 0x1000_0000) == Self.allow)
        #expect(Self.verdict(program, number: 169) == Self.eperm)  // reboot
        #expect(Self.verdict(program, number: 425) == Self.eperm)  // io_uring_setup
    }

    @Test func `a tree too wide for short jumps still decides rightly`() {
        let ranges = (0..<600).map { (start: UInt32($0), action: $0 % 2 == 0 ? SeccompCompiler.Action.allow : .fail(1)) }
        let program = SeccompCompiler.compile(ranges, architecture: .x86)
        for number in 0..<700 {
            #expect(Self.verdict(program, number: UInt32(number)) == (number < 600 && number % 2 == 0 ? Self.allow : Self.eperm))
        }
    }
}
