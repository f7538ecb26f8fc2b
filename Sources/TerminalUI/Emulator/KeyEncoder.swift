/// Keys as the bytes a program in an xterm expects.
enum KeyEncoder {
    static func bytes(_ key: Key, applicationCursor: Bool) -> [UInt8] {
        let parameter =
            1 + (key.modifiers.contains(.shift) ? 1 : 0) + (key.modifiers.contains(.alternate) ? 2 : 0)
            + (key.modifiers.contains(.control) ? 4 : 0)
        if let final = finals[key.base] {
            if parameter > 1 { return Array("\u{1B}[1;\(parameter)\(final)".utf8) }
            return Array("\u{1B}\(applicationCursor || key.base.hasPrefix("f") ? "O" : "[")\(final)".utf8)
        }
        if let number = tildes[key.base] {
            return Array((parameter > 1 ? "\u{1B}[\(number);\(parameter)~" : "\u{1B}[\(number)~").utf8)
        }
        let prefix: [UInt8] = key.modifiers.contains(.alternate) ? [0x1B] : []
        switch key.base {
        case "enter": return prefix + [0x0D]
        case "esc": return prefix + [0x1B]
        case "tab": return key.modifiers.contains(.shift) ? Array("\u{1B}[Z".utf8) : prefix + [0x09]
        case "backspace": return prefix + [key.modifiers.contains(.control) ? 0x08 : 0x7F]
        case "space": return prefix + [key.modifiers.contains(.control) ? 0x00 : 0x20]
        default: break
        }
        if key.modifiers.contains(.control), let byte = key.base.utf8.first, key.base.utf8.count == 1 { return prefix + [byte & 0x1F] }
        return prefix + (key.text.map { Array(String($0).utf8) } ?? [])
    }

    private static let finals: [String: Character] = [
        "up": "A", "down": "B", "right": "C", "left": "D", "end": "F", "home": "H", "f1": "P", "f2": "Q", "f3": "R", "f4": "S",
    ]

    private static let tildes: [String: Int] = [
        "insert": 2, "delete": 3, "pageup": 5, "pagedown": 6, "f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20, "f10": 21, "f11": 23,
        "f12": 24,
    ]
}
