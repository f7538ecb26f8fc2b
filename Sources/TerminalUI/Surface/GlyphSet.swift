/// Lines, bars and signs, with an ASCII form for terminals and encodings without the others. Meaning never rests on colour alone.
package struct GlyphSet: Sendable {
    /// Lines and rules may be drawn with box characters.
    var hasLines: Bool
    var horizontal: Character
    var vertical: Character
    var selection: Character
    var mark: Character
    var ellipsis: Character
    var errorSign: Character
    var warningSign: Character
    var dot: Character
    var arrow: Character
    var arrowLeft: Character
    var ascending: Character
    var descending: Character
    /// Usage bars: the empty part, a full and a half cell, and where the request stands.
    var track: Character
    var fullBar: Character
    var halfBar: Character
    var requestMark: Character
    var corners: (topLeft: Character, topRight: Character, bottomLeft: Character, bottomRight: Character)
    var scrollThumb: Character
    var masked: Character
    var spinner: [Character]

    /// Box drawing, blocks and arrows; every glyph is one column wide in all terminals we know.
    package static let unicode = GlyphSet(
        hasLines: true, horizontal: "─", vertical: "│", selection: "▌", mark: "●", ellipsis: "…", errorSign: "✖", warningSign: "▲",
        dot: "·", arrow: "›", arrowLeft: "‹",
        ascending: "↑",
        descending: "↓", track: "─", fullBar: "━", halfBar: "╸", requestMark: "┼", corners: ("╭", "╮", "╰", "╯"), scrollThumb: "┃",
        masked: "•",
        spinner: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"])

    /// Printable ASCII only.
    package static let ascii = GlyphSet(
        hasLines: false, horizontal: "-", vertical: "|", selection: ">", mark: "*", ellipsis: "~", errorSign: "x", warningSign: "!",
        dot: ".", arrow: ">", arrowLeft: "<",
        ascending: "^",
        descending: "v", track: ".", fullBar: "#", halfBar: "=", requestMark: ":", corners: ("+", "+", "+", "+"), scrollThumb: "#",
        masked: "*",
        spinner: ["|", "/", "-", "\\"])
}
