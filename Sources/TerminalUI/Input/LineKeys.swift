import ViewModels

/// readline's keys for one-line fields.
enum LineKeys {
    /// Applies the key; false when it means nothing in a field.
    @discardableResult
    static func apply(_ key: Key, to input: inout LineInput) -> Bool {
        switch key.name {
        case "backspace": input.deleteBackward()
        case "delete": input.deleteForward()
        case "ctrl-w", "alt-backspace", "ctrl-backspace": input.deleteWordBackward()
        case "ctrl-u": input.deleteToStart()
        case "ctrl-k": input.deleteToEnd()
        case "left", "ctrl-b": input.move(by: -1)
        case "right", "ctrl-f": input.move(by: 1)
        case "home", "ctrl-a": input.moveToStart()
        case "end", "ctrl-e": input.moveToEnd()
        default:
            guard let text = key.text, key.modifiers.isEmpty else { return false }
            input.insert(String(text))
        }
        return true
    }
}
