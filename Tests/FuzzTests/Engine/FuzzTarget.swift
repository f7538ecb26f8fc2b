import Testing

/// One reader of bytes from outside, and the rules that hold whatever the bytes are.
struct FuzzTarget: Sendable, CustomTestStringConvertible {
    /// Runs one input. Throws the rule that it breaks; notes what it did.
    typealias Body = @Sendable (_ input: [UInt8], _ seen: inout Observation) throws -> Void

    /// Names the target's corpus folder, and the target in commands.
    let name: String
    /// Words and bytes of the format, which mutations insert.
    var tokens: [[UInt8]] = []
    /// Beginnings and ends of what can be nested.
    var nesting: [(open: [UInt8], close: [UInt8])] = []
    /// The longest input.
    var largest = 64 << 10
    /// What a process may come to hold beyond what it started with.
    var memory = 512 << 20
    /// A change that knows the format, as one that keeps lengths true; used for a part of the mutations.
    var reshape: (@Sendable (_ input: [UInt8], _ random: inout FuzzRandom) -> [UInt8])?
    /// Makes what the runs share, once in a process.
    let prepare: @Sendable () async throws -> Body

    var testDescription: String { name }

    init(
        _ name: String, tokens: [String] = [], bytes: [[UInt8]] = [], nesting: [(String, String)] = [], largest: Int = 64 << 10, memory: Int = 512 << 20,
        reshape: (@Sendable (_ input: [UInt8], _ random: inout FuzzRandom) -> [UInt8])? = nil,
        prepare: @escaping @Sendable () async throws -> Body
    ) {
        self.name = name
        self.tokens = tokens.map { Array($0.utf8) } + bytes
        self.nesting = nesting.map { (Array($0.utf8), Array($1.utf8)) }
        self.largest = largest
        self.memory = memory
        self.reshape = reshape
        self.prepare = prepare
    }

    /// Every target that the tests run.
    static let all: [FuzzTarget] = [
        .json, .yaml, .protobuf, .labelSelector, .fieldSelector, .jsonPatch, .mergePatch, .strategicPatch, .apply, .http, .server, .http2, .webToken,
        .spdy, .webSocket, .terminalInput, .screen, .dns,
    ]
}

/// A rule that an input breaks.
struct Violation: Error, CustomStringConvertible {
    /// The rule, the same for every input that breaks it.
    let rule: String
    /// What this input makes of it.
    let detail: String

    var description: String { detail.isEmpty ? rule : "\(rule): \(detail)" }

    /// Throws when a rule is broken.
    static func unless(_ holds: Bool, _ rule: String, _ detail: @autoclosure () -> String = "") throws(Violation) {
        if !holds { throw Violation(rule: rule, detail: String(detail().prefix(2000))) }
    }

    /// A message may end up on a terminal, where control characters are commands.
    static func unlessClean(_ message: String) throws(Violation) {
        let isClean = message.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) || $0 == "\n" }
        try unless(isClean, "a message has no control characters", message.debugDescription)
    }
}
