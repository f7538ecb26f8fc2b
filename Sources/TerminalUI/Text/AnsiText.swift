/// A log line as it may be shown: plain Characters with the look its own colour sequences ask for. Every other escape sequence is dropped, every
/// control byte becomes a visible sign when it is drawn.
struct AnsiText {
    /// A stretch of one look.
    struct Run {
        var text: String
        var foreground: Color?
        var background: Color?
        var attributes: Attributes
    }

    private(set) var runs: [Run] = []
    /// Longer lines are cut; a screen shows no more anyway.
    static let maximumBytes = 64 << 10

    init(_ bytes: ArraySlice<UInt8>) {
        let bytes = bytes.prefix(Self.maximumBytes)
        var run = Run(text: "", foreground: nil, background: nil, attributes: [])
        var start = bytes.startIndex
        var index = start
        var column = 0
        func append(_ end: Int, to run: inout Run) {
            guard start < end else { return }
            let piece = String(decoding: bytes[start..<end], as: UTF8.self)
            run.text += piece
            column += DisplayWidth.of(piece)
        }
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == 0x1B {
                append(index, to: &run)
                let (parameters, end) = Self.sequence(bytes, from: index)
                if let parameters {
                    if !run.text.isEmpty { runs.append(run) }
                    run.text = ""
                    Self.apply(parameters, to: &run)
                }
                index = end
                start = end
            } else if byte == 0x09 {
                append(index, to: &run)
                let spaces = 8 - column % 8
                run.text += String(repeating: " ", count: spaces)
                column += spaces
                index += 1
                start = index
            } else if byte == 0x0D, index + 1 == bytes.endIndex {
                append(index, to: &run)
                index += 1
                start = index
            } else {
                index += 1
            }
        }
        append(bytes.endIndex, to: &run)
        if !run.text.isEmpty { runs.append(run) }
    }

    /// Without looks.
    var plain: String { runs.reduce(into: "") { $0 += $1.text } }

    /// SGR parameters when it is one, and where it ends. Strings (OSC, DCS …) end at BEL or ST, or at the end of the line.
    private static func sequence(_ bytes: ArraySlice<UInt8>, from start: Int) -> ([Int]?, Int) {
        let next = start + 1
        guard next < bytes.endIndex else { return (nil, bytes.endIndex) }
        switch bytes[next] {
        case 0x5B:
            var index = next + 1
            while index < bytes.endIndex, (0x20...0x3F).contains(bytes[index]) { index += 1 }
            guard index < bytes.endIndex else { return (nil, bytes.endIndex) }
            guard bytes[index] == 0x6D else { return (nil, index + ((0x40...0x7E).contains(bytes[index]) ? 1 : 0)) }
            let body = bytes[(next + 1)..<index]
            guard body.allSatisfy({ $0 >= 0x30 && $0 <= 0x3B }), body.count < 64 else { return (nil, index + 1) }
            return (Self.numbers(body), index + 1)
        case 0x5D, 0x50, 0x58, 0x5E, 0x5F:
            var index = next + 1
            while index < bytes.endIndex {
                if bytes[index] == 0x07 { return (nil, index + 1) }
                if bytes[index] == 0x1B { return (nil, index + 1 < bytes.endIndex && bytes[index + 1] == 0x5C ? index + 2 : index) }
                index += 1
            }
            return (nil, bytes.endIndex)
        case 0x20...0x2F: return (nil, min(bytes.endIndex, next + 2))
        default: return (nil, next + 1)
        }
    }

    private static func numbers(_ body: ArraySlice<UInt8>) -> [Int] {
        let parts = body.split(omittingEmptySubsequences: false) { $0 == 0x3B || $0 == 0x3A }
        return parts.map { part in
            var number = 0
            for digit in part.prefix(4) { number = number * 10 + Int(digit) - 0x30 }
            return number
        }
    }

    /// Changes a look by SGR parameters.
    static func apply(_ parameters: [Int], to run: inout Run) {
        var index = 0
        while index < parameters.count {
            let code = parameters[index]
            switch code {
            case 0: (run.foreground, run.background, run.attributes) = (nil, nil, [])
            case 1: run.attributes.insert(.bold)
            case 2: run.attributes.insert(.dim)
            case 3: run.attributes.insert(.italic)
            case 4: run.attributes.insert(.underline)
            case 7: run.attributes.insert(.reverse)
            case 9: run.attributes.insert(.strike)
            case 22: run.attributes.subtract([.bold, .dim])
            case 23: run.attributes.remove(.italic)
            case 24: run.attributes.remove(.underline)
            case 27: run.attributes.remove(.reverse)
            case 29: run.attributes.remove(.strike)
            case 30...37: run.foreground = .index(UInt8(code - 30))
            case 90...97: run.foreground = .index(UInt8(code - 90 + 8))
            case 39: run.foreground = nil
            case 40...47: run.background = .index(UInt8(code - 40))
            case 100...107: run.background = .index(UInt8(code - 100 + 8))
            case 49: run.background = nil
            case 38, 48:
                guard let (color, used) = extended(parameters[(index + 1)...]) else { return }
                if code == 38 { run.foreground = color } else { run.background = color }
                index += used
            default: break
            }
            index += 1
        }
    }

    private static func extended(_ rest: ArraySlice<Int>) -> (Color, Int)? {
        let values = Array(rest.prefix(4))
        if values.first == 5, values.count > 1, let index = UInt8(exactly: values[1]) { return (.index(index), 2) }
        if values.first == 2, values.count > 3, let red = UInt8(exactly: values[1]), let green = UInt8(exactly: values[2]),
            let blue = UInt8(exactly: values[3])
        {
            return (.rgb(red, green, blue), 4)
        }
        return nil
    }
}
