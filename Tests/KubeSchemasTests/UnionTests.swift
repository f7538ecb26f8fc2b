import APIMachinery
import JSONCore
import Testing

@testable import KubeSchemas

/// Fields of a CustomResourceDefinition's schema that are one of several kinds of JSON.
@Suite struct UnionTests {
    private let text = #"""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"a.b"},"spec":{"group":"b","scope":"Cluster",
        "names":{"plural":"a","kind":"A"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",
        "properties":{"list":{"type":"array","items":{"type":"string","default":"x"}},"any":{"type":"object","additionalProperties":true},
        "none":{"type":"object","additionalProperties":false},"map":{"type":"object","additionalProperties":{"type":"integer","maximum":3.5}},
        "tuple":{"items":[{"type":"string"},{"enum":[1,"a",null]}]},"needs":{"dependencies":{"a":["b"],"c":{"type":"string"}}},
        "free":{"x-kubernetes-preserve-unknown-fields":true,"$ref":"#/x"}}}}}]}}
        """#

    @Test func `unions keep their shape in JSON and protobuf`() throws {
        let type = try #require(builtinSchemas.type("apiextensions.v1.CustomResourceDefinition"))
        let value = try JSON.parse(Array(text.utf8))
        let decoded = try SchemaDecoder.decode(value, as: type, validation: .strict)
        #expect(decoded.0 == value)
        #expect(try ProtobufDecoder.decode(ProtobufEncoder.encode(value, type: type), registry: builtinSchemas) == value)
    }

    @Test func `what fits no member of a union is refused`() throws {
        let type = try #require(builtinSchemas.type("apiextensions.v1.JSONSchemaProps"))
        let value: JSONValue = ["additionalProperties": "yes"]
        let error = #expect(throws: APIStatus.self) { try SchemaDecoder.decode(value, as: type, validation: .strict) }
        #expect(error?.message.contains("cannot unmarshal string") == true)
    }
}
