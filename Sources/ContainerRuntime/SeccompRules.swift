package import JSONCore

/// A system call filter as a file describes it: the OCI's `linux.seccomp`, which is what `localhostProfile` names.
/// Source: opencontainers runtime-spec config-linux.md; libseccomp for what its words mean.
package struct SeccompRules: Sendable, Hashable {
    /// What the kernel is told to do with a call, as seccomp(2) spells it.
    struct Verdict: Sendable, Hashable {
        let value: UInt32

        static let notImplemented = Verdict(value: 0x0005_0000 | 38)
        /// Whether the call is made after all.
        var isPermissive: Bool { value >= 0x7ff0_0000 && value < 0x8000_0000 }
    }

    enum Comparison: String, Sendable, Hashable {
        case notEqual = "SCMP_CMP_NE"
        case less = "SCMP_CMP_LT"
        case lessOrEqual = "SCMP_CMP_LE"
        case equal = "SCMP_CMP_EQ"
        case greaterOrEqual = "SCMP_CMP_GE"
        case greater = "SCMP_CMP_GT"
        /// The argument's bits of `value` are exactly `second`.
        case maskedEqual = "SCMP_CMP_MASKED_EQ"
    }

    /// A claim about one argument of a call.
    struct Condition: Sendable, Hashable {
        let argument: Int
        let comparison: Comparison
        let value: UInt64
        let second: UInt64
    }

    /// What happens to these calls when every condition holds.
    struct Rule: Sendable, Hashable {
        let names: [String]
        let conditions: [Condition]
        let verdict: Verdict
    }

    let otherwise: Verdict
    let rules: [Rule]

    /// Reads a profile's JSON. Throws `invalid` for what is no profile and for what cannot be carried out as it says; calls that no kernel has are
    /// passed over, as every runtime does.
    package init(json: [UInt8]) throws(RuntimeError) {
        let document: JSONValue
        do throws(JSONError) { document = try JSON.parse(json) } catch { throw RuntimeError(.invalid, "it is not JSON: \(error)") }
        try self.init(document: document)
    }

    /// As before, from JSON that was read already.
    package init(document: JSONValue) throws(RuntimeError) {
        guard let action = document["defaultAction"]?.stringValue else { throw RuntimeError(.invalid, "it has no defaultAction") }
        otherwise = try Self.verdict(action, document["defaultErrnoRet"])
        let entries = document["syscalls"]?.arrayValue ?? []
        var rules: [Rule] = []
        for (index, entry) in entries.enumerated() {
            do throws(RuntimeError) { rules += try Self.rules(entry) } catch { throw RuntimeError(.invalid, "syscalls[\(index)]: \(error.message)") }
        }
        self.rules = rules
    }

    private static func rules(_ entry: JSONValue) throws(RuntimeError) -> [Rule] {
        for field in ["includes", "excludes"] where entry[field]?.objectValue?.isEmpty == false {
            throw RuntimeError(.invalid, "\(field) is for Docker's own profile; write out the rules for this node")
        }
        let names = (entry["names"]?.arrayValue ?? []).compactMap(\.stringValue) + [entry["name"]?.stringValue].compactMap { $0 }
        guard !names.isEmpty else { throw RuntimeError(.invalid, "it names no system call") }
        guard let action = entry["action"]?.stringValue else { throw RuntimeError(.invalid, "it has no action") }
        let verdict = try verdict(action, entry["errnoRet"])
        var conditions: [Condition] = []
        for argument in entry["args"]?.arrayValue ?? [] { conditions.append(try condition(argument)) }
        // Several claims about one argument are alternatives. Source: runc's matchSyscall.
        guard Set(conditions.map(\.argument)).count < conditions.count else { return [Rule(names: names, conditions: conditions, verdict: verdict)] }
        return conditions.map { Rule(names: names, conditions: [$0], verdict: verdict) }
    }

    private static func condition(_ value: JSONValue) throws(RuntimeError) -> Condition {
        guard let argument = value["index"]?.integerValue, (0...5).contains(argument) else { throw RuntimeError(.invalid, "an argument's index is 0 to 5") }
        guard let comparison = value["op"]?.stringValue.flatMap({ Comparison(rawValue: $0) }) else {
            throw RuntimeError(.invalid, "an argument's op \(value["op"]?.stringValue ?? "") is none of SCMP_CMP_NE, LT, LE, EQ, GE, GT and MASKED_EQ")
        }
        return Condition(argument: Int(argument), comparison: comparison, value: try number(value["value"]), second: try number(value["valueTwo"]))
    }

    /// 64 bits without a sign; what is missing is 0.
    private static func number(_ value: JSONValue?) throws(RuntimeError) -> UInt64 {
        guard let value, !value.isNull else { return 0 }
        if let small = value.integerValue, small >= 0 { return UInt64(small) }
        // Beyond Int64 only powers of two stay exact, which is what masks of one bit are.
        if let large = value.doubleValue, large >= 0x1p63, let exact = UInt64(exactly: large) { return exact }
        throw RuntimeError(.invalid, "an argument's value is a number from 0 to 2^64-1")
    }

    private static func verdict(_ action: String, _ errno: JSONValue?) throws(RuntimeError) -> Verdict {
        let number = errno?.integerValue ?? 1
        guard (0...4095).contains(number) else { throw RuntimeError(.invalid, "the error number \(number) is not between 0 and 4095") }
        switch action {
        case "SCMP_ACT_ALLOW": return Verdict(value: 0x7fff_0000)
        case "SCMP_ACT_LOG": return Verdict(value: 0x7ffc_0000)
        case "SCMP_ACT_TRACE": return Verdict(value: 0x7ff0_0000 | UInt32(number))
        case "SCMP_ACT_ERRNO": return Verdict(value: 0x0005_0000 | UInt32(number))
        case "SCMP_ACT_TRAP": return Verdict(value: 0x0003_0000)
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": return Verdict(value: 0)
        case "SCMP_ACT_KILL_PROCESS": return Verdict(value: 0x8000_0000)
        default: throw RuntimeError(.invalid, "the action \(action) is not supported; use SCMP_ACT_ALLOW, LOG, ERRNO, TRAP, TRACE or KILL_PROCESS")
        }
    }
}
