/// What one Character of outside text becomes on a cell. This is the only place where text turns into cells, so that no byte of a log, a name
/// or an event can move the cursor, set the title or write the clipboard.
enum SafeGlyph: Equatable {
    /// One printable scalar of the given width.
    case scalar(UInt32, width: Int)
    /// A base scalar with combining marks, already bounded.
    case cluster(String, width: Int)
    /// Nothing to draw (joiners, variation selectors, tags alone).
    case nothing

    /// Marks kept above one base; more ("zalgo") are dropped.
    static let maximumMarks = 2

    /// The replacement for what must not reach a terminal.
    static let replacement = SafeGlyph.scalar(0xFFFD, width: 1)

    init(_ character: Character) {
        let scalars = character.unicodeScalars
        let first = scalars[scalars.startIndex]
        if first.value < 0x7F, first.value >= 0x20, scalars.count == 1 {
            self = .scalar(first.value, width: 1)
            return
        }
        if (0x1F1E6...0x1F1FF).contains(first.value) {
            // Terminals disagree about the width of national flags; this one never changes.
            self = .scalar(0x2691, width: 1)
            return
        }
        let base = Self.single(first)
        // Marks above nothing are drawn by no two terminals alike.
        guard case .scalar(let value, let width) = base, scalars.count > 1, value != 0x20, value != 0x3000 else {
            self = base
            return
        }
        var text = String.UnicodeScalarView([Unicode.Scalar(value) ?? "?"])
        for scalar in scalars.dropFirst() {
            if scalar.value == 0x200D { break }
            guard text.count <= Self.maximumMarks, Self.isMark(scalar) else { continue }
            text.append(scalar)
        }
        self = text.count == 1 ? base : .cluster(String(text), width: width)
    }

    /// Columns taken.
    var width: Int {
        switch self {
        case .scalar(_, let width), .cluster(_, let width): width
        case .nothing: 0
        }
    }

    /// Joins the letter before it.
    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark: scalar.properties.isDefaultIgnorableCodePoint == false
        default: false
        }
    }

    private static func single(_ scalar: Unicode.Scalar) -> SafeGlyph {
        let value = scalar.value
        switch value {
        case 0..<0x20: return .scalar(0x2400 + value, width: 1)
        case 0x7F: return .scalar(0x2421, width: 1)
        case 0x80..<0xA0: return replacement
        case 0xAD: return .scalar(0x2D, width: 1)
        case 0xA0: return .scalar(0x20, width: 1)
        case 0xA1..<0x300: return .scalar(value, width: 1)
        case 0x2500...0x25FC, 0x2800...0x28FF: return .scalar(value, width: 1)
        default: break
        }
        // Bidirectional marks and overrides reorder what follows; they are shown as what they are: something odd.
        if value == 0x061C || (0x200E...0x200F).contains(value) || (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value) {
            return replacement
        }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .control, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator: return replacement
        case .format: return .nothing
        case .nonspacingMark, .enclosingMark: return properties.isDefaultIgnorableCodePoint ? .nothing : replacement
        case .spaceSeparator: return .scalar(0x20, width: value == 0x3000 ? 2 : 1)
        default:
            if properties.isDefaultIgnorableCodePoint { return .nothing }
            return .scalar(value, width: ScalarWidth.isWide(value) ? 2 : 1)
        }
    }
}
