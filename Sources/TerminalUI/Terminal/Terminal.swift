import CNcurses
import ViewModels

/// Why the screen cannot open; `description` says what to do about it.
enum TerminalProblem: Error, Sendable, Hashable, CustomStringConvertible {
    case notATerminal
    case unknown(term: String)
    case tooSimple(term: String)

    var description: String {
        switch self {
        case .notATerminal: "kdash needs a terminal on its input and output; in scripts use kdash up, status and kubectl"
        case .unknown(let term):
            term.isEmpty
                ? "TERM is not set; try: TERM=xterm-256color kdash"
                : "the terminal type \"\(term)\" is not in this machine's terminfo; try: TERM=xterm-256color kdash, or install ncurses-term"
        case .tooSimple(let term): "a terminal of type \"\(term)\" cannot place its cursor as kdash needs; try: TERM=xterm-256color kdash"
        }
    }
}

/// The real terminal: ncurses sets it up and gives it back, frames go out as bytes of our own, and input is read raw.
@MainActor final class Terminal {
    private(set) var capabilities: OutputCapabilities
    /// Whether signs beyond ASCII can be drawn.
    let canUnicode: Bool
    let keyStrings: [[UInt8]: Key]
    private let canQuery: Bool
    private var hasMouse: Bool
    /// Whether links are written when the settings leave it to the terminal; nil where none ever are.
    private let knowsHyperlinks: Bool?
    /// Bracketed paste was confirmed; otherwise bursts are looked at.
    private(set) var hasBracketedPaste = false

    /// Takes the terminal. Throws a problem whose description is the whole message.
    init(environment: TerminalEnvironment, hasMouse: Bool) throws(TerminalProblem) {
        self.hasMouse = hasMouse
        knowsHyperlinks = environment.noColor?.isEmpty ?? true ? environment.knowsHyperlinks : nil
        let isUTF8 = kd_locale_is_utf8()
        switch kd_term_open() {
        case KD_TERM_OK: break
        case KD_TERM_NOT_A_TTY: throw .notATerminal
        case KD_TERM_TOO_SIMPLE: throw .tooSimple(term: environment.term)
        default: throw .unknown(term: environment.term)
        }
        let depth = ColorDepth.detect(
            noColor: environment.noColor, colorTerm: environment.colorTerm, term: environment.term,
            terminfoColors: Int(kd_term_number("colors")))
        capabilities = OutputCapabilities(depth: depth, hasBackgroundErase: kd_term_flag("bce"))
        capabilities.hasUnicode = isUTF8
        let isPoor = ["linux", "vt100", "vt220", "ansi", "cons25", "sun"].contains(environment.term)
        canUnicode = isUTF8 && !isPoor && !environment.wantsASCII
        canQuery = !isPoor
        keyStrings = Self.readKeyStrings()
        kd_term_set_restore(Self.restore, Self.restore.count)
        kd_signal_catch_crashes()
        takeModes()
    }

    /// Columns and rows.
    var size: (width: Int, height: Int) {
        var columns: Int32 = 0
        var rows: Int32 = 0
        guard kd_term_size(&columns, &rows) else { return (80, 24) }
        return (Int(columns), Int(rows))
    }

    func write(_ bytes: [UInt8]) -> Bool { bytes.isEmpty || kd_term_write(bytes, bytes.count) }

    /// Takes note of an answer.
    func accept(_ reply: TerminalReply) {
        // Terminals that can say what they are bracket pastes, also those that know no question about modes, as tmux.
        if case .version = reply { hasBracketedPaste = true }
        guard case .mode(let mode, let state) = reply, state == 1 || state == 2 else { return }
        if mode == 2026 { capabilities.hasSynchronizedOutput = true }
        if mode == 2004 { hasBracketedPaste = true }
    }

    /// Gives the terminal back.
    func close() {
        _ = write(Self.restoreModes)
        kd_term_close()
        kd_term_set_restore([], 0)
    }

    /// Takes it again after `close`.
    func reopen() {
        kd_term_resume()
        kd_term_set_restore(Self.restore, Self.restore.count)
        takeModes()
    }

    private func takeModes() {
        // Bracketed paste, SGR mouse with drags, focus reports.
        _ = write(Array("\u{1B}[?2004h\(hasMouse ? Self.mouseOn : "")\u{1B}[?1004h".utf8))
        // The background's colour and, where it is known, news of a change between light and dark.
        if canQuery { _ = write(Array("\u{1B}[?2031h\u{1B}]11;?\u{1B}\\\u{1B}[?2026$p\u{1B}[?2004$p\u{1B}[>0q\u{1B}[c".utf8)) }
    }

    private static let mouseOn = "\u{1B}[?1000;1002;1006h"

    /// Takes the mouse, or leaves it to the terminal.
    func setMouse(_ isWanted: Bool) {
        guard isWanted != hasMouse else { return }
        hasMouse = isWanted
        _ = write(Array((isWanted ? Self.mouseOn : "\u{1B}[?1006;1002;1000l").utf8))
    }

    /// Takes what the settings say about links; whether that changes how everything is written.
    func setLinks(_ wanted: ScreenSettings.Links) -> Bool {
        let has = knowsHyperlinks.map { known in
            switch wanted {
            case .auto: known
            case .on: true
            case .off: false
            }
        }
        guard capabilities.hasHyperlinks != has ?? false else { return false }
        capabilities.hasHyperlinks = has ?? false
        return true
    }

    private static let restoreModes = Array("\u{1B}]8;;\u{1B}\\\u{1B}[?2026l\u{1B}[?2031l\u{1B}[?1004l\u{1B}[?1006;1002;1000l\u{1B}[?2004l\u{1B}[0m".utf8)

    /// What a crash writes, precomputed: our modes, then what ncurses would have sent.
    private static var restore: [UInt8] {
        var bytes = restoreModes
        for name in ["sgr0", "rmkx", "cnorm", "rmcup"] {
            guard let string = kd_term_string(name) else { continue }
            // Padding such as $<5> means nothing to a terminal.
            bytes += Array(String(cString: string).utf8).split(separator: UInt8(ascii: "$")).first ?? []
        }
        return bytes + Array("\r".utf8)
    }

    private static func readKeyStrings() -> [[UInt8]: Key] {
        var found: [[UInt8]: Key] = [:]
        for (capability, key) in InputDecoder.terminfoNames {
            guard let string = kd_term_string(capability) else { continue }
            let bytes = Array(String(cString: string).utf8)
            if bytes.count > 1, bytes[0] == 0x1B { found[bytes] = key }
        }
        return found
    }
}

/// What the environment says about the terminal.
package struct TerminalEnvironment: Sendable, Hashable {
    /// TERM.
    package var term: String
    /// COLORTERM.
    package var colorTerm: String?
    /// NO_COLOR; any text that is not empty means no colours.
    package var noColor: String?
    /// KDASH_ASCII is set: no lines, blocks or arrows beyond ASCII.
    package var wantsASCII: Bool
    /// The terminal is known to understand links.
    package var knowsHyperlinks: Bool

    /// An environment, for tests and for terminals other than this process's.
    package init(
        term: String, colorTerm: String? = nil, noColor: String? = nil, wantsASCII: Bool = false, knowsHyperlinks: Bool = false
    ) {
        self.knowsHyperlinks = knowsHyperlinks
        self.term = term
        self.colorTerm = colorTerm
        self.noColor = noColor
        self.wantsASCII = wantsASCII
    }
}
