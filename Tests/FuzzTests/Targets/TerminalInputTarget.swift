@testable import TerminalUI

extension FuzzTarget {
    static let terminalInput = FuzzTarget(
        "terminal-input",
        tokens: [
            "\u{1B}", "\u{1B}[", "\u{1B}O", "\u{1B}]", "\u{1B}P", "\u{1B}\\", "\u{7}", "\u{1B}[A", "\u{1B}[1;5C", "\u{1B}[Z", "\u{1B}[3~", "\u{1B}[27;5;105~",
            "\u{1B}[200~", "\u{1B}[201~", "\u{1B}[<0;5;7M", "\u{1B}[<65;1;1m", "\u{1B}[M !!", "\u{1B}[I", "\u{1B}[O", "\u{1B}[?2026;2$y", "\u{1B}[?62;4c",
            "\u{1B}[?997;2n", "\u{1B}]11;rgb:ffff/ffff/ffff\u{1B}\\", "\u{1B}[[A", "é", "日", "\r\n", ";", "j",
        ], bytes: [[0x9B], [0xC3], [0xF0, 0x9F], [0xFF], [0x18], [0]], largest: 16 << 10
    ) {
        { input, seen in try TerminalInputRules.check(input, &seen) }
    }
}

/// What holds for all bytes that a terminal may send.
private enum TerminalInputRules {
    static func check(_ input: [UInt8], _ seen: inout Observation) throws {
        var whole = InputDecoder()
        let events = whole.feed(input)
        for event in events { try check(event, &seen) }
        try Violation.unless(events.count <= input.count, "no more events than bytes", "\(events.count)")
        var pieces = InputDecoder()
        var random = FuzzRandom(seed: stableHash(input))
        var found: [InputEvent] = []
        var rest = input[...]
        while !rest.isEmpty {
            let count = min(rest.count, 1 + random.below(random.once(in: 4) ? 80 : 5))
            found += pieces.feed(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        try Violation.unless(found == events, "bytes mean the same in pieces of any size", "\(found.suffix(3)) \(events.suffix(3))")
        try Violation.unless(pieces.patience == whole.patience, "what is waited for is the same", "\(pieces.patience, default: "nothing")")
        seen.note("patience \(whole.patience, default: "none")")
        for event in whole.flush() { try check(event, &seen) }
        try recovers(&whole)
    }

    /// Whatever came before, the end of a paste and of a string and a pause lead back to where a key is a key.
    private static func recovers(_ decoder: inout InputDecoder) throws {
        _ = decoder.feed(Array("\u{1B}[201~\u{1B}\\".utf8) + [0x18])
        _ = decoder.flush()
        let events = decoder.feed(Array("j".utf8))
        try Violation.unless(events == [.key(.typed("j"))], "a key works after everything", "\(events)")
        try Violation.unless(decoder.patience == nil, "after a key nothing is waited for")
    }

    private static func check(_ event: InputEvent, _ seen: inout Observation) throws {
        switch event {
        case .key(let key):
            try Violation.unless(!key.base.isEmpty, "a key has a name")
            let scalars = key.text.map { Array($0.unicodeScalars) } ?? []
            let isText = scalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
            try Violation.unless(isText, "what a key types is no control character", key.name)
            seen.note(key.text == nil ? key.name : "text \(key.modifiers.rawValue)")
        case .paste(let text):
            let isClean = text.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" || $0 == "\t" }
            try Violation.unless(isClean, "pasted text has no control characters", text.debugDescription)
            seen.note("paste", text.utf8.count)
        case .mouse(let mouse):
            try Violation.unless((0..<1_000_000).contains(mouse.x) && (0..<1_000_000).contains(mouse.y), "the mouse is on a cell", "\(mouse)")
            seen.note("\(mouse.kind) \(mouse.button) \(mouse.modifiers.rawValue)")
        case .focus(let isFocused): seen.note("focus \(isFocused)")
        case .reply(let reply):
            if case .mode = reply { seen.note("mode") } else { seen.note("\(reply)") }
        }
    }
}
