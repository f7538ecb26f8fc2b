import JSONCore
import TestSupport
import Testing

@testable import APIMachinery

@Suite struct SchemaRegistryTests {
    @Test func `a kind line becomes a resource`() throws {
        let pods = try #require(TestSchemas.registry.resource(GroupVersionResource(group: "", version: "v1", resource: "pods")))
        #expect(pods.shortNames == ["po"])
        #expect(pods.categories == ["all"])
        #expect(pods.isNamespaced && pods.singular == "pod")
        #expect(pods.verbs.count == 8)
        #expect(pods.subresources.map(\.name) == ["status", "log", "exec", "eviction"])
        #expect(pods.subresource("exec")?.kind.kind == "PodExecOptions")
        #expect(pods.subresource("exec")?.verbs == ["create", "get"])
        #expect(pods.subresource("eviction")?.kind == GroupVersionKind(group: "policy", version: "v1", kind: "Eviction"))
        #expect(pods.selectableFields == ["spec.nodeName", "status.phase"])
        #expect(pods.listType?.name == "core.v1.PodList")
        let scale = TestSchemas.registry.resource(GroupResource(group: "apps", resource: "deployments"))?.subresource("scale")
        #expect(scale?.type?.name == "autoscaling.v1.Scale")
    }

    @Test func `documentation is what follows the facts`() {
        let spec = TestSchemas.type("apps.v1.DeploymentSpec")
        #expect(spec.field("replicas")?.documentation == "How many pods are wanted.")
        #expect(spec.field("replicas")?.defaultValue == 1)
        #expect(spec.field("selector")?.isRequired == true)
        #expect(spec.field("selector")?.isImmutable == true)
        #expect(spec.field("paused")?.documentation == "")
        #expect(TestSchemas.pod.documentation == "One or more containers that share a network address and are placed on a node together.")
    }

    @Test func `list facts are kept for patches and appliers`() throws {
        let container = TestSchemas.type("core.v1.Container")
        let ports = try #require(container.field("ports"))
        #expect(ports.listType == .map)
        #expect(ports.mapKeys == ["containerPort", "protocol"])
        #expect(ports.patchMergeKey == "containerPort")
        let volumes = try #require(TestSchemas.type("core.v1.PodSpec").field("volumes"))
        #expect(volumes.patchStrategy == "merge,retainKeys")
        #expect(TestSchemas.type("meta.v1.LabelSelector").isAtomic)
    }

    @Test func `every field of a type is found by its name and no other`() {
        for type in TestSchemas.registry.types {
            for (index, field) in type.fields.enumerated() { #expect(type.position(of: field.jsonName) == index) }
            #expect(type.field("") == nil)
            #expect(type.field("nothing") == nil)
        }
    }

    @Test func `options are known in every group version`() {
        let kind = GroupVersionKind(group: "apps", version: "v1", kind: "DeleteOptions")
        #expect(TestSchemas.registry.type(kind: kind)?.name == "meta.v1.DeleteOptions")
        #expect(TestSchemas.registry.type(kind: GroupVersionKind(group: "apps", version: "v1", kind: "DeploymentList")) != nil)
        #expect(TestSchemas.registry.type(kind: GroupVersionKind(group: "apps", version: "v1", kind: "Nothing")) == nil)
    }

    @Test func `what must be given, is listed as required, and is written although zero are different facts`() throws {
        let text = """
            group v1
            type A
              both 1 string required
              checked 2 string needed
              listed 3 int32 expected
              written 4 int32 kept
              plain 5 int32
            """
        let registry = try SchemaRegistry(schemas: [SchemaFile(name: "a", text: text)])
        let type = try #require(registry.type("core.v1.A"))
        #expect(type.fields.map(\.isRequired) == [true, true, false, false, false])
        #expect(type.fields.map(\.isListedAsRequired) == [true, false, true, false, false])
        #expect(type.fields.map { $0.flags.contains(.dropsZero) } == [false, false, false, false, true])
    }

    @Test(arguments: ["pods", "pod", "po", "Pod", "PODS"])
    func `a resource is found by what people type`(_ text: String) {
        #expect(TestSchemas.registry.resources(named: text).map(\.plural) == ["pods"])
    }

    @Test func `a resource is found with its group`() {
        #expect(TestSchemas.registry.resources(named: "deploy.apps").map(\.plural) == ["deployments"])
        #expect(TestSchemas.registry.resources(named: "pods.apps").isEmpty)
    }

    @Test(arguments: [
        ("  a 1 string", "bad.schema:1: a field needs a type line before it"),
        ("type A\n", "bad.schema:1: a type needs a group line before it"),
        ("group v1\ntype A\n  a 1 Missing", "bad.schema:3: unknown type \"Missing\""),
        ("group v1\ntype A\n  a x string", "bad.schema:3: \"x\" is no protobuf number"),
        ("group v1\ntype A\n  a 1.2.3.100000 string", "bad.schema:3: \"1.2.3.100000\" is no protobuf number"),
        ("group v1\ntype A\n  a 1 string requird", "bad.schema:3: unknown fact \"requird\"; documentation starts after two spaces"),
        ("group v1\ntype A\n  a 1 string min(x)", "bad.schema:3: min needs an integer"),
        ("group v1\ntype A\n  a 1 string wrong(x)", "bad.schema:3: unknown fact \"wrong\" on field a"),
        ("group v1\ntype A\n  a 1 string map(x", "bad.schema:3: bracket or quote is not closed"),
        ("group v1\ntype A\n  a 1 string  = 1  doc", "bad.schema:3: facts are separated by one space; documentation cannot start with a fact"),
        ("group v1\ntype A\n  a 1 string  enum(A, B) doc", "bad.schema:3: facts are separated by one space; documentation cannot start with a fact"),
        ("group v1\ntype A\n  a 1 int32 = 1x", "bad.schema:3: default 1x is no JSON"),
        ("group v1\ntype A\n  a 1 string format(foo)", "bad.schema:3: unknown format \"foo\""),
        ("group v1\ntype A\n  a 1 string\n  a 2 string", "bad.schema:4: field a of core.v1.A is declared twice"),
        ("group v1\ntype A\ntype A", "bad.schema:3: type core.v1.A is declared twice"),
        ("group v1\nkind v1 A as namespaced", "bad.schema:2: kind A has no type core.v1.A"),
        ("group v1\nkind v1 A as", "bad.schema:2: kind A needs namespaced or cluster"),
        ("group v1\nkind v1 A as cluster what(x)", "bad.schema:2: unknown fact \"what\" on a kind line"),
        ("group v1\nkind v1 A as cluster subresources(log)", "bad.schema:2: subresource \"log\" is not of the form"),
        ("nonsense", "bad.schema:1: a line starts with group, kind, object, type or spaces, found \"nonsense\""),
        ("group a/b/c", "bad.schema:1: \"a/b/c\" is no group version"),
        ("group v1\ntype A\n  a", "bad.schema:3: \"\" is no protobuf number"),
        ("group v1\ntype A\n  a 1", "bad.schema:3: field a needs a number and a type"),
    ])
    func `a fault in a schema file is named with its line`(_ text: String, _ message: String) {
        let error = #expect(throws: SchemaError.self) { try SchemaRegistry(schemas: [SchemaFile(name: "bad.schema", text: text)]) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }

    @Test func `damaged schema files never trap`() {
        var generator = SeededGenerator(seed: 3)
        let whole = Array(TestSchemas.core.utf8)
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.removeSubrange(index..<min(bytes.count, index + 40))
                }
            }
            _ = try? SchemaRegistry(schemas: [TestSchemas.all[0], SchemaFile(name: "x", bytes: bytes)])  // best effort: only traps matter
        }
    }
}
