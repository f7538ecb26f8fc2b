import ViewModels

/// Tells a paste from typing where the terminal does not bracket pastes: several different printable characters in a single read are faster than
/// any person. A held-down key repeats one character and is let through.
enum BurstGuard {
    enum Verdict: Equatable, Sendable {
        /// Typed.
        case people
        /// A paste into a text: insert as it is, without automatic indentation.
        case pastedText(String)
        /// Keys would run as commands: hold and ask.
        case ask
    }

    /// Printable keys in one read from which it is a burst.
    static let threshold = 8
    static let distinct = 4

    static func verdict(_ events: [InputEvent], mode: InputMode, isTextOpen: Bool) -> Verdict {
        guard events.count >= threshold else { return .people }
        var typed = 0
        var breaks = 0
        var kinds: Set<Character> = []
        for case .key(let key) in events {
            if let text = key.text, key.modifiers.isEmpty {
                typed += 1
                kinds.insert(text)
            } else if key.name == "enter" || key.name == "ctrl-j" || key.name == "tab" {
                breaks += 1
            } else {
                return .people
            }
        }
        guard typed >= threshold, typed + breaks == events.count, kinds.count >= distinct else { return .people }
        if isTextOpen { return breaks > 0 ? .pastedText(text(events)) : .people }
        return mode == .browse ? .ask : .people
    }

    /// The text that the keys spell.
    static func text(_ events: [InputEvent]) -> String {
        var result = ""
        for case .key(let key) in events {
            if let text = key.text {
                result.append(text)
            } else if key.name == "enter" || key.name == "ctrl-j" {
                result.append("\n")
            } else if key.name == "tab" {
                result.append("\t")
            }
        }
        return result
    }
}
