import TestSupport
import Testing

@testable import APIMachinery

@Suite struct BytePatternTests {
    nonisolated static let expressions = [
        "error", "^error", "error$", "^$", "a.c", "a.*c", "[a-c]+d", "\\bfoo\\b", "\\Bo", "x{2,4}", "(ab|cd)*e", "[^a]b", "\\d{3}-\\d+", "é+",
        "[äöü]x", "\\p{L}\\p{L}", "(?i)straße", "a|", "", "[^\\x00-\\x{10FFFF}]", "(a?){20}a{20}", "\\w+@\\w+\\.(com|org)", "^[^ ]+ [^ ]+$",
        "(?s)a.b", "(?m)^b", "日本", "[日-本]z",
    ]

    @Test(arguments: expressions)
    func `it finds what the pattern of schemas finds`(expression: String) throws {
        let pattern = try Pattern(expression)
        var matcher = BytePattern.Matcher(try BytePattern(expression))
        var random = SeededGenerator(seed: 5)
        let parts = [
            "error", "foo", "a", "b", "c", "d", "e", "x", "xx", " ", "1", "234", "-", "é", "ä", "ö", "straße", "STRASSE", "STRAßE", "o", "日", "本z",
            "日本", "@", "me@home.org", ".", "_", "aaaaaaaaaaaaaaaaaaaa", "\n", "cd",
        ]
        for _ in 0..<400 {
            let text = (0..<random.below(8)).map { _ in parts[random.below(parts.count)] }.joined()
            let isFound = matcher.isFound(in: Array(text.utf8))
            #expect(isFound == pattern.matches(text), "\(text)")
        }
    }

    @Test func `case is ignored where asked, and bytes that are no text are no obstacle`() throws {
        var matcher = BytePattern.Matcher(try BytePattern("time.*out", ignoresCase: true))
        let answers = [Array("TIME".utf8) + [0xFF, 0x80, 0xC3] + Array("Out".utf8), Array("timeou".utf8)].map { matcher.isFound(in: $0) }
        #expect(answers == [true, false])
    }

    @Test func `more states than are kept change nothing`() throws {
        let expression = "(a|b)*a(a|b){12}c"
        let pattern = try Pattern(expression)
        var matcher = BytePattern.Matcher(try BytePattern(expression))
        var random = SeededGenerator(seed: 9)
        for _ in 0..<60 {
            let text = (0..<200).map { _ in ["a", "b"][random.below(2)] }.joined() + (random.below(2) == 0 ? "c" : "")
            let isFound = matcher.isFound(in: Array(text.utf8))
            #expect(isFound == pattern.matches(text))
        }
    }

    @Test(arguments: ["(", "[a", "*", "a{2000}", "\\", "(?<x>a)(?=b)", "((((a{1000}){1000}){1000}){1000})"])
    func `what is no expression is refused`(expression: String) {
        #expect(throws: PatternError.self) { try BytePattern(expression) }
    }
}
