import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

/// Server-side apply and the owners of fields, through requests.
struct ApplyTests {
    private static let type = "application/apply-patch+yaml"

    private static func config(_ name: String, data: String, extra: String = "") -> String {
        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"\(name)\"\(extra)},\"data\":\(data)}"
    }

    private static func apply(
        _ api: TestServer, _ path: String, _ body: String, by manager: String = "one", _ query: String = ""
    ) async throws -> TestServer.Answer {
        try await api.call(.patch, "\(path)?fieldManager=\(manager)\(query)", body, type: type)
    }

    private static func owners(_ answer: TestServer.Answer) -> [String: JSONValue] {
        Dictionary(
            answer.object.array("metadata", "managedFields").map {
                let part = $0["subresource"]?.stringValue.map { "/\($0)" } ?? ""
                return ("\($0["manager"]?.stringValue ?? "") \($0["operation"]?.stringValue ?? "")\(part)", $0["fieldsV1"] ?? .null)
            }
        ) { first, _ in first }
    }

    @Test func `an apply makes what is missing, and the same again writes nothing`() async throws {
        try await TestServer.with { api async throws in
            let path = "\(configMaps)/a"
            let body = Self.config("a", data: "{\"k\":\"v\"}")
            let created = try await Self.apply(api, path, body)
            #expect(created.status == 201)
            #expect(created.object.uid.utf8.count == 36)
            #expect(Self.owners(created) == ["one Apply": ["f:data": ["f:k": [:]]]])
            let revision = api.store.currentRevision
            let again = try await Self.apply(api, path, body)
            #expect(again.status == 200)
            #expect(again.value == created.value)
            #expect(api.store.currentRevision == revision)
            #expect(try await api.call(.get, path).value == created.value)
        }
    }

    @Test func `a dry run of an apply says what would be and stores nothing`() async throws {
        try await TestServer.with { api async throws in
            let answer = try await Self.apply(api, "\(configMaps)/a", Self.config("a", data: "{\"k\":\"v\"}"), "&dryRun=All")
            #expect(answer.status == 201)
            #expect(Self.owners(answer)["one Apply"] != nil)
            #expect(try await api.call(.get, "\(configMaps)/a").status == 404)
        }
    }

    @Test func `a field goes with its last applier and conflicts until forced`() async throws {
        try await TestServer.with { api async throws in
            let path = "\(configMaps)/a"
            _ = try await Self.apply(api, path, Self.config("a", data: "{\"k\":\"1\",\"x\":\"1\"}"))
            let refused = try await Self.apply(api, path, Self.config("a", data: "{\"k\":\"2\"}"), by: "two")
            #expect(refused.status == 409)
            #expect(refused.message == "Apply failed with 1 conflict: conflict with \"one\": .data.k")
            #expect(
                refused.value["details"]
                    == ["causes": [["reason": "FieldManagerConflict", "message": "conflict with \"one\"", "field": ".data.k"]]])
            let forced = try await Self.apply(api, path, Self.config("a", data: "{\"k\":\"2\"}"), by: "two", "&force=true")
            #expect(forced.object["data"] == ["k": "2", "x": "1"])
            #expect(Self.owners(forced) == ["one Apply": ["f:data": ["f:x": [:]]], "two Apply": ["f:data": ["f:k": [:]]]])
            let less = try await Self.apply(api, path, Self.config("a", data: "{}"), by: "one")
            #expect(less.object["data"] == ["k": "2"])
        }
    }

    @Test func `updates are owned by the user agent or the named manager`() async throws {
        try await TestServer.with { api async throws in
            let body = TestServer.configMap("c")
            let created = try await api.call(.post, configMaps, body, headers: [("user-agent", "kubectl/v1.36.0 (linux/amd64)")])
            #expect(Self.owners(created)["kubectl Update"] == ["f:data": [".": [:], "f:k": [:]]])
            let patched = try await api.call(
                .patch, "\(configMaps)/c?fieldManager=me", "{\"data\":{\"n\":\"1\"}}", type: "application/merge-patch+json")
            #expect(Self.owners(patched)["me Update"] == ["f:data": ["f:n": [:]]])
            let entry = try #require(patched.object.array("metadata", "managedFields").first)
            #expect(entry["fieldsType"] == "FieldsV1" && entry["apiVersion"] == "v1" && entry["time"]?.stringValue?.hasSuffix("Z") == true)
            let unnamed = try await api.call(.post, configMaps, TestServer.configMap("d"))
            #expect(Self.owners(unnamed)["unknown Update"] != nil)
        }
    }

    @Test(arguments: ["[]", "[{}]"])
    func `an empty list of owners forgets them, and later updates are not tracked`(list: String) async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, configMaps, TestServer.configMap("c"))
            let body = "{\"metadata\":{\"managedFields\":\(list)}}"
            let cleared = try await api.call(.patch, "\(configMaps)/c", body, type: "application/merge-patch+json")
            #expect(cleared.status == 200)
            #expect(cleared.object["metadata", "managedFields"] == nil)
            var object = cleared.object
            object["data", "k"] = "new"
            let updated = try await api.call(.put, "\(configMaps)/c", "\(object.value)")
            #expect(updated.object["metadata", "managedFields"] == nil)
            let applied = try await Self.apply(api, "\(configMaps)/c", Self.config("c", data: "{\"k\":\"other\"}"))
            #expect(applied.message.contains("conflict with \"before-first-apply\" using v1: .data.k"))
        }
    }

    @Test func `a client that sends no owners does not lose them, and one may edit them`() async throws {
        try await TestServer.with { api async throws in
            let created = try await api.call(.post, "\(configMaps)?fieldManager=a", TestServer.configMap("c")).object
            var bare = created
            bare["metadata", "managedFields"] = nil
            bare["data", "x"] = "1"
            let updated = try await api.call(.put, "\(configMaps)/c?fieldManager=b", "\(bare.value)")
            #expect(Set(Self.owners(updated).keys) == ["a Update", "b Update"])
            let migration =
                "[{\"op\":\"replace\",\"path\":\"/metadata/managedFields/0/operation\",\"value\":\"Apply\"}]"
            let migrated = try await api.call(.patch, "\(configMaps)/c?fieldManager=b", migration, type: "application/json-patch+json")
            #expect(migrated.status == 200, "\(migrated.message)")
            #expect(Self.owners(migrated).keys.contains("a Apply") || Self.owners(migrated).keys.contains("b Apply"))
        }
    }

    @Test func `status and scale have owners of their own`() async throws {
        try await TestServer.with { api async throws in
            let path = "\(deployments)/d"
            _ = try await api.call(.post, "\(deployments)?fieldManager=maker", TestServer.deployment("d"))
            let status = try await api.call(
                .patch, "\(path)/status?fieldManager=loop", "{\"status\":{\"replicas\":2},\"spec\":{\"replicas\":9}}",
                type: "application/merge-patch+json")
            #expect(Self.owners(status)["loop Update/status"] == ["f:status": ["f:replicas": [:]]])
            #expect(status.object.integer("spec", "replicas") == 2)
            let scaled = try await api.call(
                .patch, "\(path)/scale?fieldManager=scaler", "{\"spec\":{\"replicas\":5}}", type: "application/merge-patch+json")
            #expect(scaled.status == 200, "\(scaled.message)")
            let read = try await api.call(.get, path)
            #expect(read.object.integer("spec", "replicas") == 5)
            #expect(Self.owners(read)["scaler Update/scale"] == ["f:spec": ["f:replicas": [:]]])
            #expect(Self.owners(read)["maker Update"]?["f:spec", "f:replicas"] == nil)
            let body = "{\"apiVersion\":\"autoscaling/v1\",\"kind\":\"Scale\",\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":6}}"
            let refused = try await Self.apply(api, "\(path)/scale", body, by: "applier")
            #expect(refused.status == 409)
            #expect(refused.message.contains("conflict with \"scaler\" with subresource \"scale\" using autoscaling/v1: .spec.replicas"))
            let forced = try await Self.apply(api, "\(path)/scale", body, by: "applier", "&force=true")
            #expect(forced.object.integer("spec", "replicas") == 6)
            let after = try await api.call(.get, path)
            #expect(Self.owners(after)["applier Apply/scale"] == ["f:spec": ["f:replicas": [:]]])
            #expect(Self.owners(after)["scaler Update/scale"] == nil)
        }
    }

    @Test func `a status is applied without touching the spec`() async throws {
        try await TestServer.with { api async throws in
            let path = "\(deployments)/d"
            _ = try await api.call(.post, "\(deployments)?fieldManager=maker", TestServer.deployment("d"))
            let body =
                "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":9},\"status\":{\"replicas\":3}}"
            let applied = try await Self.apply(api, "\(path)/status", body, by: "loop")
            #expect(applied.status == 200, "\(applied.message)")
            #expect(applied.object.integer("spec", "replicas") == 2)
            #expect(applied.object.integer("status", "replicas") == 3)
            #expect(Self.owners(applied)["loop Apply/status"] == ["f:status": ["f:replicas": [:]]])
            #expect(try await Self.apply(api, "\(deployments)/none/status", body.replacing("\"d\"", with: "\"none\"")).status == 404)
        }
    }

    @Test(arguments: [
        ("", "{}", 422, "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"),
        ("?fieldManager=m", "{}", 400, "invalid object type: /, Kind="),
        ("?fieldManager=m", "{\"apiVersion\":\"v1\",\"kind\":\"Secret\"}", 400, "invalid object type: /v1, Kind=Secret"),
        ("?fieldManager=m", "[]", 400, "error decoding YAML"), ("?fieldManager=m", "a: [", 400, "error decoding YAML"),
        ("?fieldManager=m", config("other", data: "{}"), 400, "does not match the name on the URL"),
        ("?fieldManager=m", config("a", data: "{}", extra: ",\"managedFields\":[]"), 400, "metadata.managedFields must be nil"),
        ("?fieldManager=m", config("a", data: "{}", extra: ",\"unknownMeta\":1"), 500, ".metadata.unknownMeta: field not declared in schema"),
        ("?fieldManager=m", config("a", data: "{\"k\":1}"), 500, ".data.k: expected string"),
        ("?fieldManager=m", config("a", data: "{}", extra: ",\"resourceVersion\":\"1\""), 409, "the object has been modified"),
        ("?fieldManager=m", config("a", data: "{}", extra: ",\"uid\":\"x\""), 409, "Precondition failed: UID"),
        ("?fieldManager=m", config("a", data: "{\"k/k\":\"\"}"), 422, "data[k/k]"),
        (
            "?fieldManager=m&fieldValidation=Strict", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: a\n  k: b\n", 400,
            "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key \"k\" already set in map"
        ),
    ])
    func `a wrong apply gets its status and changes nothing`(query: String, body: String, status: Int, text: String) async throws {
        try await TestServer.with { api async throws in
            let before = try await Self.apply(api, "\(configMaps)/a", Self.config("a", data: "{\"k\":\"v\"}"))
            let answer = try await api.call(.patch, "\(configMaps)/a\(query)", body, type: Self.type)
            #expect(answer.status == status, "\(answer.message)")
            #expect(answer.message.contains(text), "\(answer.message)")
            #expect(try await api.call(.get, "\(configMaps)/a").value == before.value)
        }
    }

    @Test func `a key given twice is a warning unless asked to be an error`() async throws {
        try await TestServer.with { api async throws in
            let body = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: a\n  k: b\n"
            let answer = try await Self.apply(api, "\(configMaps)/a", body)
            #expect(answer.status == 201, "\(answer.message)")
            #expect(answer.warnings == ["299 - \"line 7: key \\\"k\\\" already set in map\""])
            #expect(answer.object["data"] == ["k": "b"])
        }
    }

    @Test func `force is for applies only`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, configMaps, TestServer.configMap("c"))
            let answer = try await api.call(.patch, "\(configMaps)/c?force=true", "{}", type: "application/merge-patch+json")
            #expect(answer.status == 422)
            #expect(answer.message.contains("force: Forbidden: may not be specified for non-apply patch"))
        }
    }

    @Test func `writing the same again leaves times and revisions alone`() async throws {
        let time = ManualTimeSource(at: Timestamp(seconds: 1_700_000_000))
        try await TestServer.with(time: time) { api async throws in
            let first = try await api.call(.post, "\(configMaps)?fieldManager=a", TestServer.configMap("c")).object
            time.advance(by: .seconds(60))
            let same = try await api.call(.put, "\(configMaps)/c?fieldManager=a", "\(first.value)").object
            #expect(same == first)
            var changed = first
            changed["data", "k"] = "2"
            let second = try await api.call(.put, "\(configMaps)/c?fieldManager=a", "\(changed.value)").object
            #expect(second.array("metadata", "managedFields")[0]["time"] == "2023-11-14T22:14:20Z")
        }
    }

    @Test func `watches, tables and YAML show owners as a list`() async throws {
        try await TestServer.with { api async throws in
            let watch = try await api.watch("\(configMaps)?watch=true&labelSelector=a%3Db")
            _ = try await api.call(.post, "\(configMaps)?fieldManager=a", TestServer.configMap("c", labels: "{\"a\":\"b\"}"))
            let event = try #require(try await watch.next())
            #expect(event.object.array("metadata", "managedFields").count == 1)
            _ = try await api.call(.patch, "\(configMaps)/c", "{\"metadata\":{\"labels\":{\"a\":\"c\"}}}", type: "application/merge-patch+json")
            let left = try #require(try await watch.next())
            #expect(left.type == "DELETED")
            #expect(left.object.array("metadata", "managedFields").count == 1)
            watch.cancel()
            let table = try await api.call(.get, configMaps, accept: "application/json;as=Table;v=v1;g=meta.k8s.io")
            #expect(table.object.array("rows")[0]["object", "metadata", "managedFields"]?.arrayValue?.isEmpty == false)
            let yaml = try await api.call(.get, "\(configMaps)/c", accept: "application/yaml")
            #expect(yaml.value.stringValue?.contains("managedFields:\n  - ") == true || yaml.value.stringValue?.contains("managedFields:\n") == true)
        }
    }

    @Test func `what admission and the server add belongs to nobody`() async throws {
        try await TestServer.with { api async throws in
            let created = try await api.call(.post, "\(pods)?fieldManager=a", TestServer.pod("p"))
            #expect(created.status == 201, "\(created.message)")
            let fields = try #require(Self.owners(created)["a Update"])
            #expect(fields["f:status"] == nil)
            #expect(fields["f:spec", "f:containers", "k:{\"name\":\"c\"}", "f:image"] == [:])
            #expect(fields["f:spec", "f:volumes"] == nil)
            #expect(fields["f:spec", "f:priority"] == nil)
        }
    }
}
