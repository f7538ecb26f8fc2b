/// Splits a program's output into text, controls and sequences, after the state machine of DEC terminals (https://vt100.net/emu/dec_ansi_parser).
/// Bounded: parameters, intermediates and strings have limits, and everything unknown is dropped.
struct EmulatorParser {
    /// What the emulator acts on.
    enum Action: Equatable {
        case print(Character)
        case control(UInt8)
        case escape(intermediate: UInt8?, final: UInt8)
        /// `prefix` is `?`, `>` or `=`; missing parameters are -1.
        case csi(prefix: UInt8?, parameters: [Int], intermediate: UInt8?, final: UInt8)
    }

    private enum State { case ground, escape, csi, string, stringEscape }
    private var state = State.ground
    private var parameters: [Int] = []
    private var prefix: UInt8?
    private var intermediate: UInt8?
    private var partial: [UInt8] = []
    private var wanted = 0

    mutating func feed(_ bytes: some Sequence<UInt8>, _ body: (Action) -> Void) {
        for byte in bytes { step(byte, body) }
    }

    private mutating func step(_ byte: UInt8, _ body: (Action) -> Void) {
        if state == .string || state == .stringEscape { return stringStep(byte, body) }
        if wanted > 0 {
            if byte & 0xC0 == 0x80 {
                partial.append(byte)
                guard partial.count == wanted else { return }
                emit(body)
                return
            }
            wanted = 0
            body(.print("\u{FFFD}"))
        }
        switch byte {
        case 0x1B:
            (state, prefix, intermediate, parameters) = (.escape, nil, nil, [])
        case 0x18, 0x1A: state = .ground
        case 0..<0x20: body(.control(byte))
        case 0x7F: break
        default:
            switch state {
            case .ground: text(byte, body)
            case .escape: escape(byte, body)
            case .csi: csi(byte, body)
            case .string, .stringEscape: break
            }
        }
    }

    private mutating func text(_ byte: UInt8, _ body: (Action) -> Void) {
        if byte < 0x80 { return body(.print(Character(Unicode.Scalar(byte)))) }
        wanted = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 0
        partial = [byte]
        if wanted == 0 || byte >= 0xF5 {
            wanted = 0
            body(.print("\u{FFFD}"))
        }
    }

    private mutating func emit(_ body: (Action) -> Void) {
        wanted = 0
        body(.print(String(validating: partial, as: UTF8.self)?.first ?? "\u{FFFD}"))
    }

    private mutating func escape(_ byte: UInt8, _ body: (Action) -> Void) {
        switch byte {
        case 0x5B: state = .csi
        case 0x5D, 0x50, 0x58, 0x5E, 0x5F: state = .string
        case 0x20...0x2F: intermediate = byte
        default:
            state = .ground
            body(.escape(intermediate: intermediate, final: byte))
        }
    }

    private mutating func csi(_ byte: UInt8, _ body: (Action) -> Void) {
        switch byte {
        case 0x30...0x39:
            if parameters.isEmpty { parameters.append(-1) }
            let digit = Int(byte) - 0x30
            let last = parameters.count - 1
            parameters[last] = min(99_999, max(0, parameters[last]) * 10 + digit)
        case 0x3A, 0x3B:
            if parameters.isEmpty { parameters.append(-1) }
            if parameters.count < 32 { parameters.append(-1) }
        case 0x3C...0x3F: prefix = byte
        case 0x20...0x2F: intermediate = byte
        case 0x40...0x7E:
            state = .ground
            body(.csi(prefix: prefix, parameters: parameters, intermediate: intermediate, final: byte))
        default: state = .ground
        }
    }

    /// Titles, clipboard writes and device strings of the program inside are swallowed whole.
    private mutating func stringStep(_ byte: UInt8, _ body: (Action) -> Void) {
        if state == .stringEscape {
            state = .ground
            if byte != 0x5C {
                (state, prefix, intermediate, parameters) = (.escape, nil, nil, [])
                step(byte, body)
            }
            return
        }
        if byte == 0x1B { state = .stringEscape }
        if byte == 0x07 || byte == 0x18 || byte == 0x1A { state = .ground }
    }
}
