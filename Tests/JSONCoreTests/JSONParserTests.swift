import JSONCore
import Testing

struct JSONParserTests {
    @Test(
        arguments: [
            ("null", JSONValue.null), (" true ", .bool(true)), ("false", .bool(false)), ("0", .integer(0)), ("-0", .integer(0)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)),
            ("1.0", .double(1)), ("1e3", .double(1000)), ("-2.5E-3", .double(-0.0025)), ("5e-324", .double(.leastNonzeroMagnitude)),
            ("1e-400", .double(0)),
            ("\"\"", ""), ("\"a\\u0041\\n\\/\"", "aA\n/"), ("\"\\ud83d\\ude00\"", "😀"), ("\"é😀\"", "é😀"), ("[]", []), ("{}", [:]),
            ("[1,[2,[3]]]", [1, [2, [3]]]), ("{\"a\":{\"b\":[null]}}", ["a": ["b": [.null]]]),
            ("{\"a longer key than fits\":1}", ["a longer key than fits": 1]),
        ] as [(String, JSONValue)])
    func `a document becomes its value`(text: String, expected: JSONValue) throws {
        #expect(try JSON.parse(text) == expected)
    }

    @Test(arguments: [
        ("", JSONError.Code.unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("[1,", .unexpectedEnd, 3), ("{\"a\"", .unexpectedEnd, 4),
        ("\"abc", .unexpectedEnd, 4), ("tru", .unexpectedEnd, 0), ("nul!", .unexpectedCharacter, 0), ("[1,]", .unexpectedCharacter, 3),
        ("{,}", .unexpectedCharacter, 1), ("{\"a\":1,}", .unexpectedCharacter, 7), ("{a:1}", .unexpectedCharacter, 1),
        ("{\"a\" 1}", .unexpectedCharacter, 5),
        ("[1 2]", .unexpectedCharacter, 3), ("'a'", .unexpectedCharacter, 0), ("01", .invalidNumber, 0), ("-", .invalidNumber, 0),
        ("1.", .invalidNumber, 0),
        ("1e", .invalidNumber, 0), ("1e999", .invalidNumber, 0), ("+1", .unexpectedCharacter, 0), (".5", .unexpectedCharacter, 0),
        ("NaN", .unexpectedCharacter, 0),
        ("\"\\x\"", .invalidEscape, 1), ("\"\\u12g4\"", .invalidEscape, 1), ("\"\\ud800\"", .invalidEscape, 1),
        ("\"\\udc00\"", .invalidEscape, 1),
        ("\"\\ud800\\u0041\"", .invalidEscape, 1), ("\"a\nb\"", .controlCharacter, 2), ("\"a\u{0}\"", .controlCharacter, 2),
        ("1 2", .trailingData, 2),
        ("{} x", .trailingData, 3), ("{\"a\":1,\"b\":2,\"a\":3}", .duplicateKey, 13), ("[1,2\u{b}]", .unexpectedCharacter, 4),
        ("[{\"a\":{\"x\":1,\"x\":1}}]", .duplicateKey, 13), ("// a", .unexpectedCharacter, 0), ("\"\\", .unexpectedEnd, 2),
    ])
    func `a broken document is refused at the place of its fault`(text: String, code: JSONError.Code, offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
        #expect(error?.code == code)
        #expect(error?.offset == offset)
    }

    @Test(
        arguments: [
            [0xFF], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80],
            [0x80], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xE2, 0x28, 0xA1],
        ] as [[UInt8]])
    func `bytes that are not UTF-8 are refused where they start`(bytes: [UInt8]) {
        let error = #expect(throws: JSONError.self) { try JSON.parse(Array("[\"ok é ok ok\",\"abcdefgh".utf8) + bytes + Array("\"]".utf8)) }
        #expect(error?.code == .invalidUTF8)
        #expect(error?.offset == 24)
    }

    @Test func `nesting is allowed up to the limit and refused beyond`() throws {
        func nested(_ depth: Int) -> [UInt8] { Array(repeating: 0x5B, count: depth) + Array(repeating: 0x5D, count: depth) }
        _ = try JSON.parse(nested(256))
        #expect(throws: JSONError.self) { try JSON.parse(nested(257)) }
        #expect(throws: JSONError.self) { try JSON.parse(nested(1_000_000), limits: JSONLimits(maximumDepth: .max)) }
        _ = try JSON.parse(nested(JSONLimits.deepestDepth), limits: JSONLimits(maximumDepth: .max))
    }

    @Test func `a document above the size limit is refused unread`() {
        let error = #expect(throws: JSONError.self) { try JSON.parse("[1,2,3]", limits: JSONLimits(maximumBytes: 6)) }
        #expect(error?.code == .tooLarge)
    }

    @Test func `a repeated key can be reported instead and its last value wins`() throws {
        var duplicates: [JSONPointer] = []
        let value = try JSON.parse(Array("{\"a\":1,\"b\":[{\"c\":1,\"c\":2}],\"a\":3}".utf8), duplicateKeys: &duplicates)
        #expect(value == ["a": 3, "b": [["c": 2]]])
        #expect(duplicates.map(\.description) == ["/b/0/c", "/a"])
    }

    @Test(arguments: ["{\"name\":1,\"\\u006eame\":2}", "{\"a long enough key\":1,\"a long\\u0020enough key\":2}", "{\"\\/\":1,\"/\":2}"])
    func `a repeated key is found however it is escaped`(text: String) throws {
        let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
        #expect(error?.code == .duplicateKey)
        var duplicates: [JSONPointer] = []
        let value = try JSON.parse(Array(text.utf8), duplicateKeys: &duplicates)
        #expect(duplicates.count == 1)
        #expect(value.objectValue?.map(\.value) == [2])
    }

    @Test func `a message escapes what it quotes`() {
        let error = #expect(throws: JSONError.self) { try JSON.parse(#"{"\u001b[2J\"\u0085":1,"\u001b[2J\"\u0085":2}"#) }
        #expect(error?.message == #"duplicate key "\x1b[2J\"\u0085""#)
    }

    @Test func `a repeated key among a thousand is found too`() throws {
        let members = (0..<1000).map { "\"key-\($0)\":\($0)" } + ["\"key-7\":0"]
        let text = "{\(members.joined(separator: ","))}"
        let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
        #expect(error?.code == .duplicateKey)
        var duplicates: [JSONPointer] = []
        let value = try JSON.parse(Array(text.utf8), duplicateKeys: &duplicates)
        #expect(duplicates.map(\.description) == ["/key-7"])
        #expect(value["key-7"] == 0)
        #expect(value.objectValue?.count == 1000)
    }

    @Test func `part of an array parses with offsets of its own`() {
        let error = #expect(throws: JSONError.self) { try JSON.parse(Array("xxx[1;".utf8)[3...]) }
        #expect(error?.offset == 2)
    }
}
