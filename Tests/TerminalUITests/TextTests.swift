import TestSupport
import Testing

@testable import TerminalUI

@Suite struct TextTests {
    @Test(arguments: [
        ("abc", 3), ("日本", 4), ("e\u{301}", 1), ("👩‍👩‍👧", 2), ("🇩🇪", 1), ("❤\u{FE0F}", 1), ("\u{1B}", 1), ("\u{202E}", 1), ("\u{200B}", 0),
        ("한", 2), ("±", 1), ("─", 1),
        ("\u{FEFF}", 0), ("\u{300}", 1), ("ﷺ", 1),
    ])
    func `text takes the columns that terminals agree on`(text: String, width: Int) {
        #expect(DisplayWidth.of(text) == width)
    }

    @Test(arguments: [
        "\u{1B}", "\u{9B}", "\u{7}", "\u{0}", "\u{7F}", "\u{85}", "\u{202E}", "\u{2066}", "\u{200F}", "\u{2028}", "\u{E0041}", "\u{FFFE}",
    ])
    func `no scalar that steers a terminal is ever drawn`(text: String) {
        for character in text {
            switch SafeGlyph(character) {
            case .nothing: break
            case .scalar(let value, _): #expect(value == 0xFFFD || (0x2400...0x2421).contains(value))
            case .cluster(let text, _): Issue.record("\(text.unicodeScalars.map(\.value))")
            }
        }
    }

    @Test func `piled-up marks are cut`() {
        let zalgo = Character("a" + String(repeating: "\u{301}", count: 50))
        guard case .cluster(let text, width: 1) = SafeGlyph(zalgo) else {
            Issue.record("not a cluster")
            return
        }
        #expect(text.unicodeScalars.count == 3)
    }

    @Test func `names are shortened in the middle, words at the end`() {
        #expect(DisplayWidth.shortened("web-6d4cf56db6-5x2lp", columns: 12, ellipsis: "…", keepsEnd: true) == "web-6d…5x2lp")
        #expect(DisplayWidth.shortened("web-6d4cf56db6-5x2lp", columns: 12, ellipsis: "…") == "web-6d4cf56…")
        #expect(DisplayWidth.shortened("日本語", columns: 4, ellipsis: "…") == "日…")
        #expect(DisplayWidth.shortened("abc", columns: 0, ellipsis: "…") == "")
    }

    @Test(arguments: [
        (5, "5s"), (119, "119s"), (120, "2m"), (200, "3m20s"), (600, "10m"), (3 * 3600 - 1, "179m"), (4 * 3600 + 12 * 60, "4h12m"),
        (30 * 3600, "30h"),
        (3 * 86400 + 4 * 3600, "3d4h"), (12 * 86400, "12d"), (800 * 86400, "2y"), (-5, "0s"),
    ])
    func `ages read as kubectl writes them`(seconds: Int, text: String) {
        #expect(Units.age(.seconds(seconds)).text == text)
    }

    @Test func `an age says how long it stays true`() {
        for seconds in [0, 1, 59, 119, 121, 599, 600, 7199, 30_000, 200_000, 900_000] {
            let age = Units.age(.seconds(seconds))
            #expect(age.staysFor > .zero)
            #expect(Units.age(.seconds(seconds) + age.staysFor - .milliseconds(1)).text == age.text)
        }
        #expect(Units.age(.milliseconds(1400)).staysFor == .milliseconds(600))
    }

    @Test(arguments: [(0, "0m"), (87, "87m"), (1000, "1"), (1250, "1.25"), (1050, "1.05"), (2500, "2.5"), (64_000, "64")])
    func `cores are short`(value: Int64, text: String) { #expect(Units.milliCPU(value) == text) }

    @Test(
        arguments: [(0, "0"), (1023, "1023"), (1024, "1Ki"), (14 << 20, "14Mi"), (1_288_490_189, "1.1Gi"), (1 << 40, "1Ti")]
            as [(Int64, String)])
    func `bytes are short`(value: Int64, text: String) { #expect(Units.bytes(value) == text) }

    @Test func `a log line keeps its colours and loses every other sequence`() {
        let text = AnsiText(
            ArraySlice(
                Array(
                    "\u{1B}]0;t\u{07}a\u{1B}[1;31mb\u{1B}[0mc\u{1B}[2Jd\u{1B}[38;5;99me\u{1B}[48;2;1;2;3mf\te\u{1B}P..\u{1B}\\g\u{1B}]52;c;eA=="
                        .utf8)))
        #expect(text.plain == "abcdef  eg")
        #expect(AnsiText(ArraySlice(Array("äöü\tx".utf8))).plain == "äöü     x")
        #expect(text.runs[1].foreground == .index(1) && text.runs[1].attributes == .bold)
        #expect(text.runs[2].foreground == nil && text.runs[2].attributes == [])
        #expect(text.runs.last?.background == .rgb(1, 2, 3))
    }

    @Test func `any bytes make a log line`() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let bytes = (0..<Int(random.next() % 80)).map { _ in random.hostileByte() }
            let text = AnsiText(ArraySlice(bytes))
            #expect(!text.plain.contains("\u{1B}"))
        }
    }

    @Test func `YAML is coloured by what it means`() {
        var highlighter = YAMLHighlighter()
        func scopes(_ line: String) -> [String] {
            highlighter.tokens(line).map { "\($0.scope.rawValue.dropFirst(5)):" + String(Array(line)[$0.range]) }
        }
        #expect(scopes("replicas: 2 # two") == ["key:replicas", "mark::", "number:2", "comment:# two"])
        #expect(scopes("- name: \"a: b\"") == ["mark:-", "key:name", "mark::", "string:\"a: b\""])
        #expect(scopes("  tty: false") == ["key:tty", "mark::", "bool:false"])
        #expect(scopes("  x: &a null") == ["key:x", "mark::", "anchor:&a null"])
        #expect(scopes("  url: http://x") == ["key:url", "mark::", "string:http://x"])
        #expect(scopes("  run: |") == ["key:run", "mark::", "mark:|"])
        #expect(scopes("    # text: 1") == ["string:# text: 1"])
        #expect(scopes("  next: ~") == ["key:next", "mark::", "null:~"])
        #expect(scopes("---") == ["mark:---"])
    }

    @Test func `search ignores case and finds every place`() {
        #expect(SearchRanges.find("er", in: "Error: Server") == [0..<2, 8..<10, 11..<13])
        #expect(SearchRanges.find("ERR", in: "Error") == [0..<3])
        #expect(SearchRanges.find("", in: "x") == [])
    }
}
