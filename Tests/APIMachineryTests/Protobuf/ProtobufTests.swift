import JSONCore
import Testing

@testable import APIMachinery

@Suite struct ProtobufTests {
    func body(_ apiVersion: String, _ kind: String, _ raw: ProtobufWriter) -> [UInt8] {
        var meta = ProtobufWriter()
        meta.string(1, apiVersion)
        meta.string(2, kind)
        var unknown = ProtobufWriter()
        unknown.delimited(1, meta.bytes)
        unknown.delimited(2, raw.bytes)
        return ProtobufDecoder.magic + unknown.bytes
    }

    func message(_ build: (inout ProtobufWriter) -> Void) -> ProtobufWriter {
        var writer = ProtobufWriter()
        build(&writer)
        return writer
    }

    @Test func `what is written is read back`() throws {
        for (seed, type) in [(41, TestSchemas.pod), (42, TestSchemas.deployment), (43, TestSchemas.type("core.v1.Secret"))]
            as [(UInt64, TypeSchema)]
        {
            var generator = ObjectGenerator(seed: seed)
            for _ in 0..<300 {
                let object = JSONValue.object(generator.object(type))
                let bytes = try ProtobufEncoder.encode(object, type: type)
                #expect(try ProtobufDecoder.decode(bytes, registry: TestSchemas.registry) == object)
                #expect(ProtobufDecoder.kind(of: bytes) == type.gvk)
            }
        }
    }

    @Test func `fields as a Go client writes them read as JSON would give them`() throws {
        // Go writes every field that is no pointer: empty texts, false, zero, empty times and empty structs.
        let container = message {
            $0.string(1, "c")
            $0.string(2, "")
            $0.string(3, "sh")
            $0.delimited(8, [])
            $0.varint(16, 0)
            $0.delimited(
                6,
                message {
                    $0.string(1, "")
                    $0.varint(2, 0)
                    $0.varint(3, 80)
                    $0.string(4, "")
                }.bytes)
            $0.delimited(
                7,
                message {
                    $0.string(1, "E")
                    $0.string(2, "")
                }.bytes)
        }
        let volume = message {
            $0.string(1, "v")
            $0.delimited(2, message { $0.delimited(2, message { $0.string(1, "") }.bytes) }.bytes)
        }
        let spec = message {
            $0.delimited(1, volume.bytes)
            $0.delimited(2, container.bytes)
            $0.string(3, "Always")
            $0.varint(4, 0)
            $0.varint(11, 0)
            $0.delimited(14, [])
            $0.varint(99, 7)
            $0.delimited(
                32,
                message {
                    $0.string(1, "cpu")
                    $0.delimited(2, message { $0.string(1, "0.5") }.bytes)
                }.bytes)
        }
        let metadata = message {
            $0.string(1, "p")
            $0.string(2, "")
            $0.varint(7, 0)
            $0.delimited(8, [])
            $0.delimited(
                11,
                message {
                    $0.string(1, "k")
                    $0.string(2, "")
                }.bytes)
        }
        let pod = message {
            $0.delimited(1, metadata.bytes)
            $0.delimited(2, spec.bytes)
            $0.delimited(3, message { $0.string(1, "") }.bytes)
        }
        #expect(
            try ProtobufDecoder.decode(body("v1", "Pod", pod), registry: TestSchemas.registry)
                == json(
                    #"""
                    {"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","labels":{"k":""}},"spec":{
                    "volumes":[{"name":"v","emptyDir":{}}],
                    "containers":[{"name":"c","command":["sh"],"resources":{},"ports":[{"containerPort":80}],"env":[{"name":"E"}]}],
                    "restartPolicy":"Always","terminationGracePeriodSeconds":0,"securityContext":{},"overhead":{"cpu":"500m"}},"status":{}}
                    """#))
    }

    @Test func `numbers, times and unions keep their values`() throws {
        let spec = message {
            $0.varint(1, UInt64(bitPattern: -5))
            $0.delimited(
                91,
                message {
                    $0.varint(1, 1_767_323_045)
                    $0.varint(2, 123_456_000)
                }.bytes)
            $0.delimited(90, message { $0.delimited(1, Array(#"{"any":[1]}"#.utf8)) }.bytes)
            $0.delimited(
                92,
                message {
                    $0.string(1, "k")
                    $0.delimited(
                        2,
                        message {
                            $0.string(1, "a")
                            $0.string(1, "b")
                        }.bytes)
                }.bytes)
            $0.fixed64(93, 1.5.bitPattern)
            $0.delimited(
                4,
                message {
                    $0.delimited(
                        2,
                        message {
                            $0.delimited(
                                1,
                                message {
                                    $0.varint(1, 1)
                                    $0.varint(2, 0)
                                    $0.string(3, "25%")
                                }.bytes)
                            $0.delimited(
                                2,
                                message {
                                    $0.varint(1, 0)
                                    $0.varint(2, 3)
                                    $0.string(3, "")
                                }.bytes)
                        }.bytes)
                }.bytes)
        }
        let value = try ProtobufDecoder.decode(
            body("apps/v1", "Deployment", message { $0.delimited(2, spec.bytes) }), registry: TestSchemas.registry)
        #expect(
            value["spec"]
                == (try json(
                    #"{"replicas":-5,"heartbeat":"2026-01-02T03:04:05.123456Z","raw":{"any":[1]},"extra":{"k":["a","b"]},"weight":1.5,"strategy":{"rollingUpdate":{"maxUnavailable":"25%","maxSurge":3}}}"#
                )))
    }

    @Test func `packed numbers and messages in parts are joined`() throws {
        let security = message {
            $0.delimited(4, [1, 0x96, 0x01])
            $0.varint(4, 7)
        }
        let spec = message {
            $0.delimited(14, message { $0.varint(2, 5) }.bytes)
            $0.delimited(14, security.bytes)
        }
        let value = try ProtobufDecoder.decode(body("v1", "Pod", message { $0.delimited(2, spec.bytes) }), registry: TestSchemas.registry)
        #expect(value["spec", "securityContext"] == ["runAsUser": 5, "supplementalGroups": [1, 150, 7]])
    }

    @Test func `options are read under any group version and with no kind`() throws {
        let raw = message {
            $0.varint(1, 0)
            $0.delimited(2, message { $0.string(1, "u") }.bytes)
            $0.string(4, "Orphan")
        }
        let expected = try json(#"{"gracePeriodSeconds":0,"preconditions":{"uid":"u"},"propagationPolicy":"Orphan"}"#)
        let type = TestSchemas.type("meta.v1.DeleteOptions")
        #expect(try ProtobufDecoder.decode(body("", "", raw), as: type) == expected)
        let named = try ProtobufDecoder.decode(body("apps/v1", "DeleteOptions", raw), registry: TestSchemas.registry)
        #expect(named["propagationPolicy"] == "Orphan")
    }

    @Test(
        arguments: [
            [], [0x6B], [0x6B, 0x38, 0x73, 0x01], [0x7B, 0x7D], ProtobufDecoder.magic + [0xFF], ProtobufDecoder.magic + [0x0A, 0x05],
            ProtobufDecoder.magic + [0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            ProtobufDecoder.magic + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], ProtobufDecoder.magic + [0x07],
            ProtobufDecoder.magic + [0x00],
        ] as [[UInt8]])
    func `damaged bodies are refused`(_ bytes: [UInt8]) {
        let error = #expect(throws: APIStatus.self) { try ProtobufDecoder.decode(bytes, registry: TestSchemas.registry) }
        #expect(error?.code == 400)
    }

    @Test func `bodies of a wrong shape are refused with the field`() {
        let wrong: [(ProtobufWriter, String)] = [
            (message { $0.varint(2, 1) }, "wrong wireType = 0 for field spec of Pod"),
            (message { $0.delimited(2, message { $0.string(4, "x") }.bytes) }, "wrong wireType = 2 for field terminationGracePeriodSeconds of PodSpec"),
            (message { $0.delimited(2, message { $0.delimited(10, [0xFF]) }.bytes) }, "invalid UTF-8"),
            (message { $0.delimited(1, message { $0.delimited(8, message { $0.varint(1, UInt64(Int64.max)) }.bytes) }.bytes) }, "is not a time"),
            (
                message { $0.delimited(2, message { $0.delimited(32, message { $0.delimited(2, message { $0.string(1, "x") }.bytes) }.bytes) }.bytes) },
                "overhead"
            ),
        ]
        for (raw, text) in wrong {
            let error = #expect(throws: APIStatus.self) { try ProtobufDecoder.decode(body("v1", "Pod", raw), registry: TestSchemas.registry) }
            #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
        }
        let unknown = #expect(throws: APIStatus.self) {
            try ProtobufDecoder.decode(body("v1", "Nope", message { _ in }), registry: TestSchemas.registry)
        }
        #expect(unknown?.message == #"no kind "Nope" is registered for version "v1""#)
    }

    @Test func `groups that nest without end are refused`() {
        let groups = ProtobufDecoder.magic + [UInt8](repeating: 0x2B, count: 100_000)
        #expect(throws: APIStatus.self) { try ProtobufDecoder.decode(groups, registry: TestSchemas.registry) }
    }
}
