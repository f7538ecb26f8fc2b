/// A small terminal: enough of xterm for shells, editors and pagers. Its screen is a surface, so what a container prints reaches the real terminal
/// only as cells. Answers to the program's questions collect in `answers`.
@MainActor struct Emulator {
    var surface: Surface
    private(set) var answers: [UInt8] = []
    /// What has left the screen at its top.
    var scrollback = Scrollback()
    private(set) var isApplicationCursor = false
    private(set) var isBracketedPaste = false
    /// What the program wants to be told of the mouse, and in which form.
    private(set) var mouse = MouseReporting.none
    private(set) var isSGRMouse = false
    private var parser = EmulatorParser()
    var pen = Style.plain
    var x = 0
    var y = 0
    /// The cursor is behind the last column: what is printed next begins a row.
    var wrapsNext = false
    /// How many cells of each row belong to a line that goes on in the next row; 0 where a line ends.
    var wraps: [Int]
    var primaryWraps: [Int] = []
    private var top = 0
    private var bottom: Int
    var saved: (x: Int, y: Int, pen: Style) = (0, 0, .plain)
    var primary: Surface?
    /// Where a full-screen program took the screen over, and with which pen: its own saved cursor is another.
    var left: (x: Int, y: Int, pen: Style) = (0, 0, .plain)
    /// A program has the screen for itself: what it moves off it is nothing to look back at.
    var isAlternate: Bool { primary != nil }
    private var isAutoWrap = true
    private var isOrigin = false
    private var isCursorShown = true
    private var usesLineDrawing = false
    private var isInserting = false
    private var lastPrinted: Character = " "
    private let depth: ColorDepth

    /// `depth` limits colours to what the real terminal shows.
    init(width: Int, height: Int, depth: ColorDepth) {
        surface = Surface(width: max(1, width), height: max(1, height))
        bottom = max(1, height) - 1
        wraps = Array(repeating: 0, count: max(1, height))
        self.depth = depth
    }

    /// Takes output of the program.
    mutating func feed(_ bytes: some Sequence<UInt8>) {
        var actions: [EmulatorParser.Action] = []
        parser.feed(bytes) { actions.append($0) }
        for action in actions { perform(action) }
        showCursor()
    }

    /// Hands out and forgets what is to be sent to the program.
    mutating func takeAnswers() -> [UInt8] {
        defer { answers = [] }
        return answers
    }

    /// The whole screen scrolls again.
    mutating func resetRegion() {
        (top, bottom) = (0, surface.height - 1)
        showCursor()
    }

    private mutating func showCursor() {
        surface.cursor = (min(x, surface.width - 1), y)
        surface.isCursorVisible = isCursorShown
    }

    private mutating func perform(_ action: EmulatorParser.Action) {
        switch action {
        case .print(let character): print(character)
        case .control(let byte): control(byte)
        case .escape(let intermediate, let final): escape(intermediate, final)
        case .csi(let prefix, let parameters, let intermediate, let final):
            if intermediate == 0x21, final == 0x70 { return reset() }
            guard intermediate == nil else { return }
            if prefix == 0x3F, final == 0x68 || final == 0x6C { return setModes(parameters, final == 0x68) }
            guard prefix == nil else { return }
            csi(parameters, final)
        }
    }

    private mutating func print(_ character: Character) {
        var character = character
        if usesLineDrawing, let scalar = character.unicodeScalars.first, let line = Self.lineDrawing[scalar.value] { character = line }
        if let scalar = character.unicodeScalars.first, scalar.value >= 0x300, SafeGlyph.isMark(scalar) { return combine(character) }
        let width = SafeGlyph(character).width
        if width == 0 { return }
        if wrapsNext, isAutoWrap { wrap(at: surface.width) }
        wrapsNext = false
        if x + width > surface.width {
            guard isAutoWrap, surface.width >= width else { return }
            wrap(at: x)
        }
        if isInserting { shift(from: x, by: width) }
        surface.put(character, x: x, y: y, end: surface.width, style: pen)
        lastPrinted = character
        x += width
        if x >= surface.width {
            x = surface.width - 1
            wrapsNext = true
        }
    }

    /// The line goes on in the next row: so many cells of this one are its.
    private mutating func wrap(at end: Int) {
        wraps[y] = end
        x = 0
        lineFeed()
    }

    /// A mark joins the letter before it.
    private mutating func combine(_ character: Character) {
        let column = wrapsNext ? x : x - 1
        guard lastPrinted != " ", column >= 0, let mark = character.unicodeScalars.first else { return }
        var scalars = String.UnicodeScalarView(lastPrinted.unicodeScalars)
        guard scalars.count <= SafeGlyph.maximumMarks else { return }
        scalars.append(mark)
        let joined = String(scalars)
        guard joined.count == 1, let whole = joined.first else { return }
        let width = SafeGlyph(whole).width
        guard width == SafeGlyph(lastPrinted).width, column - width + 1 >= 0 else { return }
        surface.put(whole, x: column - width + 1, y: y, end: surface.width, style: pen)
        lastPrinted = whole
    }

    private mutating func control(_ byte: UInt8) {
        switch byte {
        case 0x08:
            x = max(0, x - 1)
            wrapsNext = false
        case 0x09:
            x = min(surface.width - 1, (x / 8 + 1) * 8)
        case 0x0A, 0x0B, 0x0C: lineFeed()
        case 0x0D:
            x = 0
            wrapsNext = false
        case 0x0E: usesLineDrawing = true
        case 0x0F: usesLineDrawing = false
        default: break
        }
    }

    private mutating func escape(_ intermediate: UInt8?, _ final: UInt8) {
        if intermediate == 0x28 {
            usesLineDrawing = final == 0x30
            return
        }
        guard intermediate == nil else { return }
        switch final {
        case 0x37: saved = (x, y, pen)
        case 0x38: (x, y, pen, wrapsNext) = (min(saved.x, surface.width - 1), min(saved.y, surface.height - 1), saved.pen, false)
        case 0x44: lineFeed()
        case 0x45:
            x = 0
            lineFeed()
        case 0x4D: reverseLineFeed()
        case 0x63: reset()
        default: break
        }
    }

    private mutating func csi(_ parameters: [Int], _ final: UInt8) {
        let first = max(1, parameters.first ?? 1)
        let raw = max(0, parameters.first ?? 0)
        if final != 0x6D, final != 0x62 { wrapsNext = false }
        switch final {
        case 0x40: shift(from: x, by: first)
        case 0x41: y = max(y >= top ? top : 0, y - first)
        case 0x42, 0x65: y = min(y <= bottom ? bottom : surface.height - 1, y + first)
        case 0x43, 0x61: x = min(surface.width - 1, x + first)
        case 0x44: x = max(0, x - first)
        case 0x45: (x, y) = (0, min(bottom, y + first))
        case 0x46: (x, y) = (0, max(top, y - first))
        case 0x47, 0x60: x = min(surface.width, first) - 1
        case 0x48, 0x66: place(row: first, column: parameters.count > 1 ? max(1, parameters[1]) : 1)
        case 0x4A: eraseDisplay(raw)
        case 0x4B: eraseLine(raw)
        case 0x4C: if y >= top, y <= bottom { scroll(from: y, to: bottom, by: -first) }
        case 0x4D: if y >= top, y <= bottom { scroll(from: y, to: bottom, by: first) }
        case 0x50: shift(from: x, by: -first)
        case 0x53: scroll(from: top, to: bottom, by: first)
        case 0x54: scroll(from: top, to: bottom, by: -first)
        case 0x58: surface.fill(Rect(x: x, y: y, width: min(first, surface.width - x), height: 1), style: blank)
        // A few bytes must not buy a screenful of work.
        case 0x62: for _ in 0..<min(first, surface.width) { print(lastPrinted) }
        case 0x63: answers += Array("\u{1B}[?1;2c".utf8)
        case 0x64: y = min(surface.height, first) - 1
        case 0x68, 0x6C: if parameters.contains(4) { isInserting = final == 0x68 }
        case 0x6D: Self.apply(parameters, to: &pen, depth)
        case 0x6E: report(raw)
        case 0x72: setRegion(parameters)
        case 0x73: saved = (x, y, pen)
        case 0x75: (x, y) = (min(saved.x, surface.width - 1), min(saved.y, surface.height - 1))
        default: break
        }
    }

    private mutating func report(_ what: Int) {
        if what == 5 { answers += Array("\u{1B}[0n".utf8) }
        if what == 6 { answers += Array("\u{1B}[\(y + 1);\(x + 1)R".utf8) }
        if answers.count > 4096 { answers = [] }
    }

    var blank: Style { Style(background: pen.background) }

    private mutating func place(row: Int, column: Int) {
        let offset = isOrigin ? top : 0
        y = min(isOrigin ? bottom : surface.height - 1, row - 1 + offset)
        x = min(surface.width, column) - 1
    }

    private mutating func setRegion(_ parameters: [Int]) {
        let from = max(1, parameters.first ?? 1)
        let to = parameters.count > 1 && parameters[1] > 0 ? min(surface.height, parameters[1]) : surface.height
        guard from < to else { return }
        (top, bottom) = (from - 1, to - 1)
        place(row: 1, column: 1)
    }

    private mutating func setModes(_ modes: [Int], _ isOn: Bool) {
        for mode in modes {
            switch mode {
            case 1: isApplicationCursor = isOn
            case 6:
                isOrigin = isOn
                place(row: 1, column: 1)
            case 7: isAutoWrap = isOn
            case 9: mouse = isOn ? .presses : .none
            case 25: isCursorShown = isOn
            case 1000: mouse = isOn ? .clicks : .none
            case 1002, 1003: mouse = isOn ? .drags : .none
            case 1006: isSGRMouse = isOn
            case 47, 1047, 1049: useAlternate(isOn)
            case 2004: isBracketedPaste = isOn
            default: break
            }
        }
    }

    private mutating func useAlternate(_ isOn: Bool) {
        if isOn, primary == nil {
            (saved, left) = ((x, y, pen), (x, y, pen))
            (primary, primaryWraps) = (surface, wraps)
            surface = Surface(width: surface.width, height: surface.height)
            wraps = Array(repeating: 0, count: surface.height)
        } else if !isOn, let back = primary {
            (surface, wraps) = (back, primaryWraps)
            (primary, primaryWraps) = (nil, [])
            (x, y, pen) = (min(left.x, surface.width - 1), min(left.y, surface.height - 1), left.pen)
            saved = left
            (top, bottom) = (0, surface.height - 1)
        }
        wrapsNext = false
    }

    private mutating func reset() {
        let kept = scrollback
        self = Emulator(width: surface.width, height: surface.height, depth: depth)
        scrollback = kept
        scrollback.endLine()
    }

    private mutating func lineFeed() {
        wrapsNext = false
        if y == bottom {
            if top == 0, !isAlternate { keep(row: 0) }
            scroll(from: top, to: bottom, by: 1, isKept: top == 0)
        } else if y < surface.height - 1 {
            y += 1
        }
    }

    mutating func keep(row: Int) { scrollback.append(Self.row(row, of: surface, wraps)) }

    private mutating func reverseLineFeed() {
        if y == top { scroll(from: top, to: bottom, by: -1) } else if y > 0 { y -= 1 }
    }

    private static let lineDrawing: [UInt32: Character] = [
        0x60: "◆", 0x61: "▒", 0x66: "°", 0x67: "±", 0x6A: "┘", 0x6B: "┐", 0x6C: "┌", 0x6D: "└", 0x6E: "┼", 0x71: "─", 0x74: "├", 0x75: "┤",
        0x76: "┴",
        0x77: "┬", 0x78: "│", 0x7E: "·",
    ]

    private static func apply(_ parameters: [Int], to pen: inout Style, _ depth: ColorDepth) {
        var run = AnsiText.Run(
            text: "", foreground: pen.foreground == .terminal ? nil : pen.foreground,
            background: pen.background == .terminal ? nil : pen.background,
            attributes: pen.attributes)
        AnsiText.apply(parameters.isEmpty ? [0] : parameters.map { max(0, $0) }, to: &run)
        pen = Style(
            foreground: run.foreground.map(depth.nearest) ?? .terminal, background: run.background.map(depth.nearest) ?? .terminal,
            attributes: run.attributes)
    }
}
