import APIMachinery
import JSONCore
import Testing

@Suite struct JSONPatchTests {
    @Test(arguments: [
        (#"{"a":1}"#, #"[{"op":"add","path":"/b","value":2}]"#, #"{"a":1,"b":2}"#),
        (#"{"a":[1,3]}"#, #"[{"op":"add","path":"/a/1","value":2}]"#, #"{"a":[1,2,3]}"#),
        (#"{"a":[1]}"#, #"[{"op":"add","path":"/a/-","value":2}]"#, #"{"a":[1,2]}"#),
        (#"{"a":1,"b":2}"#, #"[{"op":"remove","path":"/a"}]"#, #"{"b":2}"#),
        (#"{"a":[1,2]}"#, #"[{"op":"remove","path":"/a/0"}]"#, #"{"a":[2]}"#),
        (#"{"a":1}"#, #"[{"op":"replace","path":"/a","value":null}]"#, #"{"a":null}"#),
        (#"{"a":{"b":1},"c":{}}"#, #"[{"op":"move","from":"/a/b","path":"/c/d"}]"#, #"{"a":{},"c":{"d":1}}"#),
        (#"{"a":{"b":1}}"#, #"[{"op":"copy","from":"/a","path":"/c"}]"#, #"{"a":{"b":1},"c":{"b":1}}"#),
        (#"{"a":{"b":1}}"#, #"[{"op":"copy","from":"/a","path":"/a/c"}]"#, #"{"a":{"b":1,"c":{"b":1}}}"#),
        (#"{"a":1.0}"#, #"[{"op":"test","path":"/a","value":1}]"#, #"{"a":1.0}"#),
        (#"{"a/b":1,"c~d":2}"#, #"[{"op":"remove","path":"/a~1b"},{"op":"replace","path":"/c~0d","value":3}]"#, #"{"c~d":3}"#),
        (#"{"a":1}"#, #"[{"op":"replace","path":"","value":[1]}]"#, "[1]"),
        (#"{"a":1}"#, "[]", #"{"a":1}"#),
        (#"{"a":{"x":1}}"#, #"[{"op":"test","path":"/a","value":{"x":1}},{"op":"test","path":"/b","value":null}]"#, #"{"a":{"x":1}}"#),
    ])
    func `operations change the document`(_ document: String, _ patch: String, _ expected: String) throws {
        #expect(try JSONPatch.apply(json(patch), to: json(document)) == json(expected))
    }

    @Test(arguments: [
        (#"{"a":1}"#, 400), ("3", 400), (#"[3]"#, 400), (#"[{"op":"what","path":"/a"}]"#, 400), (#"[{"op":"add","value":1}]"#, 400),
        (#"[{"op":"add","path":"/x"}]"#, 400), (#"[{"op":"add","path":"x","value":1}]"#, 400), (#"[{"op":"move","path":"/a"}]"#, 400),
        (#"[{"op":"remove","path":"/nope"}]"#, 422), (#"[{"op":"replace","path":"/nope","value":1}]"#, 422),
        (#"[{"op":"add","path":"/a/b/c","value":1}]"#, 422), (#"[{"op":"add","path":"/l/9","value":1}]"#, 422),
        (#"[{"op":"remove","path":"/l/-"}]"#, 422), (#"[{"op":"add","path":"/l/01","value":1}]"#, 422),
        (#"[{"op":"remove","path":"/l/99999999999999999999"}]"#, 422), (#"[{"op":"test","path":"/a","value":2}]"#, 422),
        (#"[{"op":"test","path":"/nope","value":2}]"#, 422), (#"[{"op":"move","from":"/o","path":"/o/x"}]"#, 422),
        (#"[{"op":"copy","from":"/nope","path":"/x"}]"#, 422), (#"[{"op":"remove","path":""}]"#, 422),
    ])
    func `a patch that does not fit is refused and changes nothing`(_ patch: String, _ code: Int) throws {
        let document = try json(#"{"a":1,"l":[1],"o":{"p":1}}"#)
        let operations = try json(patch)
        let error = #expect(throws: APIStatus.self) { try JSONPatch.apply(operations, to: document) }
        #expect(error?.code == code, "\(error?.message ?? "")")
    }

    @Test func `too many operations are refused`() {
        let operation: JSONValue = ["op": "add", "path": "/a", "value": 1]
        let error = #expect(throws: APIStatus.self) {
            try JSONPatch.apply(.array([JSONValue](repeating: operation, count: 10_001)), to: [:])
        }
        #expect(error?.code == 413)
        #expect(error?.message == "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001")
    }

    @Test func `copies that would grow without bound are refused`() {
        let double: JSONValue = ["op": "copy", "from": "/a", "path": "/a/-"]
        #expect(throws: APIStatus.self) {
            try JSONPatch.apply(.array([JSONValue](repeating: double, count: 60)), to: ["a": [1]])
        }
        let nest: JSONValue = ["op": "copy", "from": "", "path": "/a"]
        #expect(throws: APIStatus.self) {
            try JSONPatch.apply(.array([JSONValue](repeating: nest, count: 9999)), to: ["b": 1])
        }
    }

    @Test func `a diff turns one document into the other`() throws {
        var generator = ObjectGenerator(seed: 21)
        for _ in 0..<300 {
            let old = JSONValue.object(generator.object(TestSchemas.deployment))
            let new = JSONValue.object(generator.object(TestSchemas.deployment))
            #expect(try JSONPatch.apply(JSONPatch.diff(from: old, to: new), to: old) == new)
        }
    }
}

@Suite struct MergePatchTests {
    // The table of RFC 7386, appendix A.
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
        (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"), (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#), ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
        ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
    func `a merge patch changes the document`(_ document: String, _ patch: String, _ expected: String) throws {
        #expect(try MergePatch.apply(json(patch), to: json(document)) == json(expected))
    }

    @Test func `a diff turns one document into the other`() throws {
        var generator = ObjectGenerator(seed: 22)
        for _ in 0..<300 {
            let old = JSONValue.object(generator.object(TestSchemas.deployment))
            let new = JSONValue.object(generator.object(TestSchemas.deployment))
            #expect(try MergePatch.apply(MergePatch.diff(from: old, to: new), to: old) == new)
        }
    }

    @Test func `a patch that is nested too deep is refused`() {
        var deep: JSONValue = 1
        for _ in 0..<300 { deep = ["a": deep] }
        let patch = deep
        #expect(throws: APIStatus.self) { try MergePatch.apply(patch, to: [:]) }
        #expect(throws: APIStatus.self) { try StrategicMergePatch.apply(patch, to: [:], type: TestSchemas.pod) }
    }
}
