import JSONCore
import TestSupport
import Testing

@testable import APIMachinery

@Suite struct FieldSetTests {
    @Test(arguments: [
        "{}", #"{"f:a":{}}"#, #"{"f:a":{".":{},"f:b":{}}}"#, #"{"f:a":{"k:{\"name\":\"x\"}":{".":{},"f:b":{}},"v:1":{},"v:\"t\"":{}}}"#,
        #"{"f:a\"b":{},"f:é":{}}"#, #"{"f:l":{"i:0":{}}}"#,
    ])
    func `the text of a set is read back`(text: String) throws {
        let set = try #require(FieldSet(fieldsV1: try JSON.parse(text)))
        var out: [UInt8] = []
        set.write(into: &out)
        #expect(String(decoding: out, as: UTF8.self) == text)
    }

    @Test(arguments: [
        #"{"x:a":{}}"#, #"{"a":{}}"#, #"{"f":{}}"#, #"{"k:[1]":{}}"#, #"{"v:{":{}}"#, #"{"i:x":{}}"#, #"{"f:a":1}"#, "[]", "1",
        #"{"k:{\"a\":1,\"b\":2}":{},"k:{\"b\":2,\"a\":1}":{}}"#,
    ])
    func `what is no set is refused`(text: String) throws {
        #expect(FieldSet(fieldsV1: try JSON.parse(text)) == nil)
    }

    @Test func `numbers are ordered as numbers`() throws {
        let set = FieldSet(paths: [443, 80, 8080].map { [.key([.init(name: "containerPort", value: .integer($0))])] })
        #expect(set.nodes.map(\.element.description) == ["[containerPort=80]", "[containerPort=443]", "[containerPort=8080]"])
    }

    @Test func `a parent in the other set takes away what is below it only when asked`() {
        let set = FieldSet(paths: [[.field("a"), .field("b")], [.field("c")]])
        let parent = FieldSet(paths: [[.field("a")]])
        #expect(set.subtracting(parent) == set)
        #expect(set.subtractingRecursively(parent) == FieldSet(paths: [[.field("c")]]))
    }

    @Test func `the operations obey the laws of sets`() {
        var random = SeededGenerator(seed: 7)
        func some() -> FieldSet {
            FieldSet(
                paths: (0..<Int.random(in: 0...12, using: &random)).map { _ in
                    (0..<Int.random(in: 1...3, using: &random)).map { _ in .field(["a", "b", "c", "d"].randomElement(using: &random)!) }
                })
        }
        for _ in 0..<500 {
            let (a, b, c) = (some(), some(), some())
            #expect(a.union(b) == b.union(a))
            #expect(a.union(b).union(c) == a.union(b.union(c)))
            #expect(a.intersection(b) == b.intersection(a))
            #expect(a.intersection(b) == a.subtracting(a.subtracting(b)))
            #expect(a.subtracting(b).union(a.intersection(b)) == a)
            #expect(a.subtracting(a).isEmpty)
            #expect(a.subtracting(b).intersection(b).isEmpty)
            #expect(a.union(b).count == a.count + b.count - a.intersection(b).count)
        }
    }
}
