import JSONCore
import Testing

@testable import APIMachinery

@Suite struct OpenAPIV2Tests {
    static let document = OpenAPIV2.document(registry: TestSchemas.registry, version: "v1.36.0")

    private func definition(_ name: String) -> JSONValue? { Self.document["definitions"]?[name] }

    @Test func `one document defines the types of every group`() throws {
        #expect(Self.document["swagger"] == "2.0")
        #expect(Self.document["info", "version"] == "v1.36.0")
        let deployment = try #require(definition("io.k8s.api.apps.v1.Deployment"))
        #expect(deployment["x-kubernetes-group-version-kind"] == [["group": "apps", "kind": "Deployment", "version": "v1"]])
        #expect(deployment["properties", "spec", "$ref"] == "#/definitions/io.k8s.api.apps.v1.DeploymentSpec")
        #expect(definition("io.k8s.api.core.v1.Pod") != nil)
        #expect(definition("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions") != nil)
    }

    @Test func `fields carry list types, merge keys and plain references`() throws {
        let pod = try #require(definition("io.k8s.api.core.v1.PodSpec"))
        #expect(
            pod["properties", "volumes"]
                == (try json(
                    ##"{"type":"array","items":{"$ref":"#/definitions/io.k8s.api.core.v1.Volume"},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"x-kubernetes-patch-merge-key":"name","x-kubernetes-patch-strategy":"merge,retainKeys"}"##
                )))
        let spec = try #require(definition("io.k8s.api.apps.v1.DeploymentSpec"))
        #expect(spec["properties", "replicas", "default"] == 1)
        #expect(
            definition("io.k8s.apimachinery.pkg.util.intstr.IntOrString")?["type"] == "string"
                && definition("io.k8s.apimachinery.pkg.util.intstr.IntOrString")?["oneOf"] == nil)
    }

    @Test func `operations have parameters and answers as Swagger writes them`() throws {
        let path = try #require(Self.document["paths"]?["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"])
        let place = try #require(path["parameters"]?.arrayValue?.first)
        #expect(place["in"] == "path" && place["type"] == "string" && place["required"] == true && place["schema"] == nil)
        let patch = try #require(path["patch"])
        #expect(patch["consumes"]?.arrayValue?.contains("application/strategic-merge-patch+json") == true)
        #expect(patch["requestBody"] == nil)
        #expect(patch["parameters"]?[0]?["in"] == "body")
        #expect(patch["parameters"]?.arrayValue?.contains { $0["name"] == "fieldValidation" && $0["in"] == "query" && $0["type"] == "string" } == true)
        #expect(patch["responses", "200", "schema", "$ref"] == "#/definitions/io.k8s.api.apps.v1.Deployment")
        #expect(patch["x-kubernetes-group-version-kind"] == ["group": "apps", "version": "v1", "kind": "Deployment"])
    }

    @Test func `every reference leads to a definition`() {
        let known = Set(Self.document["definitions"]?.objectValue?.keys ?? [])
        var waiting = [Self.document]
        while let value = waiting.popLast() {
            switch value {
            case .object(let members):
                if let target = members["$ref"]?.stringValue {
                    #expect(known.contains(String(target.dropFirst("#/definitions/".count))), "\(target)")
                }
                waiting += members.map(\.value)
            case .array(let elements): waiting += elements
            default: break
            }
        }
    }

    @Test func `the binary form holds the definitions by name`() throws {
        let bytes = OpenAPIV2.protobuf([
            "swagger": "2.0", "definitions": ["A": ["type": "object", "x-y": [1], "properties": ["b": ["$ref": "#/definitions/A"]]]],
        ])
        func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(content.count)] + content }
        let reference = field(1, Array("b".utf8)) + field(2, field(1, Array("#/definitions/A".utf8)))
        let type: [UInt8] = [0xB2, 0x01, 8] + field(1, Array("object".utf8))
        let properties: [UInt8] = [0xCA, 0x01, UInt8(reference.count + 2)] + field(1, reference)
        let named = field(1, Array("x-y".utf8)) + field(2, field(2, Array("[1]".utf8)))
        let schema = type + properties + [0xFA, 0x01, UInt8(named.count)] + named
        let definition = field(1, Array("A".utf8)) + field(2, schema)
        #expect(bytes == field(1, Array("2.0".utf8)) + field(2, []) + field(8, []) + field(9, field(1, definition)))
    }
}
