import JSONCore
import Testing

@testable import APIServer

struct ValueDifferenceTests {
    @Test func `each place that differs is told with what was and what is`() {
        let old: JSONValue = ["a": 1, "list": [["name": "x", "on": true], ["name": "y"]], "gone": ["b": "c"], "same": [1]]
        let new: JSONValue = ["list": [["name": "x", "on": false]], "a": "1", "same": [1], "new": []]
        let lines = [
            "- spec.a: 1", "+ spec.a: \"1\"", "- spec.list[0].on: true", "+ spec.list[0].on: false", "- spec.list[1]: {\"name\":\"y\"}",
            "- spec.gone: {\"b\":\"c\"}", "+ spec.new: []",
        ]
        #expect(ValueDifference.text(old, new, path: "spec") == lines.joined(separator: "\n"))
        #expect(ValueDifference.text(old, old, path: "spec").isEmpty)
    }

    @Test func `what is much is cut`() {
        let long = ValueDifference.text([:], ["a": .string(String(repeating: "x", count: 5000))], path: "s")
        #expect(long.count < 250 && long.hasSuffix("…"))
        let (old, new) = ((0..<500).map { JSONValue.integer($0) }, (0..<500).map { JSONValue.integer($0 + 1) })
        let many = ValueDifference.text(.array(old), .array(new), path: "s").split(separator: "\n")
        #expect(many.count == 41 && many.last == "…")
    }
}
