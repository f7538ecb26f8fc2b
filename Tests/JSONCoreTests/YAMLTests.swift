import JSONCore
import Testing

struct YAMLTests {
    @Test(
        arguments: [
            ("0644", JSONValue.integer(420)), ("0o17", 15), ("0x1f", 31), ("0X1F", 31), ("0b101", 5), ("1_000", 1000), ("+5", 5),
            ("-0x10", -16), ("-0644", -420), ("00", 0),
            ("08", 8), ("1.0", 1), ("1e3", 1000), ("1.5", 1.5), (".5", 0.5), ("1.", 1), ("1_0.5", 10.5), ("-.5", -0.5), ("1e-7", 1e-7),
            ("0o9", "0o9"), ("0xg", "0xg"),
            ("9223372036854775807", .integer(.max)), ("9223372036854775808", .double(9_223_372_036_854_775_808)),
            ("0xffffffffffffffff", .double(18_446_744_073_709_551_616)),
            ("yes", true), ("no", false), ("on", true), ("Off", false), ("y", true), ("N", false), ("TRUE", true), ("tRUE", "tRUE"),
            ("~", .null), ("null", .null), ("", .null), ("nULL", "nULL"),
            ("2026-01-02", "2026-01-02"), ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"), ("12:30:45", "12:30:45"), ("'yes'", "yes"),
            ("\"0644\"", "0644"), ("_1", "_1"),
            ("1.2.3", "1.2.3"), ("10.0.0.1", "10.0.0.1"), ("-", .array([.null])), ("--flag", "--flag"), ("!!str 12", "12"),
            ("!!str yes", "yes"), ("!!int '12'", 12), ("!!float 1", 1),
            ("!!binary aGk=", "hi"), ("!custom 12", "12"), ("<<", "<<"), ("|\n  a\n  b\n", "a\nb\n"), (">-\n  a\n  b\n", "a b"),
            ("100m", "100m"), ("1Gi", "1Gi"), ("0.5.", "0.5."),
        ] as [(String, JSONValue)])
    func `a scalar is what kubectl takes it for`(text: String, expected: JSONValue) throws {
        #expect(try YAML.parseSingle(text).value == expected)
        if expected.arrayValue == nil, !text.contains("\n") {
            #expect(try YAML.parseSingle("key: \(text)").value == ["key": expected])
        }
    }

    @Test(arguments: [("yes: 1", "true"), ("1: 1", "1"), ("0644: 1", "420"), ("1.5: 1", "1.5"), ("'no': 1", "no"), ("? long\n: 1", "long")])
    func `keys become text`(text: String, key: String) throws {
        #expect(try YAML.parseSingle(text).value == [key: 1])
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3", 2, 0, "duplicate key \"a\", first on line 1"),
        ("a:\n\tb: 1", 1, 0, "a tab cannot be used for indentation; use spaces"),
        ("a: .inf", 0, 3, "is a number that JSON does not have"), ("a: b: c", 0, 4, "check the indentation"),
        ("a: 1\n b: 2", 1, 2, "check the indentation"),
        ("a: *x", 0, 3, "no anchor"), ("a: &x [*x]", 0, 7, "inside its own anchor"), ("a: @b", 0, 3, "\"@\" cannot start a value"),
        ("a: [1, 2", 0, 8, "\"]\""),
        ("null: 1", 0, 0, "null cannot be a key"), ("? [a]\n: 1", 0, 2, "a key must be text"), ("<<: 1", 0, 4, "merges a map"),
        ("a: \"x", 0, 5, "the text ends"),
        ("é: 1\né: 2", 1, 0, "duplicate key"), ("a: \u{1}", 0, 3, "control character"), ("a: !!int x", 0, 3, "is no int"),
        ("- a\nb: 1", 1, 0, "list item"),
    ])
    func `broken text is refused with its place and what to change`(text: String, line: Int, column: Int, message: String) {
        let error = #expect(throws: YAMLError.self) { try YAML.parse(text) }
        #expect(error?.message.contains(message) == true, "\(error.map(String.init(describing:)) ?? "")")
        #expect(error?.mark.line == line)
        #expect(error?.mark.column == column)
    }

    @Test func `invalid UTF-8 is refused with its place`() {
        let error = #expect(throws: YAMLError.self) { try YAML.parse(Array("a: é\nb: ".utf8) + [0xFF]) }
        #expect(error?.mark == YAMLMark(line: 1, column: 3, offset: 9))
    }

    @Test func `keys and values know where they stand`() throws {
        let document = try YAML.parseSingle("# top\nmetadata:\n  name: é\n  labels: {app: web, x: y}\nspec:\n- image: a\n- image: b\n")
        func mark(_ pointer: String) throws -> [Int]? {
            try document.mark(of: JSONPointer(parsing: pointer)).map { [$0.line, $0.column, $0.offset] }
        }
        func keyMark(_ pointer: String) throws -> [Int]? {
            try document.keyMark(of: JSONPointer(parsing: pointer)).map { [$0.line, $0.column, $0.offset] }
        }
        #expect(try mark("/metadata/name") == [2, 8, 24])
        #expect(try keyMark("/metadata/labels/x") == [3, 21, 48])
        #expect(try mark("/spec/1/image") == [6, 9, 80])
        #expect(try keyMark("/spec") == [4, 0, 54])
        #expect(try mark("/spec/2") == nil)
        #expect(try document.nearestMark(of: JSONPointer(parsing: "/metadata/missing")).line == 1)
        #expect(document.range == 0..<7 || document.range == 1..<7)
    }

    @Test func `aliases and merge keys expand, explicit keys win`() throws {
        let text = """
            base: &base {image: a, tag: 1}
            other: &other {tag: 2, extra: x}
            one:
              tag: 9
              <<: *base
            two:
              <<: [*base, *other]
            copy: *base
            """
        let value = try YAML.parseSingle(text).value
        #expect(value["one"] == ["tag": 9, "image": "a"])
        #expect(value["two"] == ["image": "a", "tag": 1, "extra": "x"])
        #expect(value["copy"] == ["image": "a", "tag": 1])
    }

    @Test func `aliases that multiply are stopped`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let repeated = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(repeated)]\n"
        }
        let error = #expect(throws: YAMLError.self) { try YAML.parse(text) }
        #expect(error?.message.contains("aliases repeat too much") == true)
    }

    @Test func `depth is bounded through aliases too`() throws {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        _ = try YAML.parse(nested(256))
        #expect(throws: YAMLError.self) { try YAML.parse(nested(257)) }
        #expect(throws: YAMLError.self) {
            try YAML.parse("a: &a \(nested(200))\nb: [[[[[[\(String(repeating: "[", count: 60))*a\(String(repeating: "]", count: 66))")
        }
    }

    @Test func `every document of a text is read with its lines`() throws {
        let documents = try YAML.parse("a: 1\n---\n# only a comment\n---\nb: 2\nc: 3\n...\n---\nd: 4\n")
        #expect(documents.map(\.value) == [["a": 1], .null, ["b": 2, "c": 3], ["d": 4]])
        #expect(documents.map(\.range) == [0..<1, 1..<3, 3..<7, 7..<9])
        #expect(try YAML.parse("").isEmpty)
        #expect(try YAML.parse("# nothing\n").isEmpty)
        #expect(throws: YAMLError.self) { try YAML.parseSingle("a: 1\n---\nb: 2") }
        #expect(try YAML.parseSingle("\u{FEFF}a: 1").value == ["a": 1])
        #expect(try YAML.parseSingle("a: 1\r\nb: 2\r\n").value == ["a": 1, "b": 2])
    }

    @Test func `JSON is read as YAML`() throws {
        #expect(try YAML.parseSingle("{\n\t\"a\": [1, \"x\\/y\", null],\n\t\"b\": {}\n}").value == ["a": [1, "x/y", .null], "b": [:]])
    }
}
