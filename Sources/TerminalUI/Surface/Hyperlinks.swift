/// The addresses that stand whole in a row of cells, so that a terminal can open them (OSC 8).
///
/// An address is what can be read on the screen and nothing else: no text of the cluster can lead to another place than it shows, and what is
/// cut at an edge leads nowhere. Only http and https; only ASCII without controls; no user before the host.
@MainActor enum Hyperlinks {
    /// One address and the columns it takes.
    struct Link: Hashable {
        var columns: Range<Int>
        var address: [UInt8]

        /// What begins it. The same address has the same id, so that the terminal marks all its parts together.
        var opening: [UInt8] {
            var hash: UInt32 = 0x811c_9dc5
            for byte in address { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
            return Array("\u{1B}]8;id=k\(String(hash, radix: 16));".utf8) + address + Hyperlinks.end
        }
    }

    /// What ends a link.
    static let closing = Array("\u{1B}]8;;".utf8) + end
    private nonisolated static let end = Array("\u{1B}\\".utf8)
    /// Longer addresses are no links.
    private static let longest = 2000

    /// The links of a row, from left to right.
    static func links(_ surface: Surface, row y: Int) -> [Link] {
        let row = y * surface.width
        func byte(_ x: Int) -> UInt8? {
            guard x >= 0, x < surface.width, surface.cells[row + x].glyph < 0x80 else { return nil }
            return UInt8(surface.cells[row + x].glyph)
        }
        var links: [Link] = []
        var x = 0
        while x + 10 < surface.width {
            // Most rows have no colon before two slashes, and are through with here.
            guard byte(x) == UInt8(ascii: ":"), byte(x + 1) == UInt8(ascii: "/"), byte(x + 2) == UInt8(ascii: "/") else {
                x += 1
                continue
            }
            let scheme = ["https", "http"].first { name in
                name.utf8.enumerated().allSatisfy { byte(x - name.utf8.count + $0.offset) == $0.element }
                    && !(byte(x - name.utf8.count - 1).map(isWord) ?? false)
            }
            var stop = x + 3
            while let next = byte(stop), isAllowed(next) { stop += 1 }
            if let scheme, isWhole(stop, surface, row: y) {
                let start = x - scheme.utf8.count
                let address = trimmed((start..<stop).compactMap(byte))
                if isAcceptable(address, after: scheme.utf8.count + 3) {
                    links.append(Link(columns: start..<start + address.count, address: address))
                }
            }
            x = stop
        }
        return links
    }

    /// Whether what ends before a column goes on nowhere else: an edge, a frame or a sign of something left out is near when it was cut.
    private static func isWhole(_ stop: Int, _ surface: Surface, row y: Int) -> Bool {
        guard stop + 1 < surface.width else { return false }
        let (next, after) = (surface[stop, y].glyph, surface[stop + 1, y].glyph)
        return next < 0x80 && !isFrame(next) && !isFrame(after)
    }

    /// A line of a frame, or what stands for text that is left out.
    private static func isFrame(_ glyph: UInt32) -> Bool {
        (0x2500...0x259F).contains(glyph) || glyph == 0x2026 || glyph == 0x7C || glyph == 0x7E
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    /// What RFC 3986 allows in an address.
    private static func isAllowed(_ byte: UInt8) -> Bool { isWord(byte) || "-._~:/?#[]@!$&'()*+,;=%".utf8.contains(byte) }

    /// Without what belongs to the sentence around it.
    private static func trimmed(_ address: [UInt8]) -> [UInt8] {
        var address = address
        while let last = address.last {
            if ".,;:!?'*".utf8.contains(last) {
                address.removeLast()
            } else if last == UInt8(ascii: ")"), !address.contains(UInt8(ascii: "(")) {
                address.removeLast()
            } else if last == UInt8(ascii: "]"), !address.contains(UInt8(ascii: "[")) {
                address.removeLast()
            } else {
                break
            }
        }
        return address
    }

    private static func isAcceptable(_ address: [UInt8], after scheme: Int) -> Bool {
        guard address.count > scheme, address.count <= longest, isWord(address[scheme]) || address[scheme] == UInt8(ascii: "[") else { return false }
        // A user before the host makes another host look like the one that is meant.
        return !address[scheme...].prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }.contains(UInt8(ascii: "@"))
    }
}
