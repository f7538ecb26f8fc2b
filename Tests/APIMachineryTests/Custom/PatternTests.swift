import Testing

@testable import APIMachinery

@Suite struct PatternTests {
    @Test(arguments: [
        ("^[a-z]([-a-z0-9]*[a-z0-9])?$", "my-name", true), ("^[a-z]([-a-z0-9]*[a-z0-9])?$", "My", false),
        ("^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$", "* * * * */5", true), ("^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$", "* * *", false),
        ("b", "abc", true), ("^b", "abc", false), ("a.c", "a\nc", false), ("(?s)a.c", "a\nc", true), ("(?i)straße", "STRASSE straße", true),
        ("(?i)^AbC$", "aBc", true), ("(?i:a)b", "Ab", true), ("(?i:a)b", "AB", false), ("^$", "", true), ("x*", "", true),
        ("\\bfoo\\b", "a foo b", true), ("\\bfoo\\b", "afoob", false), ("a{2,3}$", "xaaa", true), ("^a{2,3}$", "aaaa", false),
        ("a{,3}", "a{,3}", true), ("[[:alpha:]]+", "x", true), ("[^[:digit:]]", "7", false), ("\\p{Lu}", "a", false), ("\\pL", "é", true),
        ("[\\w.-]+@", "a.b-c@", true), ("\\x41\\x{1F600}", "A😀", true), ("\\Qa.b\\E", "a.b", true), ("\\Qa.b\\E", "axb", false),
        ("(?m)^b$", "a\nb", true), ("^(a|b|cd)+$", "abcd", true), ("^(a|b|cd)+$", "abc", false), ("[]a]", "]", true), ("[a-]", "-", true),
        ("^(?P<year>[0-9]{4})-(?:0|1)", "2026-0", true), ("\\07", "\u{7}", true), ("a||b", "zzz", true), ("é", "e\u{301}", false),
    ])
    func `an expression matches as Go's does`(_ pattern: String, _ text: String, _ expected: Bool) throws {
        #expect(try Pattern(pattern).matches(text) == expected)
    }

    @Test(arguments: [
        ("(", "missing closing ): `(`"), ("a)", "unexpected ): `a)`"), ("[a", "missing closing ]: `[a`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"), ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?!a)", "invalid or unsupported Perl syntax: `(?!`"), ("(?<!a)", "invalid or unsupported Perl syntax: `(?<!`"),
        ("\\1", "invalid escape sequence: `\\1`"), ("\\", "trailing backslash at end of expression: ``"),
        ("[z-a]", "invalid character class range: `z-a`"), ("a{1001}", "invalid repeat count: `{1001}`"),
        ("\\p{Nope}", "invalid character class range: `\\p{Nope}`"),
        ("((a{1000}){1000}){1000}", "expression too large: `((a{1000}){1000}){1000}`"),
    ])
    func `what is no expression is refused in Go's words`(_ pattern: String, _ expected: String) {
        let error = #expect(throws: PatternError.self) { _ = try Pattern(pattern) }
        #expect(error?.description == "error parsing regexp: \(expected)")
    }

    @Test func `deep nesting is refused instead of followed`() {
        let deep = String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000)
        #expect(throws: PatternError.self) { _ = try Pattern(deep) }
    }

    @Test func `empty repetitions of empty repetitions take no time`() throws {
        #expect(try Pattern("(((((){1000}){1000}){1000}){1000}){1000}x").matches("x") == true)
    }

    @Test func `expressions that ruin backtracking take linear time`() throws {
        let text = String(repeating: "a", count: 20_000)
        #expect(try Pattern("^(a+)+$").matches("\(text)!") == false)
        #expect(try Pattern("(x+x+)+y").matches(String(repeating: "x", count: 20_000)) == false)
    }

    @Test func `a match that would take too long is given up`() throws {
        let pattern = try Pattern("(a?){1000}(a?){1000}(a?){1000}(a?){1000}b$")
        #expect(pattern.matches(String(repeating: "a", count: 100_000), limit: 100_000) == nil)
    }

    @Test func `random expressions are read or refused, never more`() {
        var random = SystemRandomNumberGenerator()
        let parts = Array("ab(){}[]*+?|^$.\\dpL-,019:=!<>Px i\u{E9}")
        for _ in 0..<20_000 {
            let text = String((0..<Int.random(in: 0..<14, using: &random)).map { _ in parts.randomElement(using: &random)! })
            guard let pattern = try? Pattern(text) else { continue }
            _ = pattern.matches("ab1 é(a)")
        }
    }
}
