/// What the terminal understands, as far as painting is concerned.
package struct OutputCapabilities: Sendable, Hashable {
    /// Colours the terminal shows.
    package var depth: ColorDepth
    /// Erasing fills with the current background (terminfo `bce`).
    package var hasBackgroundErase: Bool
    /// `CSI ?2026` was confirmed by DECRQM.
    package var hasSynchronizedOutput: Bool
    /// The terminal's encoding is UTF-8; otherwise every other glyph is written as a question mark.
    package var hasUnicode = true
    /// Addresses are written as links (OSC 8).
    package var hasHyperlinks = false
    /// The least that is assumed of a terminal: no erase colour, no synchronized output.
    package init(depth: ColorDepth, hasBackgroundErase: Bool = false, hasSynchronizedOutput: Bool = false) {
        self.depth = depth
        self.hasBackgroundErase = hasBackgroundErase
        self.hasSynchronizedOutput = hasSynchronizedOutput
    }
}

/// Turns two surfaces into the bytes that make a terminal showing the first show the second: changed runs only, minimal moves, SGR deltas.
@MainActor package struct FrameEncoder {
    /// What may be used from the next frame on.
    package var capabilities: OutputCapabilities
    private var bytes: [UInt8] = []
    private var pen: Style?
    private var at: (x: Int, y: Int)?
    /// Unchanged cells that are cheaper to write again than to jump over.
    private let bridge = 4

    /// An encoder that knows nothing about what is on the terminal.
    package init(capabilities: OutputCapabilities) { self.capabilities = capabilities }

    /// The bytes of one frame; empty when nothing changed. `previous` nil repaints everything (after start, resize and resume).
    package mutating func encode(_ next: Surface, previous: Surface?) -> [UInt8] {
        bytes.removeAll(keepingCapacity: true)
        pen = nil
        at = nil
        let known = previous.flatMap { $0.width == next.width && $0.height == next.height ? $0 : nil }
        if known == nil {
            text("\u{1B}[0m\u{1B}[H\u{1B}[2J")
            pen = .plain
            at = (0, 0)
        }
        for y in 0..<next.height { encodeRow(y, next, known) }
        let isCursorMoved = known.map { $0.cursor != next.cursor || $0.isCursorVisible != next.isCursorVisible } ?? true
        guard !bytes.isEmpty || isCursorMoved else { return [] }
        if pen != nil, pen != .plain { text("\u{1B}[0m") }
        move(to: (max(0, min(next.width - 1, next.cursor.x)), max(0, min(next.height - 1, next.cursor.y))))
        let isHiding = known?.isCursorVisible ?? true
        var frame: [UInt8] = []
        frame.reserveCapacity(bytes.count + 24)
        if capabilities.hasSynchronizedOutput { frame += Array("\u{1B}[?2026h".utf8) }
        if isHiding { frame += Array("\u{1B}[?25l".utf8) }
        frame += bytes
        if next.isCursorVisible { frame += Array("\u{1B}[?25h".utf8) }
        if capabilities.hasSynchronizedOutput { frame += Array("\u{1B}[?2026l".utf8) }
        return frame
    }

    private mutating func encodeRow(_ y: Int, _ next: Surface, _ previous: Surface?) {
        let row = y * next.width
        let links = capabilities.hasHyperlinks ? Hyperlinks.links(next, row: y) : []
        let old = capabilities.hasHyperlinks ? previous.map { Hyperlinks.links($0, row: y) } ?? [] : []
        let hasSameLinks = links == old
        func isSame(_ x: Int) -> Bool {
            guard let previous else { return next.cells[row + x] == .blank }
            guard previous.cells[row + x] == next.cells[row + x] else { return false }
            return hasSameLinks || links.first { $0.columns.contains(x) } == old.first { $0.columns.contains(x) }
        }
        // A last run of equal blanks is one erase instead of many spaces.
        var tail = next.width
        let last = next.width > 0 ? next.cells[row + next.width - 1] : .blank
        if last.glyph == 0x20, last.width == 1, canErase(last.style) {
            while tail > 0, next.cells[row + tail - 1] == last { tail -= 1 }
        }
        var x = 0
        while x < tail {
            guard !isSame(x) else {
                x += 1
                continue
            }
            // A wide glyph is written from its left half.
            var start = x
            if next.cells[row + start].width == 0, start > 0 { start -= 1 }
            var end = x + 1
            var same = 0
            var probe = end
            while probe < tail, same <= bridge {
                if isSame(probe) {
                    same += 1
                } else {
                    same = 0
                    end = probe + 1
                }
                probe += 1
            }
            while end < next.width, next.cells[row + end].width == 0 { end += 1 }
            write(next, row: y, from: start, to: end, links)
            x = end
        }
        guard tail < next.width, (tail..<next.width).contains(where: { !isSame($0) }) else { return }
        let first = (tail..<next.width).first { !isSame($0) } ?? tail
        if next.width - first <= 4, previous != nil {
            write(next, row: y, from: first, to: next.width, links)
        } else {
            move(to: (first, y))
            use(last.style)
            text("\u{1B}[K")
        }
    }

    private func canErase(_ style: Style) -> Bool {
        style.attributes.isDisjoint(with: [.reverse, .underline, .strike])
            && (style.background == .terminal || capabilities.hasBackgroundErase)
    }

    private mutating func write(_ surface: Surface, row y: Int, from: Int, to end: Int, _ links: [Hyperlinks.Link]) {
        move(to: (from, y))
        var open: Hyperlinks.Link?
        var x = from
        while x < end {
            let cell = surface.cells[y * surface.width + x]
            guard cell.width > 0 else {
                x += 1
                continue
            }
            if let at, at != (x, y) { move(to: (x, y)) }
            if at == nil { move(to: (x, y)) }
            let link = links.isEmpty ? nil : links.first { $0.columns.contains(x) }
            use(cell.style)
            if link != open {
                bytes += link?.opening ?? Hyperlinks.closing
                open = link
            }
            if cell.glyph < 0x80 || capabilities.hasUnicode {
                GraphemePool.append(cell.glyph, to: &bytes)
            } else {
                text(cell.width == 2 ? "? " : "?")
            }
            x += Int(cell.width)
            // At the right margin the cursor waits; after a glyph whose width terminals disagree about it may stand elsewhere.
            at = x < surface.width && ScalarWidth.isCertain(cell.glyph) ? (x, y) : nil
        }
        if open != nil { bytes += Hyperlinks.closing }
    }

    private mutating func move(to target: (x: Int, y: Int)) {
        if let at, at == target { return }
        if let at, at.y == target.y, target.x > at.x {
            csi(target.x - at.x, "C")
        } else if let at, target.x == 0, target.y == at.y + 1 {
            text("\r\n")
        } else if target.x == 0 {
            csi(target.y + 1, "H")
        } else {
            text("\u{1B}[\(target.y + 1);\(target.x + 1)H")
        }
        at = target
    }

    private mutating func use(_ style: Style) {
        guard pen != style else { return }
        SGR.append(from: pen, to: style, into: &bytes)
        pen = style
    }

    private mutating func csi(_ count: Int, _ final: Character) {
        text(count == 1 ? "\u{1B}[\(final)" : "\u{1B}[\(count)\(final)")
    }

    private mutating func text(_ string: String) { bytes.append(contentsOf: string.utf8) }
}
