/// The names of keys as the command table has them: `d`, `D d`, `ctrl-d`, `shift-tab`, `f2`.
package enum KeyName {
    /// Why a text is no key.
    struct Refusal: Error, Hashable { let message: String }

    /// The most keys of a sequence.
    private static let maximumLength = 4

    private static let named: Set<String> = Set(
        ["space", "enter", "tab", "esc", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown", "up", "down", "left", "right"]
            + (1...12).map { "f\($0)" })

    private static let synonyms = [
        "escape": "esc", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "pgdown": "pagedown", "del": "delete", "ins": "insert",
        "backtab": "shift-tab", "bs": "backspace",
    ]

    /// What Shift with a digit types on an American keyboard: k9s's `Shift-0`.
    private static let shiftedDigits: [Character: Character] = [
        "0": ")", "1": "!", "2": "@", "3": "#", "4": "$", "5": "%", "6": "^", "7": "&", "8": "*", "9": "(",
    ]

    /// Sends the same byte as another key.
    private static let sameByte = ["i": "Tab", "m": "Enter", "[": "Esc", "h": "Backspace"]

    /// A sequence of keys in the table's words; keys stand apart by spaces. Throws what is wrong with it.
    static func sequence(_ text: String) throws(Refusal) -> String {
        let parts = text.split(separator: " ")
        guard !parts.isEmpty else { throw Refusal(message: "\"\(text)\" names no key; the space bar is called space") }
        guard parts.count <= maximumLength else {
            throw Refusal(message: "\"\(text.prefix(60))\" has \(parts.count) keys; \(maximumLength) are the most")
        }
        var names: [String] = []
        for part in parts { names.append(try key(part)) }
        return names.joined(separator: " ")
    }

    private static func key(_ text: Substring) throws(Refusal) -> String {
        var rest = text
        var modifiers: Set<String> = []
        while let dash = rest.firstIndex(of: "-"), dash > rest.startIndex, rest.index(after: dash) < rest.endIndex {
            let modifier = rest[..<dash].lowercased()
            guard ["ctrl", "alt", "shift"].contains(modifier) else {
                throw Refusal(message: "\(text) begins with \(rest[..<dash]); before a dash stand ctrl, alt or shift")
            }
            modifiers.insert(modifier)
            rest = rest[rest.index(after: dash)...]
        }
        let base = try base(rest, &modifiers, text)
        return try joined(modifiers, base, text)
    }

    private static func base(_ rest: Substring, _ modifiers: inout Set<String>, _ text: Substring) throws(Refusal) -> String {
        if rest.count == 1, let character = rest.first {
            let isShifted = modifiers.remove("shift") != nil
            if modifiers.contains("ctrl") { return character.lowercased() }
            guard isShifted else { return String(character) }
            if let typed = shiftedDigits[character] { return String(typed) }
            guard character.isLetter else { throw Refusal(message: "\(text): write the character that Shift types") }
            return character.uppercased()
        }
        let word = rest.lowercased()
        if word == "backtab" { modifiers.insert("shift") }
        let name = word == "backtab" ? "tab" : synonyms[word] ?? word
        guard named.contains(name) else {
            throw Refusal(
                message: "\(text.prefix(40)) is not a key\(NearestName.question(word, in: named)); keys are single characters, "
                    + "f1 to f12, enter, tab, esc, space, backspace, delete, insert, home, end, pageup, pagedown and the arrows up, down, left, right")
        }
        return name
    }

    private static func joined(_ modifiers: Set<String>, _ base: String, _ text: Substring) throws(Refusal) -> String {
        if modifiers.contains("ctrl"), base.count == 1 {
            if let same = sameByte[base] { throw Refusal(message: "terminals send \(same) for \(text)") }
            let isSent = base.first.map { ("a"..."z").contains($0) || "\\]^_".contains($0) } ?? false
            guard isSent else { throw Refusal(message: "terminals do not send \(text); with ctrl go letters, \\ ] ^ _ and named keys") }
        }
        return ["ctrl", "alt", "shift"].filter(modifiers.contains).map { "\($0)-" }.joined() + base
    }

    /// Whether it is one of F1 to F12.
    static func isFunction(_ sequence: String) -> Bool { sequence.hasPrefix("f") && sequence.count > 1 && !sequence.contains(" ") }

    /// Whether a key may mean a command while text is typed: F-keys, chords and Esc.
    static func isChord(_ sequence: String) -> Bool {
        guard !sequence.contains(" ") else { return false }
        return isFunction(sequence) || sequence == "esc" || sequence.hasPrefix("ctrl-") || sequence.hasPrefix("alt-")
    }
}
