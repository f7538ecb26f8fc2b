import TestSupport
import Testing

@testable import TerminalUI

@Suite struct InputDecoderTests {
    private func decode(_ text: String) -> [InputEvent] {
        var decoder = InputDecoder()
        return decoder.feed(Array(text.utf8)) + decoder.flush()
    }

    private func names(_ text: String) -> [String] {
        decode(text).map { if case .key(let key) = $0 { key.name } else { "\($0)" } }
    }

    @Test(arguments: [
        ("a", ["a"]), ("A", ["A"]), (" ", ["space"]), ("é", ["é"]), ("日", ["日"]), ("\r", ["enter"]), ("\t", ["tab"]),
        ("\u{7F}", ["backspace"]),
        ("\u{01}", ["ctrl-a"]), ("\u{03}", ["ctrl-c"]), ("\u{1A}", ["ctrl-z"]), ("\u{1F}", ["ctrl-_"]), ("\u{00}", ["ctrl-space"]),
        ("\u{1B}", ["esc"]),
        ("\u{1B}\u{1B}", ["esc", "esc"]), ("\u{1B}x", ["alt-x"]), ("\u{1B}\u{7F}", ["alt-backspace"]), ("\u{1B}[A", ["up"]),
        ("\u{1B}OA", ["up"]),
        ("\u{1B}[1;5C", ["ctrl-right"]), ("\u{1B}[1;2A", ["shift-up"]), ("\u{1B}[1;6H", ["ctrl-shift-home"]), ("\u{1B}[Z", ["shift-tab"]),
        ("\u{1B}[3~", ["delete"]), ("\u{1B}[5~", ["pageup"]), ("\u{1B}[6;5~", ["ctrl-pagedown"]), ("\u{1B}OP", ["f1"]),
        ("\u{1B}[15~", ["f5"]),
        ("\u{1B}[24~", ["f12"]), ("\u{1B}[[B", ["f2"]), ("\u{1B}[1~", ["home"]), ("\u{1B}[4~", ["end"]), ("\u{1B}OM", ["enter"]),
        ("\u{1B}Oj", ["*"]),
        ("gg", ["g", "g"]), ("\u{1B}[Ax", ["up", "x"]), ("\u{1B}]0;title\u{07}x", ["x"]), ("\u{1B}P1$r0m\u{1B}\\x", ["x"]),
        ("\u{1B}[27;5;105~", ["ctrl-i"]),
    ])
    func `keys have the names of the command table`(input: String, expected: [String]) {
        #expect(names(input) == expected)
    }

    @Test func `mouse reports are cells from the top left`() {
        #expect(decode("\u{1B}[<0;5;7M") == [.mouse(MouseEvent(kind: .press, button: .left, x: 4, y: 6, modifiers: []))])
        #expect(decode("\u{1B}[<0;5;7m") == [.mouse(MouseEvent(kind: .release, button: .left, x: 4, y: 6, modifiers: []))])
        #expect(decode("\u{1B}[<34;1;1M") == [.mouse(MouseEvent(kind: .drag, button: .right, x: 0, y: 0, modifiers: []))])
        #expect(decode("\u{1B}[<65;200;50M") == [.mouse(MouseEvent(kind: .wheelDown, button: .none, x: 199, y: 49, modifiers: []))])
        #expect(decode("\u{1B}[<0;0;0M") == [])
    }

    @Test func `answers and focus reports are no keys`() {
        #expect(decode("\u{1B}[?2026;2$y") == [.reply(.mode(2026, state: 2))])
        #expect(decode("\u{1B}[?62;4c") == [.reply(.deviceAttributes)])
        #expect(decode("\u{1B}P>|tmux 3.3a\u{1B}\\") == [.reply(.version)])
        #expect(decode("\u{1B}P1$r0m\u{1B}\\") == [])
        #expect(decode("\u{1B}[I\u{1B}[O") == [.focus(true), .focus(false)])
    }

    @Test func `an answer of any length that nobody asked for is no keys`() {
        let long = String(repeating: "D d y ", count: 60)
        for end in ["\u{07}", "\u{1B}\\"] {
            #expect(decode("\u{1B}]52;c;\(long)\(end)j") == [.key(.typed("j"))])
            var decoder = InputDecoder()
            var events: [InputEvent] = []
            for byte in "\u{1B}P\(long)\(end)j".utf8 { events += decoder.feed([byte]) }
            #expect(events == [.key(.typed("j"))])
        }
        // Without an end it is over once nothing more comes.
        var decoder = InputDecoder()
        #expect(decoder.feed(Array("\u{1B}]\(long)".utf8)) == [])
        #expect(decoder.patience == .milliseconds(100))
        #expect(decoder.flush() == [])
        #expect(decoder.feed([0x6A]) == [.key(.typed("j"))])
    }

    @Test(arguments: ["\u{1B}]52;c;|\u{07}", "\u{1B}]52;c;|\u{1B}\\", "\u{1B}P|\u{1B}\\", "\u{1B}[|m", "\u{1B}[?|;1$y"])
    func `a sequence of any length leaves nothing to the next key`(form: String) {
        let parts = form.split(separator: "|").map(String.init)
        for length in 0...150 {
            let bytes = Array("\(parts[0])\(String(repeating: "9", count: length))\(parts[1])j".utf8)
            var whole = InputDecoder()
            #expect(whole.feed(bytes).filter(\.isKey) == [.key(.typed("j"))], "\(length)")
            var slow = InputDecoder()
            #expect(bytes.flatMap { slow.feed([$0]) }.filter(\.isKey) == [.key(.typed("j"))], "\(length), byte by byte")
        }
    }

    @Test(arguments: [
        "\u{1B}[<0;12", "\u{1B}[1", "\u{1B}[M!", "\u{1B}[[", "\u{1B}]52;c;D d", "\u{1B}P1$", "\u{1B}[\(String(repeating: "1;", count: 200))",
        "\u{1B}]\(String(repeating: "x", count: 200))", "\u{1B}_ab",
    ])
    func `a sequence that is never finished is no keys`(begun: String) {
        var decoder = InputDecoder()
        #expect(decoder.feed(Array(begun.utf8)) == [] && decoder.patience == .milliseconds(100))
        #expect(decoder.flush() == [] && decoder.patience == nil)
        #expect(decoder.feed([0x6A]) == [.key(.typed("j"))])
    }

    @Test(arguments: ["\u{1B}]0;t", "\u{1B}]\(String(repeating: "x", count: 200))"])
    func `Esc ends an answer that has no end`(begun: String) {
        var decoder = InputDecoder()
        #expect(decoder.feed(Array("\(begun)\u{1B}".utf8)) == [] && decoder.flush() == [.key(Key("esc"))])
        #expect(decoder.feed([0x6A]) == [.key(.typed("j"))])
    }

    @Test func `Esc and a second of silence end a paste whose end never comes`() {
        var decoder = InputDecoder()
        #expect(decoder.feed(Array("\u{1B}[200~abc".utf8)) == [] && decoder.patience == .seconds(1))
        #expect(decoder.feed(Array("jk\u{1B}\u{1B}".utf8)) == [] && decoder.patience == .seconds(1))
        #expect(decoder.flush() == [.paste("abcjk")] && decoder.patience == nil)
        #expect(decoder.feed([0x6A]) == [.key(.typed("j"))])
        // The end itself may come in pieces.
        #expect(decoder.feed(Array("\u{1B}[200~x\u{1B}".utf8)) == [])
        #expect(decoder.feed(Array("[20".utf8)) == [] && decoder.patience == nil && decoder.flush() == [])
        #expect(decoder.feed(Array("1~".utf8)) == [.paste("x")])
    }

    @Test func `what is typed after a paste whose end was lost is seen, and never runs`() {
        var decoder = InputDecoder()
        #expect(decoder.feed(Array("\u{1B}[200~abc".utf8)).isEmpty && decoder.patience != nil)
        #expect(decoder.flush() == [.paste("abc")] && decoder.patience == nil)
        #expect(decoder.feed(Array("jk".utf8)).isEmpty)
        #expect(decoder.flush() == [.paste("jk")])
        #expect(decoder.feed(Array("x\u{1B}[201~q".utf8)) == [.paste("x"), .key(.typed("q"))])
    }

    @Test(arguments: ["line\n", "é", "\r\n", "x"])
    func `a paste longer than what is kept comes in parts and whole`(unit: String) {
        var decoder = InputDecoder()
        let count = (InputDecoder.maximumPaste + 100_000) / unit.utf8.count
        let events = decoder.feed(Array("\u{1B}[200~".utf8) + Array(String(repeating: unit, count: count).utf8) + Array("\u{1B}[201~".utf8))
        var text = ""
        for case .paste(let part) in events { text += part }
        #expect(events.count == 2 && text == String(repeating: unit.replacing("\r\n", with: "\n"), count: count))
    }

    @Test func `a paste is one event without escape bytes`() {
        #expect(decode("\u{1B}[200~D d\ry\u{1B}[A\u{1B}[201~q") == [.paste("D d\ny[A"), .key(.typed("q"))])
        #expect(decode("\u{1B}[200~a\r\nb\u{1B}[201~") == [.paste("a\nb")])
    }

    @Test func `cutting the bytes anywhere changes nothing`() {
        let text = "a\u{1B}[1;5C日\u{1B}[200~x\u{1B}[20y\r\u{1B}[201~\u{1B}[<0;5;7M\u{1B}OP\u{1B}]0;t\u{1B}\\é\u{1B}[?2004;1$yz"
        let bytes = Array(text.utf8)
        var whole = InputDecoder()
        let expected = whole.feed(bytes)
        for cut in 0...bytes.count {
            var decoder = InputDecoder()
            #expect(decoder.feed(Array(bytes[..<cut])) + decoder.feed(Array(bytes[cut...])) == expected, "cut at \(cut)")
        }
    }

    @Test func `a lone Esc waits only for the flush`() {
        var decoder = InputDecoder()
        #expect(decoder.feed([0x1B]) == [])
        #expect(decoder.patience == .milliseconds(20))
        #expect(decoder.flush() == [.key(Key("esc"))])
        #expect(decoder.patience == nil)
    }

    @Test func `terminfo strings win`() {
        var decoder = InputDecoder(terminfo: [Array("\u{1B}[25~".utf8): Key("f1")])
        #expect(decoder.feed(Array("\u{1B}[25~".utf8)) == [.key(Key("f1"))])
    }

    @Test func `what was typed before the terminal was raw has Enter where the line discipline made a line feed`() {
        #expect(names(":po\nj") == [":", "p", "o", "ctrl-j", "j"])
        let typed = decode(":po\nj").map(\.fromLineDiscipline)
        #expect(typed == decode(":po\rj"))
    }

    @Test func `no input traps, and keys still work after it`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            var decoder = InputDecoder()
            var bytes = (0..<Int(random.next() % 90)).map { _ in random.hostileByte() }
            while !bytes.isEmpty {
                let count = min(bytes.count, 1 + Int(random.next() % 9))
                _ = decoder.feed(Array(bytes.prefix(count)))
                bytes.removeFirst(count)
            }
            _ = decoder.flush()
            _ = decoder.feed(Array("\u{1B}[201~\u{1B}\\".utf8) + [0x18])
            _ = decoder.flush()
            #expect(decoder.feed([0x6A]) == [.key(.typed("j"))])
        }
    }
}

extension InputEvent {
    fileprivate var isKey: Bool { if case .key = self { true } else { false } }
}
