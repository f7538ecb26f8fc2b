import TestSupport
import Testing

@testable import TerminalUI

@MainActor @Suite struct EmulatorTests {
    private func screen(_ text: String, width: Int = 10, height: Int = 4) -> [String] {
        var emulator = Emulator(width: width, height: height, depth: .truecolor)
        emulator.feed(Array(text.utf8))
        return (0..<height).map { emulator.surface.text(row: $0) }
    }

    @Test(arguments: [
        ("abc\r\ndef", ["abc", "def", "", ""]), ("0123456789ab", ["0123456789", "ab", "", ""]),
        ("1\n2\n3\n4\n5", [" 2", "  3", "   4", "    5"]),
        ("abc\u{1B}[2D\u{1B}[Kx", ["ax", "", "", ""]), ("\u{1B}[3;4Hx", ["", "", "   x", ""]), ("ab\u{8}c", ["ac", "", "", ""]),
        ("abcdef\u{1B}[1;3H\u{1B}[2P", ["abef", "", "", ""]), ("abc\u{1B}[1;2H\u{1B}[2@", ["a  bc", "", "", ""]),
        ("1\r\n2\r\n3\r\n4\u{1B}[2;3r\u{1B}[3;1H\nx", ["1", "3", "x", "4"]), ("1\r\n2\r\n3\u{1B}[2;1H\u{1B}[L", ["1", "", "2", "3"]),
        ("main\u{1B}[?1049hfull\u{1B}[?1049l!", ["main!", "", "", ""]), ("\u{1B}(0lqk\u{1B}(B", ["┌─┐", "", "", ""]),
        ("x\u{1B}[3b", ["xxxx", "", "", ""]),
        ("\u{1B}]0;title\u{07}\u{1B}]52;c;eA==\u{1B}\\ok", ["ok", "", "", ""]), ("日本", ["日本", "", "", ""]),
        ("a\tb", ["a       b", "", "", ""]),
        ("abc\u{1B}[2J", ["", "", "", ""]), ("1\u{1B}M2", [" 2", "1", "", ""]), ("e\u{301}x", ["e\u{301}x", "", "", ""]),
    ])
    func `programs draw as they would in an xterm`(output: String, expected: [String]) {
        #expect(screen(output) == expected)
    }

    @Test func `rows that leave the top are kept up to a bound, and those of a full-screen program are not`() {
        var emulator = Emulator(width: 10, height: 4, depth: .truecolor)
        for number in 0..<6 { emulator.feed(Array("\(number)\r\n".utf8)) }
        #expect(emulator.scrollback.count == 3 && emulator.scrollback[0].first?.glyph == 0x30 && emulator.scrollback[0].count == 1)
        emulator.feed(Array("\u{1B}[?1049h1\r\n2\r\n3\r\n4\r\n5\r\n\u{1B}[?1049l".utf8))
        #expect(emulator.scrollback.count == 3)
        for _ in 0..<9_000 { emulator.feed(Array("x\r\n".utf8)) }
        #expect(emulator.scrollback.count == Scrollback.capacity)
        emulator.resize(width: 5, height: 2)
        emulator.feed(Array("\u{1B}c".utf8))
        #expect(emulator.scrollback.count == Scrollback.capacity)
    }

    @Test func `questions get answers`() {
        var emulator = Emulator(width: 10, height: 4, depth: .truecolor)
        emulator.feed(Array("ab\u{1B}[6n\u{1B}[c".utf8))
        #expect(String(decoding: emulator.takeAnswers(), as: UTF8.self) == "\u{1B}[1;3R\u{1B}[?1;2c")
        #expect(emulator.takeAnswers().isEmpty)
    }

    @Test func `a wide letter cut at the margin leaves no half`() {
        var emulator = Emulator(width: 6, height: 2, depth: .truecolor)
        emulator.feed(Array("a日本\u{1B}[1;1H\u{1B}[2@".utf8))
        #expect(emulator.surface.text(row: 0) == "  a日")
        emulator.feed(Array("\u{1B}[1;4H\u{1B}[1P".utf8))
        for column in 0..<6 {
            let cell = emulator.surface[column, 0]
            #expect(cell.width != 2 || column < 5 && emulator.surface[column + 1, 0].width == 0, "column \(column)")
            #expect(cell.width != 0 || column > 0 && emulator.surface[column - 1, 0].width == 2, "column \(column)")
        }
    }

    @Test func `a repetition fills no more than a row`() {
        #expect(screen("x\u{1B}[99999b", width: 4, height: 4) == ["xxxx", "x", "", ""])
    }

    @Test func `what left the screen is forgotten when the program asks for it, and the screen stays`() {
        var emulator = Emulator(width: 10, height: 2, depth: .truecolor)
        emulator.feed(Array("1\r\n2\r\n3\r\n4".utf8))
        let first = emulator.scrollback.first + emulator.scrollback.count
        emulator.feed(Array("\u{1B}[3J".utf8))
        #expect(rows(emulator) == ["3", "4"] && emulator.scrollback.first == first)
        emulator.feed(Array("\r\n5\u{1B}[H\u{1B}[2J".utf8))
        #expect(rows(emulator) == ["3", "", ""], "what clears the screen keeps what left it")
    }

    @Test func `no output traps, at any size`() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<300 {
            var emulator = Emulator(width: 1 + Int(random.next() % 20), height: 1 + Int(random.next() % 8), depth: .sixteen)
            for _ in 0..<6 {
                emulator.feed((0..<120).map { _ in random.hostileByte() })
                let finals = Array("ABCDEFGHJKLMPSTXZ@`abcdefhlmnrsu".utf8)
                emulator.feed(
                    Array("\u{1B}[\(random.next() % 40);\(random.next() % 99999)".utf8) + [
                        finals[Int(random.next() % UInt64(finals.count))]
                    ])
                emulator.feed(Array(random.hostileText(8).utf8))
                if random.next() % 3 == 0 { emulator.feed(Array("\u{1B}[?1049\(random.next() % 2 == 0 ? "h" : "l")".utf8)) }
                let width = random.next() % 2 == 0 ? emulator.surface.width : 1 + Int(random.next() % 30)
                emulator.resize(width: width, height: 1 + Int(random.next() % 12))
                #expect(isWhole(emulator.surface))
            }
        }
    }

    /// Whether every wide sign has both of its cells.
    private func isWhole(_ surface: Surface) -> Bool {
        surface.cells.indices.allSatisfy { index in
            let (cell, column) = (surface.cells[index], index % surface.width)
            if cell.width == 2 { return column < surface.width - 1 && surface.cells[index + 1].width == 0 }
            return cell.width == 1 || column > 0 && surface.cells[index - 1].width == 2
        }
    }

    @Test(arguments: [
        (Key("up"), "\u{1B}[A"), (Key("up", .control), "\u{1B}[1;5A"), (Key("f1"), "\u{1B}OP"), (Key("f5"), "\u{1B}[15~"),
        (Key("c", .control), "\u{3}"),
        (Key("enter"), "\r"), (Key("backspace"), "\u{7F}"), (Key.typed("é"), "é"), (Key("x", .alternate, text: "x"), "\u{1B}x"),
        (Key("_", .control), "\u{1F}"),
    ])
    func `keys go to the program as xterm sends them`(key: Key, expected: String) {
        #expect(String(decoding: KeyEncoder.bytes(key, applicationCursor: false), as: UTF8.self) == expected)
    }

    // MARK: - Another width

    private func rows(_ emulator: Emulator) -> [String] {
        let back = emulator.scrollback.rows.map { row in
            var bytes: [UInt8] = []
            for cell in row.cells where cell.width > 0 { GraphemePool.append(cell.glyph, to: &bytes) }
            return String(decoding: bytes, as: UTF8.self)
        }
        return back + (0..<emulator.surface.height).map { emulator.surface.text(row: $0) }
    }

    @Test(arguments: [
        // A line that was wrapped is one again, and back.
        ("0123456789abc", 10, 4, 20, 4, ["0123456789abc", "", "", ""]), ("0123456789abc", 20, 4, 10, 4, ["0123456789", "abc", "", ""]),
        // What ends a line stays its end, spaces within it too.
        ("0123456789\r\nabc", 10, 4, 20, 4, ["0123456789", "abc", "", ""]), ("ab   cd", 5, 3, 10, 3, ["ab   cd", "", ""]),
        // Rows that left the screen are wrapped anew, and a full screen stays full.
        ("0123456789ab\r\n1\r\n2\r\n3\r\n$ ", 10, 3, 20, 3, ["0123456789ab", "1", "2", "3", "$"]),
        ("0123456789\r\n1\r\n2\r\n$ ", 20, 3, 5, 3, ["01234", "56789", "1", "2", "$"]),
        // Wide signs are not cut.
        ("日本語", 6, 3, 5, 3, ["日本", "語", ""]), ("a日本語", 6, 3, 10, 3, ["a日本語", "", ""]),
        ("a日", 6, 3, 1, 3, ["a", "", ""]), ("日\r\nb\r\nc\r\nd", 6, 2, 1, 2, ["日", "b", "c", "d"]),
        // What was cleared does not come back.
        ("1\r\n2\r\n3\r\n4\u{1B}[2J\u{1B}[H$ ", 10, 3, 20, 3, ["1", "$", "", ""]),
        // An erased end is no part of the line.
        ("0123456789abc\u{1B}[1;3H\u{1B}[K", 10, 3, 20, 3, ["01", "abc", ""]),
        // What is erased from its first column on is no part of the line above, not even of one that left the screen.
        ("0123456789abc\r\n1\r\n2\r\n\u{1B}[H\u{1B}[2J$ ", 10, 4, 20, 4, ["0123456789", "$", "", "", ""]),
        ("0123456789abc\r\n1\r\n2\r\n\u{1B}[H\u{1B}[J$ ", 10, 4, 20, 4, ["0123456789", "$", "", "", ""]),
        ("0123456789abc\r\n1\r\n2\r\n\u{1B}[2;1H\u{1B}[1J\u{1B}[H$ ", 10, 4, 20, 4, ["0123456789", "$", "", "2", ""]),
        ("0123456789abc\r\n1\r\n2\r\n\u{1B}c$ ", 10, 4, 20, 4, ["0123456789", "$", "", "", ""]),
        ("0123456789abc\r\n1\r\n2\r\n\u{1B}[H\u{1B}[M", 10, 4, 20, 4, ["0123456789", "1", "2", "", ""]),
        ("0123456789abc\u{1B}[2K\r$ ", 10, 3, 20, 3, ["0123456789", "$", ""]),
        ("0123456789abc\r\u{1B}[K$ ", 10, 3, 20, 3, ["0123456789", "$", ""]),
        ("0123456789abc\u{1B}[1K\r$ ", 10, 3, 20, 3, ["0123456789", "$", ""]),
    ])
    func `another width wraps lines anew`(output: String, width: Int, height: Int, newWidth: Int, newHeight: Int, expected: [String]) {
        var emulator = Emulator(width: width, height: height, depth: .truecolor)
        emulator.feed(Array(output.utf8))
        emulator.resize(width: newWidth, height: newHeight)
        #expect(rows(emulator) == expected)
    }

    @Test func `what is printed goes on where the cursor was, and there and back changes nothing`() {
        var emulator = Emulator(width: 20, height: 5, depth: .truecolor)
        let lines = (0..<30).map { "line \($0) of many words that are long\r\n" }
        emulator.feed(Array("\(lines.joined())$ typ".utf8))
        let before = rows(emulator)
        for width in [7, 33, 5, 80, 20] { emulator.resize(width: width, height: 5) }
        #expect(rows(emulator) == before)
        emulator.resize(width: 4, height: 5)
        emulator.feed(Array("ed".utf8))
        #expect(rows(emulator).suffix(2) == ["$ ty", "ped"])
        emulator.resize(width: 20, height: 5)
        #expect(rows(emulator).last == "$ typed")
    }

    @Test func `a full-screen program leaves a screen that is wrapped for the width that it is left with`() {
        var emulator = Emulator(width: 10, height: 3, depth: .truecolor)
        emulator.feed(Array("0123456789abc\r\n$ \u{1B}[?1049h\u{1B}[Hfull".utf8))
        emulator.resize(width: 20, height: 3)
        #expect(emulator.surface.text(row: 0) == "full")
        emulator.feed(Array("\u{1B}[?1049lx".utf8))
        #expect(rows(emulator) == ["0123456789abc", "$ x", ""])
    }

    @Test(arguments: ["", "\u{1B}7", "\u{1B}[9;9H\u{1B}7", "\u{1B}[40;80H\u{1B}7"])
    func `another height below a full-screen program keeps what it will leave, at every width after it`(inside: String) {
        var emulator = Emulator(width: 80, height: 40, depth: .truecolor)
        emulator.feed(Array("\((0..<39).map { "line \($0)\r\n" }.joined())$ vi\u{1B}[?1049h\(inside)".utf8))
        emulator.resize(width: 80, height: 20)
        emulator.resize(width: 100, height: 20)
        emulator.resize(width: 100, height: 7)
        emulator.resize(width: 60, height: 9)
        emulator.feed(Array("\u{1B}[?1049lx".utf8))
        #expect(rows(emulator).filter { !$0.isEmpty } == (0..<39).map { "line \($0)" } + ["$ vix"])
    }

    @Test func `places of the text are known after another width`() {
        var emulator = Emulator(width: 10, height: 3, depth: .truecolor)
        emulator.feed(Array("0123456789abc\r\n1\r\n2\r\n3".utf8))
        #expect(emulator.scrollback.count == 2)
        let wanted = [(1, 2), (3, 0), (99, 0)].map { ShellPlace(row: $0.0, column: $0.1) }
        let places = emulator.resize(width: 20, height: 3, places: wanted)
        #expect(places[0] == ShellPlace(row: 0, column: 12) && places[1] == ShellPlace(row: 2, column: 0) && places[2] == ShellPlace(row: 3, column: 0))
        #expect(emulator.scrollback.first == 0)
    }
}
