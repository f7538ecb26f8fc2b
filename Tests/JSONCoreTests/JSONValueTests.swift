import JSONCore
import Testing

struct JSONValueTests {
    @Test func `texts that only look alike are different values and different keys`() {
        let (composed, apart) = ("caf\u{E9}", "cafe\u{301}")
        #expect(composed == apart)
        #expect(JSONValue.string(composed) != .string(apart))
        #expect(JSONValue.array([.string(composed)]) != [.string(apart)])
        #expect(JSONValue.object([composed: 1, "b": 2]) != ["b": 2, apart: 1])
        #expect(JSONValue.object([composed: 1, "b": 2]) == ["b": 2, composed: 1])
        let long = String(repeating: composed, count: 100)
        #expect(JSONValue.string(long) == .string(long))
        #expect(JSONValue.string(long) == .string(String(long.map { $0 })))
    }

    @Test(arguments: ["", "plain and longer than what a String holds without storage"])
    func `texts of the same length that only look alike are different values`(prefix: String) {
        // The order of two marks on one letter is all that differs.
        let (first, second) = ("\(prefix)e\u{327}\u{301}", "\(prefix)e\u{301}\u{327}")
        #expect(first == second && first.utf8.count == second.utf8.count)
        #expect(JSONValue.string(first) != .string(second))
        #expect(JSONValue.string(prefix) == .string(String(prefix.map { $0 })))
    }

    @Test func `objects are equal and hash alike in any order`() {
        let left: JSONValue = ["a": 1, "b": ["x": 1, "y": 2]]
        let right: JSONValue = ["b": ["y": 2, "x": 1], "a": 1]
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(left != ["a": 1, "b": ["x": 1, "y": 3]])
        #expect(left != ["a": 1, "c": ["x": 1, "y": 2]])
        #expect(JSONValue.integer(1) != .double(1))
    }

    @Test func `setting a path creates the objects on the way and nil removes only the last member`() {
        var value: JSONValue = .null
        value["metadata", "labels", "app"] = "web"
        #expect(value == ["metadata": ["labels": ["app": "web"]]])
        value["metadata", "labels", "app"] = nil
        #expect(value == ["metadata": ["labels": [:]]])
        value["spec", "replicas"] = nil
        #expect(value["spec"] == nil)
        value["metadata", "name", "deeper"] = 1
        #expect(value["metadata", "name", "deeper"] == 1)
        value["metadata"] = nil
        #expect(value == [:])
    }

    @Test func `a large object finds, replaces and removes by key`() {
        var object = JSONObject()
        for number in 0..<500 { object["key-\(number)"] = .integer(Int64(number)) }
        object["key-3"] = "three"
        object["key-0"] = nil
        #expect(object.count == 499)
        #expect(object["key-3"] == "three")
        #expect(object["key-499"] == 499)
        object.removeAll { $0.value.integerValue.map { $0 > 10 } ?? false }
        #expect(object.keys == (1...10).map { "key-\($0)" })
        #expect(object["key-10"] == 10)
    }

    @Test func `depth is measured without walking further than asked`() {
        var value: JSONValue = 1
        for _ in 0..<300 { value = [value] }
        #expect(value.isDeeper(than: 256))
        #expect(value.isDeeper(than: 299))
        #expect(!value.isDeeper(than: 300))
    }

    @Test(arguments: [
        ("", [], ""), ("/a/b", ["a", "b"], "a.b"), ("/a~1b/m~0n", ["a/b", "m~n"], "[a/b][m~n]"),
        ("/spec/containers/0/image", ["spec", "containers", "0", "image"], "spec.containers[0].image"),
        ("/", [""], "[]"), ("/metadata/labels/example.com~1x", ["metadata", "labels", "example.com/x"], "metadata.labels[example.com/x]"),
    ])
    func `a pointer reads and writes its text form`(text: String, tokens: [String], fieldPath: String) throws {
        let pointer = try JSONPointer(parsing: text)
        #expect(pointer.tokens == tokens)
        #expect(pointer.description == text)
        #expect(pointer.fieldPath == fieldPath)
    }

    @Test(arguments: ["a", "/~", "/~2", "/a~"])
    func `a broken pointer is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONPointer(parsing: text) }
    }

    @Test func `a pointer leads through objects and arrays`() throws {
        let value: JSONValue = ["a": [10, ["b": 20]]]
        #expect(value[pointer: try JSONPointer(parsing: "/a/1/b")] == 20)
        #expect(value[pointer: try JSONPointer(parsing: "/a/01")] == nil)
        #expect(value[pointer: try JSONPointer(parsing: "/a/2")] == nil)
        #expect(value[pointer: try JSONPointer(parsing: "/a/-")] == nil)
        #expect(value[pointer: .root] == value)
    }

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")])
    func `base64 goes both ways`(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }

    @Test(arguments: ["Zg", "Zg=", "Z===", "Zg==Zg==", "Z!==", "===="])
    func `broken base64 is refused`(encoded: String) {
        #expect(Base64.decode(encoded) == nil)
    }
}
