import JSONCore
import Testing

@testable import APIMachinery

/// The bytes that Go's generated code writes, spelt out.
@Suite struct ProtobufEncoderTests {
    private func message(_ build: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        build(&writer)
        return writer.bytes
    }

    /// The object inside a body.
    private func raw(_ body: [UInt8]) throws -> [UInt8] {
        #expect(body.starts(with: ProtobufDecoder.magic))
        return try body.withUnsafeBufferPointer { buffer in
            var reader = ProtobufReader(UnsafeBufferPointer(rebasing: buffer[4...]))
            while !reader.isAtEnd {
                let (number, wire) = try reader.field()
                if number == 2 { return Array(try reader.message().rest) }
                try reader.skip(wire, number: number)
            }
            return []
        }
    }

    private func encoded(_ text: String, _ type: TypeSchema) throws -> [UInt8] {
        try raw(ProtobufEncoder.encode(json: Array(text.utf8), type: type, kind: try #require(type.gvk)))
    }

    @Test func `a body is the magic, the kind and the object`() throws {
        let body = try ProtobufEncoder.encode(["kind": "Pod", "apiVersion": "v1"], type: TestSchemas.pod)
        #expect(body == [0x6B, 0x38, 0x73, 0, 0x0A, 0x09, 0x0A, 0x02, 0x76, 0x31, 0x12, 0x03, 0x50, 0x6F, 0x64, 0x12, 0, 0x1A, 0, 0x22, 0])
    }

    @Test func `fields come in the order of their numbers, whatever order the text has`() throws {
        let expected = message {
            $0.delimited(
                1,
                message {
                    $0.string(1, "p")
                    $0.varint(7, 2)
                })
            $0.delimited(
                2,
                message {
                    $0.string(3, "Always")
                    $0.varint(4, 0)
                    $0.string(10, "n")
                })
        }
        let text = #"{"spec":{"nodeName":"n","terminationGracePeriodSeconds":0,"restartPolicy":"Always"},"metadata":{"generation":2,"name":"p"}}"#
        #expect(try encoded(text, TestSchemas.pod) == expected)
    }

    @Test func `the fields of an inlined message are one message`() throws {
        let schema = """
            group x/v1
            kind x/v1 Thing things namespaced
            type Thing
              last   9 string
              deep   2.2.1 string
              wide   2.1 int32
              deeper 2.2.3 bool
              first  1 string
            """
        let registry = try SchemaRegistry(schemas: [SchemaFile(name: "x", text: schema)])
        let type = try #require(registry.type("x.v1.Thing"))
        let expected = message {
            $0.string(1, "f")
            $0.delimited(
                2,
                message {
                    $0.varint(1, 7)
                    $0.delimited(
                        2,
                        message {
                            $0.string(1, "d")
                            $0.varint(3, 1)
                        })
                })
            $0.string(9, "l")
        }
        #expect(try encoded(#"{"deeper":true,"last":"l","wide":7,"first":"f","deep":"d"}"#, type) == expected)
    }

    @Test(arguments: [0, 1, 127, 128, 16383, 16384, 2_097_151, 2_097_152])
    func `lengths of every size stand before what they measure`(count: Int) throws {
        let text = String(repeating: "x", count: count)
        let inner = message { $0.string(1, text) }
        let expected = message { $0.delimited(1, inner) }
        var writer = ProtobufWriter()
        let place = writer.open(1)
        writer.string(1, text)
        writer.close(place)
        #expect(writer.bytes == expected)
        let pod = try ProtobufEncoder.encode(["metadata": ["name": .string(text)]], type: TestSchemas.pod)
        #expect(try raw(pod) == expected)
    }

    @Test func `what has another shape is left out`() throws {
        let text = #"""
            {"metadata":{"name":7,"labels":[1],"generation":"x","creationTimestamp":null,"finalizers":{"a":1},"deletionTimestamp":"never"},
             "spec":{"containers":{},"hostNetwork":"yes","nodeName":"n"},"unknown":{"deep":[{"a":"}"}]}}
            """#
        let expected = message {
            $0.delimited(1, [UInt8]())
            $0.delimited(2, message { $0.string(10, "n") })
        }
        #expect(try encoded(text, TestSchemas.pod) == expected)
    }

    @Test func `texts with escapes are written as what they mean`() throws {
        let text = #"{"metadata":{"name":"a\"\\\u00e9\ud83d\ude80","labels":{"k\n":"\t"}}}"#
        let expected = message {
            $0.delimited(
                1,
                message {
                    $0.string(1, "a\"\\é🚀")
                    $0.delimited(
                        11,
                        message {
                            $0.string(1, "k\n")
                            $0.string(2, "\t")
                        })
                })
        }
        #expect(try encoded(text, TestSchemas.pod) == expected)
    }

    @Test func `a watch event is a frame around a whole body`() throws {
        let kind = try #require(TestSchemas.pod.gvk)
        let json = Array(#"{"metadata":{"name":"p"}}"#.utf8)
        let body = try ProtobufEncoder.encode(json: json, type: TestSchemas.pod, kind: kind)
        let event = message {
            $0.string(1, "ADDED")
            $0.delimited(2, message { $0.delimited(1, body) })
        }
        var frames: [UInt8] = [9]
        try ProtobufEncoder.appendEvent("ADDED", json: json, type: TestSchemas.pod, kind: kind, to: &frames)
        #expect(frames == [9, 0, 0, 0, UInt8(event.count)] + event)
    }

    @Test func `a list is the same written whole and item by item, and leaves out what is damaged`() throws {
        let type = TestSchemas.pod
        let kind = GroupVersionKind(group: "", version: "v1", kind: "PodList")
        let items = (0..<300).map { #"{"metadata":{"name":"pod-\#($0)","uid":"\#(String(repeating: "u", count: $0))"}}"# }
        let metadata = ListMeta(resourceVersion: "7", continueToken: "next", remainingItemCount: 300)
        let head = #"{"kind":"PodList","apiVersion":"v1","metadata":\#(JSONValue.object(metadata.object)),"items":["#
        let whole = "\(head)\(items.joined(separator: ","))]}"
        var list = ProtobufListEncoder(kind, of: type, metadata: metadata, capacity: 0)
        for (index, item) in items.enumerated() {
            try list.append(Array(item.utf8))
            guard index % 50 == 0 else { continue }
            let error = #expect(throws: APIStatus.self) { try list.append(Array(item.utf8.dropLast(9))) }
            #expect(error?.message.contains("the Pod cannot be written as protobuf: the JSON text is damaged at byte ") == true)
        }
        let type2 = try #require(TestSchemas.registry.type(kind: kind))
        #expect(try list.finish() == ProtobufEncoder.encode(json: Array(whole.utf8), type: type2, kind: kind))
    }

    @Test func `damaged text is an error and never a trap`() throws {
        var generator = ObjectGenerator(seed: 45)
        let kind = try #require(TestSchemas.pod.gvk)
        var failures = 0
        for _ in 0..<3000 {
            var text = JSON.encode(.object(generator.object(TestSchemas.pod)))
            for _ in 0..<Int.random(in: 1...4, using: &generator.random) {
                let index = Int.random(in: text.indices, using: &generator.random)
                switch Int.random(in: 0..<4, using: &generator.random) {
                case 0: text[index] = UInt8.random(in: 0...255, using: &generator.random)
                case 1: text.remove(at: index)
                case 2: text.removeLast(min(text.count - 1, Int.random(in: 0..<20, using: &generator.random)))
                default: text.insert([0x22, 0x5C, 0x7B, 0x5D, 0x2C].randomElement(using: &generator.random) ?? 0, at: index)
                }
            }
            var body: [UInt8] = [1, 2]
            do {
                try ProtobufEncoder.append(json: text, type: TestSchemas.pod, kind: kind, to: &body)
            } catch {
                failures += 1
                #expect(error.code == 500)
                #expect(body == [1, 2])
            }
        }
        #expect(failures > 500)
    }

    @Test(arguments: ["", "{", "[", "\"", "{\"", "{\"a", "{\"a\\", "{\"spec\":", "{\"spec\":{\"x\":", "nul", "{\"metadata\":{\"name\":\"\\u12"])
    func `text that ends early is an error`(text: String) throws {
        let kind = try #require(TestSchemas.pod.gvk)
        #expect(throws: APIStatus.self) { try ProtobufEncoder.encode(json: Array(text.utf8), type: TestSchemas.pod, kind: kind) }
    }

    @Test func `nesting beyond every limit is an error`() throws {
        let type = TestSchemas.pod
        let deep = #"{"spec":\#(String(repeating: "[", count: 100_000))"#
        #expect(throws: APIStatus.self) { try ProtobufEncoder.encode(json: Array(deep.utf8), type: type, kind: try #require(type.gvk)) }
    }
}
