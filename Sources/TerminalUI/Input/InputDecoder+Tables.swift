extension InputDecoder {
    /// Control bytes. Ctrl-I, Ctrl-M and Ctrl-[ are Tab, Enter and Esc on every terminal.
    static func control(_ byte: UInt8) -> Key? {
        switch byte {
        case 0x00: Key("space", .control)
        case 0x08: Key("backspace", .control)
        case 0x09: Key("tab")
        case 0x0A: Key("j", .control)
        case 0x0D: Key("enter")
        case 0x1B: Key("esc")
        case 0x1C: Key("\\", .control)
        case 0x1D: Key("]", .control)
        case 0x1E: Key("^", .control)
        case 0x1F: Key("_", .control)
        case 0x01...0x1A: Key(String(Character(Unicode.Scalar(byte + 0x60))), .control)
        case 0x7F: Key("backspace")
        default: nil
        }
    }

    /// The last byte of CSI and SS3 sequences.
    static let finals: [UInt8: Key] = [
        0x41: Key("up"), 0x42: Key("down"), 0x43: Key("right"), 0x44: Key("left"), 0x46: Key("end"), 0x48: Key("home"), 0x50: Key("f1"),
        0x51: Key("f2"),
        0x52: Key("f3"), 0x53: Key("f4"),
    ]

    /// The application keypad.
    static let keypad: [UInt8: Key] = [
        0x4D: Key("enter"), 0x6A: .typed("*"), 0x6B: .typed("+"), 0x6C: .typed(","), 0x6D: .typed("-"), 0x6E: .typed("."),
        0x6F: .typed("/"),
        0x70: .typed("0"), 0x71: .typed("1"), 0x72: .typed("2"), 0x73: .typed("3"), 0x74: .typed("4"), 0x75: .typed("5"), 0x76: .typed("6"),
        0x77: .typed("7"), 0x78: .typed("8"), 0x79: .typed("9"),
    ]

    /// `CSI number ~`.
    static let tildes: [Int: String] = [
        1: "home", 2: "insert", 3: "delete", 4: "end", 5: "pageup", 6: "pagedown", 7: "home", 8: "end", 11: "f1", 12: "f2", 13: "f3",
        14: "f4", 15: "f5",
        17: "f6", 18: "f7", 19: "f8", 20: "f9", 21: "f10", 23: "f11", 24: "f12",
    ]

    /// xterm's modifier parameter: 1 + bits of shift, alt, control.
    static func modifiers(_ parameter: Int) -> Key.Modifiers {
        guard (2...16).contains(parameter) else { return [] }
        let bits = parameter - 1
        var result: Key.Modifiers = []
        if bits & 1 != 0 { result.insert(.shift) }
        if bits & 2 != 0 { result.insert(.alternate) }
        if bits & 4 != 0 { result.insert(.control) }
        return result
    }

    /// SGR mouse (1006): button bits, column, row.
    static func mouse(_ numbers: [Int], isRelease: Bool) -> InputEvent? {
        guard numbers.count == 3, numbers[1] > 0, numbers[2] > 0 else { return nil }
        let bits = numbers[0]
        var modifiers: Key.Modifiers = []
        if bits & 4 != 0 { modifiers.insert(.shift) }
        if bits & 8 != 0 { modifiers.insert(.alternate) }
        if bits & 16 != 0 { modifiers.insert(.control) }
        let buttons: [MouseEvent.Button] = [.left, .middle, .right, .none]
        let kind: MouseEvent.Kind
        if bits & 64 != 0 {
            guard bits & 3 < 2 else { return nil }
            kind = bits & 1 == 0 ? .wheelUp : .wheelDown
        } else {
            kind = isRelease ? .release : bits & 32 != 0 ? .drag : .press
        }
        return .mouse(
            MouseEvent(
                kind: kind, button: bits & 64 != 0 ? .none : buttons[bits & 3], x: numbers[1] - 1, y: numbers[2] - 1, modifiers: modifiers))
    }

    /// OSC 11's answer, `]11;rgb:RRRR/GGGG/BBBB`: whether the background is light; or XTVERSION's, `P>|NAME`.
    static func answer(_ bytes: ArraySlice<UInt8>) -> InputEvent? {
        if bytes.starts(with: Array("P>|".utf8)) { return .reply(.version) }
        let start = Array("]11;rgb".utf8)
        guard bytes.starts(with: start), let colon = bytes.dropFirst(start.count).firstIndex(of: 0x3A) else { return nil }
        let parts = bytes[(colon + 1)...].split(separator: 0x2F, omittingEmptySubsequences: false).prefix(3)
        // One to four hex digits each, as a share of the largest number of as many digits.
        let shares = parts.compactMap { part -> Double? in
            guard (1...4).contains(part.count), let value = Int(String(decoding: part, as: UTF8.self), radix: 16), value >= 0 else { return nil }
            return Double(value) / Double((1 << (4 * part.count)) - 1)
        }
        guard shares.count == 3 else { return nil }
        return .reply(.background(isLight: 0.299 * shares[0] + 0.587 * shares[1] + 0.114 * shares[2] > 0.5))
    }

    /// Terminfo's names for keys whose strings differ between terminals.
    static let terminfoNames: [(capability: String, key: Key)] =
        [
            ("kcuu1", Key("up")), ("kcud1", Key("down")), ("kcuf1", Key("right")), ("kcub1", Key("left")), ("khome", Key("home")),
            ("kend", Key("end")),
            ("knp", Key("pagedown")), ("kpp", Key("pageup")), ("kich1", Key("insert")), ("kdch1", Key("delete")),
            ("kcbt", Key("tab", .shift)),
        ] + (1...12).map { ("kf\($0)", Key("f\($0)")) }
}
