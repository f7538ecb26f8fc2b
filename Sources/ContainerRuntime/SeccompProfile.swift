internal import Synchronization

/// The built-in profile, compiled once for each set of capabilities that opens other gates.
enum SeccompProfile {
    private static let cache = Mutex<[Set<String>: [UInt8]]>([:])
    private static let gateNames = Set(SeccompTable.gated.flatMap(\.capabilities))

    #if arch(x86_64)
        static let native = SeccompCompiler.Architecture.x86
    #else
        static let native = SeccompCompiler.Architecture.arm
    #endif

    /// The program's bytes for a process with these capabilities.
    static func runtimeDefault(for capabilities: Capabilities) -> [UInt8] {
        let open = gateNames.filter { name in Capabilities(name: name).map { capabilities.isSuperset(of: $0) } ?? false }
        if let known = cache.withLock({ $0[open] }) { return known }
        let bytes = SeccompCompiler.compile(ranges(open: open, architecture: native), architecture: native)
        cache.withLock { $0[open] = bytes }
        return bytes
    }

    private static let notPermitted: UInt16 = 1
    private static let notImplemented: UInt16 = 38
    /// CLONE_NEW…: what makes new namespaces, the user namespace above all.
    private static let namespaceFlags: UInt32 = 0x7E02_0000

    /// The action for every number, merged into ranges.
    static func ranges(open: Set<String>, architecture: SeccompCompiler.Architecture) -> [(start: UInt32, action: SeccompCompiler.Action)] {
        func pick(_ numbers: (x86: UInt32, generic: UInt32)) -> UInt32 { architecture == .x86 ? numbers.x86 : numbers.generic }
        var actions = [SeccompCompiler.Action](repeating: .allow, count: Int(SeccompTable.newest) + 1)
        for call in SeccompTable.gated where open.isDisjoint(with: call.capabilities) {
            guard let number = architecture == .x86 ? call.x86 : call.generic else { continue }
            // clone3's flags are behind a pointer: programs must fall back to clone, whose flags can be read.
            actions[Int(number)] = .fail(call.name == "clone3" ? notImplemented : notPermitted)
        }
        if !open.contains("SYS_ADMIN") { actions[Int(pick(SeccompTable.cloneNumbers))] = .failOnBits(namespaceFlags, notPermitted) }
        // AF_ALG and AF_VSOCK: kernel code that containers have no business with.
        actions[Int(pick(SeccompTable.socketNumbers))] = .failOnValues([38, 40], notPermitted)
        actions[Int(pick(SeccompTable.personalityNumbers))] = .allowValues([0, 8, 0x20000, 0x20008, 0xffff_ffff], notPermitted)
        var ranges: [(start: UInt32, action: SeccompCompiler.Action)] = []
        for (number, action) in actions.enumerated() where ranges.last?.action != action { ranges.append((UInt32(number), action)) }
        // Later calls, and on x86_64 the x32 numbers above 0x40000000.
        ranges.append((SeccompTable.newest + 1, .fail(notImplemented)))
        return ranges
    }
}
