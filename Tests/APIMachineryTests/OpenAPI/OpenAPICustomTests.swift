import JSONCore
import Testing

@testable import APIMachinery

/// Documents that hold kinds of CustomResourceDefinitions beside the built-in ones.
@Suite struct OpenAPICustomTests {
    private let kind = GroupVersionKind(group: "stable.example.com", version: "v1", kind: "CronTab")

    private func registry(_ schema: String) throws -> SchemaRegistry {
        let type = try #require(CustomTypes.make(kind, schema: try json(schema), registry: TestSchemas.registry, isComplete: false))
        let list = CustomTypes.makeList(
            of: type, GroupVersionKind(group: kind.group, version: kind.version, kind: "CronTabList"), registry: TestSchemas.registry)
        let resource = ResourceDescriptor(
            kind: kind, plural: "crontabs", singular: "crontab", shortNames: ["ct"], categories: [], isNamespaced: true,
            verbs: ["create", "get", "list", "patch"], subresources: [], selectableFields: [], type: type, listType: list)
        return SchemaRegistry(TestSchemas.registry, adding: [resource])
    }

    private static let schema = ##"""
        {"type":"object","description":"A table of times.","properties":{
        "spec":{"type":"object","required":["cron"],"properties":{
        "cron":{"type":"string","pattern":"^.*$","default":"*"},
        "any":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"type":"string"}}},
        "port":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},
        "maybe":{"type":"string","nullable":true},
        "inner":{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"spec":{"type":"object"}}}}}}}
        """##

    @Test func `version 3 publishes what the author wrote with the fields of every object`() throws {
        let document = OpenAPIV3.document(for: kind.groupVersion, registry: try registry(Self.schema))
        let schema = try #require(document["components", "schemas"]?["com.example.stable.v1.CronTab"])
        #expect(schema["description"] == "A table of times.")
        #expect(schema["properties", "spec", "properties", "cron"] == ["type": "string", "pattern": "^.*$", "default": "*"])
        #expect(schema["properties", "spec", "properties", "port", "anyOf"] != nil)
        #expect(schema["properties", "apiVersion", "type"] == "string")
        #expect(
            schema["properties", "metadata", "allOf"]
                == [["$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]])
        #expect(schema["properties", "spec", "properties", "inner", "properties", "metadata"] != nil)
        // Kubernetes' conformance suite reads these in what `kubectl explain` prints.
        #expect(schema["properties", "apiVersion", "description"]?.stringValue?.hasPrefix("APIVersion defines") == true)
        #expect(schema["properties", "metadata", "description"]?.stringValue?.hasPrefix("Standard object's metadata") == true)
        #expect(schema["x-kubernetes-group-version-kind"] == [["group": "stable.example.com", "kind": "CronTab", "version": "v1"]])
        let patch = document["paths"]?["/apis/stable.example.com/v1/namespaces/{namespace}/crontabs/{name}"]?["patch"]
        #expect(patch?["requestBody", "content"]?["application/merge-patch+json"] != nil)
        #expect(patch?["requestBody", "content"]?["application/strategic-merge-patch+json"] == nil)
    }

    @Test func `version 2 leaves open what Swagger cannot say`() throws {
        let document = OpenAPIV2.document(registry: try registry(Self.schema))
        let schema = try #require(document["definitions"]?["com.example.stable.v1.CronTab"])
        let fields = try #require(schema["properties", "spec", "properties"])
        #expect(fields["cron"] == ["type": "string", "pattern": "^.*$"])
        #expect(fields["any"] == ["type": "object", "x-kubernetes-preserve-unknown-fields": true])
        #expect(fields["port"] == ["x-kubernetes-int-or-string": true])
        #expect(fields["maybe"] == [:])
        #expect(schema["properties", "spec", "required"] == ["cron"])
        #expect(schema["properties", "metadata", "$ref"] == "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
        #expect(document["definitions"]?["com.example.stable.v1.CronTabList"] != nil)
        #expect(document["definitions"]?["io.k8s.api.core.v1.Pod"] != nil)
    }

    @Test func `in version 2 a kind that keeps every field names none`() throws {
        let open = #"""
            {"type":"object","description":"Anything.","x-kubernetes-preserve-unknown-fields":true,"properties":{"spec":{"type":"object"}}}
            """#
        let gvk: JSONValue = [["group": "stable.example.com", "kind": "CronTab", "version": "v1"]]
        let swagger = OpenAPIV2.document(registry: try registry(open))["definitions"]?["com.example.stable.v1.CronTab"]
        #expect(swagger == ["type": "object", "x-kubernetes-group-version-kind": gvk])
        let complete = OpenAPIV3.document(for: kind.groupVersion, registry: try registry(open))["components", "schemas"]
        #expect(complete?["com.example.stable.v1.CronTab", "properties", "spec"] == ["type": "object"])
        #expect(complete?["com.example.stable.v1.CronTab", "x-kubernetes-preserve-unknown-fields"] == true)
    }

    @Test func `discovery lists the added kind and keeps the others`() throws {
        let registry = try registry(Self.schema)
        #expect(registry.groups.map(\.name) == TestSchemas.registry.groups.map(\.name) + ["stable.example.com"])
        #expect(Discovery.resourceList(kind.groupVersion, registry)?["resources"]?[0]?["shortNames"] == ["ct"])
        let groups = Discovery.aggregated(registry, isCore: false)["items"]?.arrayValue ?? []
        #expect(groups.last?["metadata", "name"] == "stable.example.com")
    }
}
