/// Bytes from the terminal to input events: a state machine without I/O. Anything can arrive; nothing traps, memory is bounded, and a lone Esc
/// is told from a sequence by `flush()` once ``patience`` is over.
struct InputDecoder: Sendable {
    /// Bytes kept of one paste; a longer one comes in parts of about this size, and nothing of it is lost.
    static let maximumPaste = 8 << 20
    private static let maximumSequence = 64
    /// How long Esc, or Esc and one key, waits for the rest of a sequence: it is answered in 25 ms, and some of them are for painting.
    private static let escapeDelay = Duration.milliseconds(20)
    /// How long a sequence that surely has begun waits for its rest, which a slow line brings late.
    private static let sequenceDelay = Duration.milliseconds(100)
    /// How long a paste waits for more. Then Esc is a key, pressed because the paste's end never came, and text is given out as it is, so that
    /// what is typed after a lost end is seen.
    private static let pasteDelay = Duration.seconds(1)

    private var pending: [UInt8] = []
    private var pasted: [UInt8]?
    /// What is being skipped because it is longer than a sequence may be; nothing of it is kept.
    private var skipped: Skipped?
    private let special: [[UInt8]: Key]

    /// `terminfo` adds this terminal's own key strings to the well-known ones.
    init(terminfo: [[UInt8]: Key] = [:]) { special = terminfo }

    /// How long to wait for more before `flush()`; nil for ever.
    var patience: Duration? {
        if let pasted { return pending == [0x1B] || pending.isEmpty && !pasted.isEmpty ? Self.pasteDelay : nil }
        if skipped != nil { return Self.sequenceDelay }
        if pending.isEmpty { return nil }
        return pending[0] == 0x1B && pending.count <= 2 ? Self.escapeDelay : Self.sequenceDelay
    }

    /// Decodes what is complete; the rest waits.
    mutating func feed(_ bytes: [UInt8]) -> [InputEvent] {
        pending += bytes
        var events: [InputEvent] = []
        var index = 0
        while index < pending.count {
            if pasted != nil {
                guard let end = takePaste(from: index, &events) else { return events }
                index = end
                continue
            }
            if let skipped {
                guard let end = skip(skipped, from: index) else { return events }
                index = end
                continue
            }
            switch step(Array(pending[index..<min(pending.count, index + Self.maximumSequence)])) {
            case .event(let event, let count):
                if let event { events.append(event) }
                index += count
            case .pasteBegins(let count):
                pasted = []
                index += count
            case .goesOn(let kind, let count):
                skipped = kind
                index += count
            case .more:
                pending.removeFirst(index)
                return events
            }
        }
        pending.removeAll(keepingCapacity: true)
        return events
    }

    /// Nothing more has come in time: Esc and Esc with a key are keys, what else is incomplete is dropped, and nothing of it stays.
    mutating func flush() -> [InputEvent] {
        // Only with an Esc at its end does a paste wait, and that Esc is spent on ending it.
        if let text = pasted, pending.isEmpty {
            pasted = []
            return text.isEmpty ? [] : [.paste(Self.text(text))]
        }
        // The rest of a paste's end is on its way.
        guard pasted == nil || pending == [0x1B] else { return [] }
        defer { pending.removeAll(keepingCapacity: true) }
        if let text = pasted.take() { return [.paste(Self.text(text))] }
        skipped = nil
        guard pending.first == 0x1B, pending.count == 2 else { return pending.last == 0x1B ? [.key(Key("esc"))] : [] }
        return [.key(alt(.typed(Character(Unicode.Scalar(pending[1])))))]
    }

    /// The forms of sequences that may be of any length.
    private enum Skipped {
        /// Up to BEL or ST.
        case string
        /// Up to the final byte.
        case control
    }

    private enum Step {
        case event(InputEvent?, Int)
        case pasteBegins(Int)
        case goesOn(Skipped, Int)
        case more
    }

    private func step(_ bytes: [UInt8]) -> Step {
        let first = bytes[0]
        if first == 0x1B { return escape(bytes) }
        if first < 0x20 || first == 0x7F { return .event(Self.control(first).map { .key($0) }, 1) }
        if first < 0x80 { return .event(.key(.typed(Character(Unicode.Scalar(first)))), 1) }
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0
        guard length > 0, first < 0xF5 else { return .event(nil, 1) }
        let available = bytes.prefix(length)
        guard available.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) else { return .event(nil, 1) }
        guard available.count == length else { return .more }
        guard let text = String(validating: available, as: UTF8.self), let character = text.first else { return .event(nil, length) }
        return .event(.key(.typed(character)), length)
    }

    private func escape(_ bytes: [UInt8]) -> Step {
        guard bytes.count > 1 else { return .more }
        if !special.isEmpty {
            for length in stride(from: bytes.count, to: 1, by: -1) {
                if let key = special[Array(bytes.prefix(length))] { return .event(.key(key), length) }
            }
        }
        switch bytes[1] {
        case 0x5B: return csi(bytes)
        case 0x4F:
            guard bytes.count > 2 else { return .more }
            if let key = Self.finals[bytes[2]] ?? Self.keypad[bytes[2]] { return .event(.key(key), 3) }
            return .event(.key(alt(.typed("O"))), 2)
        case 0x50, 0x5D, 0x58, 0x5E, 0x5F: return string(bytes)
        case 0x1B: return .event(.key(Key("esc")), 1)
        case let next:
            if let key = Self.control(next) { return .event(.key(alt(key)), 2) }
            guard next < 0x80 else { return .event(.key(Key("esc")), 1) }
            return .event(.key(alt(.typed(Character(Unicode.Scalar(next))))), 2)
        }
    }

    /// DCS, OSC and friends are answers: the background's colour is taken, the others nobody asked for are skipped up to their terminator.
    private func string(_ bytes: [UInt8]) -> Step {
        for index in 2..<max(2, bytes.count) {
            if bytes[index] == 0x07 { return .event(Self.answer(bytes[1..<index]), index + 1) }
            if bytes[index] == 0x1B {
                guard index + 1 < bytes.count else { return bytes.count >= Self.maximumSequence ? .goesOn(.string, index) : .more }
                let isEnded = bytes[index + 1] == 0x5C
                return .event(isEnded ? Self.answer(bytes[1..<index]) : nil, isEnded ? index + 2 : index)
            }
        }
        return bytes.count >= Self.maximumSequence ? .goesOn(.string, bytes.count) : .more
    }

    /// Where what is skipped ends; nil when its end has not arrived, and what has is dropped.
    private mutating func skip(_ kind: Skipped, from start: Int) -> Int? {
        for index in start..<pending.count {
            switch (kind, pending[index]) {
            case (.string, 0x1B):
                guard index + 1 < pending.count else {
                    pending.removeFirst(index)
                    return nil
                }
                skipped = nil
                return pending[index + 1] == 0x5C ? index + 2 : index
            case (.string, 0x07), (.control, 0x40...0x7E):
                skipped = nil
                return index + 1
            case (.string, _), (.control, 0x20...0x3F): continue
            case (.control, _):
                // No part of it: a key of its own.
                skipped = nil
                return index
            }
        }
        pending.removeAll(keepingCapacity: true)
        return nil
    }

    private func csi(_ bytes: [UInt8]) -> Step {
        var index = 2
        while index < bytes.count, (0x20...0x3F).contains(bytes[index]) { index += 1 }
        guard index < bytes.count else { return bytes.count >= Self.maximumSequence ? .goesOn(.control, bytes.count) : .more }
        let final = bytes[index]
        let count = index + 1
        // The Linux console's F1-F5.
        if final == 0x5B, index == 2 {
            guard bytes.count > 3 else { return .more }
            guard (0x41...0x45).contains(bytes[3]) else { return .event(nil, 3) }
            return .event(.key(Key("f\(bytes[3] - 0x40)")), 4)
        }
        guard (0x40...0x7E).contains(final) else { return .event(nil, index) }
        // X10 mouse: three raw bytes follow.
        if final == 0x4D, index == 2 { return bytes.count >= 6 ? .event(nil, 6) : .more }
        let body = bytes[2..<index]
        let numbers = body.filter { (0x30...0x3B).contains($0) }.split(separator: 0x3B, omittingEmptySubsequences: false).map { part in
            part.prefix(6).reduce(0) { $0 * 10 + ((0x30...0x39).contains($1) ? Int($1) - 0x30 : 0) }
        }
        switch (body.first, final) {
        case (0x3C, 0x4D), (0x3C, 0x6D): return .event(Self.mouse(numbers, isRelease: final == 0x6D), count)
        case (0x3F, 0x79) where body.last == 0x24 && numbers.count == 2: return .event(.reply(.mode(numbers[0], state: numbers[1])), count)
        case (0x3F, 0x6E) where numbers.count == 2 && numbers[0] == 997: return .event(.reply(.background(isLight: numbers[1] == 2)), count)
        case (0x3F, 0x63): return .event(.reply(.deviceAttributes), count)
        case (_, 0x49) where body.isEmpty: return .event(.focus(true), count)
        case (_, 0x4F) where body.isEmpty: return .event(.focus(false), count)
        case (_, 0x7E): return tilde(numbers, count)
        case (_, 0x5A): return .event(.key(Key("tab", .shift)), count)
        default:
            guard var key = Self.finals[final] else { return .event(nil, count) }
            key.modifiers.formUnion(Self.modifiers(numbers.count > 1 ? numbers[1] : 1))
            return .event(.key(key), count)
        }
    }

    private func tilde(_ numbers: [Int], _ count: Int) -> Step {
        let number = numbers.first ?? 0
        if number == 200 { return .pasteBegins(count) }
        // modifyOtherKeys: 27;modifiers;code~
        if number == 27, numbers.count == 3, let scalar = Unicode.Scalar(UInt32(numbers[2])), numbers[2] >= 0x20 {
            var key = Key.typed(Character(scalar))
            key.modifiers = Self.modifiers(numbers[1]).subtracting(.shift)
            return .event(.key(key), count)
        }
        guard let name = Self.tildes[number] else { return .event(nil, count) }
        return .event(.key(Key(name, Self.modifiers(numbers.count > 1 ? numbers[1] : 1))), count)
    }

    private mutating func takePaste(from index: Int, _ events: inout [InputEvent]) -> Int? {
        let terminator: [UInt8] = [0x1B, 0x5B, 0x32, 0x30, 0x31, 0x7E]
        let rest = pending[index...]
        var at = rest.startIndex
        while let escape = rest[at...].firstIndex(of: 0x1B) {
            let tail = rest[escape...].prefix(terminator.count)
            if tail.elementsEqual(terminator) {
                append(rest[index..<escape], &events)
                events.append(.paste(Self.text(pasted ?? [])))
                pasted = nil
                return escape + terminator.count
            }
            if tail.count < terminator.count, terminator.starts(with: tail) {
                append(rest[index..<escape], &events)
                pending.removeFirst(escape)
                return nil
            }
            at = escape + 1
        }
        append(rest, &events)
        pending.removeAll(keepingCapacity: true)
        return nil
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>, _ events: inout [InputEvent]) {
        pasted?.append(contentsOf: bytes)
        while let text = pasted, text.count > Self.maximumPaste {
            let end = Self.cut(text)
            events.append(.paste(Self.text(Array(text[..<end]))))
            pasted?.removeFirst(end)
        }
    }

    /// Where a paste that is too long is parted: after a line feed, or else between characters.
    private static func cut(_ bytes: [UInt8]) -> Int {
        if let feed = bytes[..<maximumPaste].lastIndex(of: 0x0A) { return feed + 1 }
        var end = maximumPaste
        while end > 1, bytes[end] & 0xC0 == 0x80 || bytes[end - 1] == 0x0D { end -= 1 }
        return end
    }

    private static func text(_ bytes: [UInt8]) -> String {
        var clean: [UInt8] = []
        clean.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0D {
                if index + 1 >= bytes.count || bytes[index + 1] != 0x0A { clean.append(0x0A) }
            } else if byte >= 0x20 || byte == 0x0A || byte == 0x09 {
                clean.append(byte)
            }
        }
        return String(decoding: clean, as: UTF8.self)
    }

    private func alt(_ key: Key) -> Key {
        var key = key
        key.modifiers.insert(.alternate)
        return key
    }
}
