import JSONCore
import TestSupport
import Testing

struct JSONWriterTests {
    @Test func `every value reads back as itself`() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let value = random.value(depth: 4)
            #expect(try JSON.parse(JSON.encode(value)) == value)
            #expect(try JSON.parse(JSON.encode(value, pretty: true)) == value)
        }
    }

    @Test(
        arguments: [
            (JSONValue.integer(.min), "-9223372036854775808"), (.integer(10), "10"), (.double(0.1), "0.1"), (.double(1e21), "1e+21"),
            (.double(-0.0), "-0.0"),
            (.double(.infinity), "null"), (.double(.nan), "null"),
            ("a\"\\\n\r\t\u{8}\u{c}\u{0}\u{1f}/é😀", "\"a\\\"\\\\\\n\\r\\t\\b\\f\\u0000\\u001f/é😀\""),
            (["a": [1, .null, true]], "{\"a\":[1,null,true]}"), ([], "[]"), ([:], "{}"),
        ] as [(JSONValue, String)])
    func `values have one compact text`(value: JSONValue, text: String) {
        #expect(value.description == text)
    }

    @Test func `pretty text is indented by two spaces`() {
        let value: JSONValue = ["a": [1, [:]], "b": [:]]
        #expect(String(decoding: JSON.encode(value, pretty: true), as: UTF8.self) == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {}\n}")
    }
}
