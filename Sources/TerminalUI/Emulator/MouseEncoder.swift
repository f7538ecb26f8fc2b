/// What a program in a terminal wants to be told of the mouse.
enum MouseReporting: Sendable, Hashable {
    case none
    /// Presses only, without modifiers (mode 9).
    case presses
    /// Presses, releases and the wheel (mode 1000).
    case clicks
    /// Those, and movement while a button is held (modes 1002 and 1003).
    case drags
}

/// Mouse events as the bytes a program in an xterm expects. Source: xterm `ctlseqs`, "Mouse Tracking".
enum MouseEncoder {
    /// The report; nil when the program is not told of it. `isSGR` is the encoding of mode 1006.
    static func bytes(_ mouse: MouseEvent, _ reporting: MouseReporting, isSGR: Bool) -> [UInt8]? {
        guard isWanted(mouse.kind, reporting) else { return nil }
        var code = button(mouse)
        if mouse.kind == .drag { code += 32 }
        if reporting != .presses {
            if mouse.modifiers.contains(.shift) { code += 4 }
            if mouse.modifiers.contains(.alternate) { code += 8 }
            if mouse.modifiers.contains(.control) { code += 16 }
        }
        let (column, row) = (mouse.x + 1, mouse.y + 1)
        if isSGR { return Array("\u{1B}[<\(code);\(column);\(row)\(mouse.kind == .release ? "m" : "M")".utf8) }
        // The old form says no more than 223 columns, and not which button went up.
        guard column <= 223, row <= 223 else { return nil }
        if mouse.kind == .release { code = code & ~3 | 3 }
        return [0x1B, 0x5B, 0x4D, UInt8(32 + code), UInt8(32 + column), UInt8(32 + row)]
    }

    private static func isWanted(_ kind: MouseEvent.Kind, _ reporting: MouseReporting) -> Bool {
        switch (reporting, kind) {
        case (.none, _): false
        case (.presses, _): kind == .press
        case (.clicks, _): kind != .drag
        case (.drags, _): true
        }
    }

    private static func button(_ mouse: MouseEvent) -> Int {
        switch mouse.kind {
        case .wheelUp: return 64
        case .wheelDown: return 65
        default: break
        }
        return switch mouse.button {
        case .left: 0
        case .middle: 1
        case .right: 2
        case .none: 3
        }
    }
}
