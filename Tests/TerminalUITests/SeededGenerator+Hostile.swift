import TestSupport

extension SeededGenerator {
    /// Bytes that like to be parts of sequences.
    mutating func hostileByte() -> UInt8 {
        let favourites: [UInt8] = [
            0x1B, 0x5B, 0x5D, 0x3B, 0x30, 0x32, 0x7E, 0x3C, 0x4D, 0x50, 0x5C, 0x07, 0x9B, 0xC3, 0xE2, 0x80, 0xF0, 0xFF,
        ]
        return next() % 3 == 0 ? UInt8(truncatingIfNeeded: next()) : favourites[Int(next() % UInt64(favourites.count))]
    }

    /// Text with everything that ever confused a terminal.
    mutating func hostileText(_ pieces: Int) -> String {
        let parts = [
            "web", " ", "日本", "é", "e\u{301}", "👩‍👩‍👧", "🇩🇪", "🙂", "❤\u{FE0F}", "\u{1B}]0;owned\u{07}", "\u{1B}[2J", "\u{9B}31m", "\u{202E}",
            "\u{200B}", "\r\n",
            "\u{08}\u{08}", "a\u{300}\u{301}\u{302}\u{303}\u{304}", "\u{FEFF}", "ﷺ", "\u{1B}P+q\u{1B}\\", "\t", "\u{0}", "─", "█",
            "\u{10FFFF}", "한", "\u{1112}\u{1161}\u{11AB}",
        ]
        return (0..<pieces).map { _ in parts[Int(next() % UInt64(parts.count))] }.joined()
    }
}
