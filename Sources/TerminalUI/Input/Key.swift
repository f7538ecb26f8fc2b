/// One key press, named as commands name it: `a`, `ctrl-d`, `shift-tab`, `pagedown`, `f2`.
package struct Key: Sendable, Hashable {
    /// Keys held down with it; shift only where it does not change the character.
    package struct Modifiers: OptionSet, Sendable, Hashable {
        /// For OptionSet.
        package let rawValue: UInt8
        /// For OptionSet.
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// Ctrl.
        package static let control = Modifiers(rawValue: 1)
        /// Alt, or Esc sent with the key.
        package static let alternate = Modifiers(rawValue: 2)
        /// Shift with a named key.
        package static let shift = Modifiers(rawValue: 4)
    }

    /// `a`, `space`, `enter`, `up` …, without modifiers.
    package var base: String
    /// Held with it.
    package var modifiers: Modifiers
    /// The text this key types, when it types any.
    package var text: Character?

    /// A named key.
    package init(_ base: String, _ modifiers: Modifiers = [], text: Character? = nil) {
        self.base = base
        self.modifiers = modifiers
        self.text = text
    }

    /// A printable character; space has a name so that sequences can be written.
    package static func typed(_ character: Character) -> Key { Key(character == " " ? "space" : String(character), text: character) }

    /// The name that the command table uses.
    package var name: String {
        var prefix = ""
        if modifiers.contains(.control) { prefix += "ctrl-" }
        if modifiers.contains(.alternate) { prefix += "alt-" }
        if modifiers.contains(.shift) { prefix += "shift-" }
        return prefix + base
    }

    /// Esc, an F-key or a control chord: what may mean something while text is being typed.
    package var isChord: Bool { text == nil || !modifiers.isEmpty }
}

/// A mouse report, in cells from the top left, both counted from 0.
package struct MouseEvent: Sendable, Hashable {
    /// What happened; wheels count as one step a report.
    package enum Kind: Sendable, Hashable { case press, release, drag, wheelUp, wheelDown }
    /// Which button; none for wheels.
    package enum Button: Sendable, Hashable { case left, middle, right, none }
    /// What happened.
    package var kind: Kind
    /// With which button.
    package var button: Button
    /// Column.
    package var x: Int
    /// Row.
    package var y: Int
    /// Keys held meanwhile.
    package var modifiers: Key.Modifiers
}

/// What the terminal answered to a question.
package enum TerminalReply: Sendable, Hashable {
    /// DECRPM: mode number and 0 unknown, 1 set, 2 reset, 3 and 4 permanently so.
    case mode(Int, state: Int)
    /// Primary device attributes: the end of a batch of questions.
    case deviceAttributes
    /// XTVERSION: the terminal said what it is.
    case version
    /// Whether the terminal's background is light.
    case background(isLight: Bool)
}

/// Everything that can come in through the terminal.
package enum InputEvent: Sendable, Hashable {
    case key(Key)
    /// Pasted text, line breaks as `\n`; never a binding.
    case paste(String)
    case mouse(MouseEvent)
    /// The terminal window gained or lost focus.
    case focus(Bool)
    case reply(TerminalReply)

    /// The same as it was typed before the terminal was ours: its line discipline made line feeds of Enter.
    var fromLineDiscipline: InputEvent { self == .key(Key("j", .control)) ? .key(Key("enter")) : self }
}
