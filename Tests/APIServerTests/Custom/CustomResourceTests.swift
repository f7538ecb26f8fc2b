import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

@Suite(.timeLimit(.minutes(5))) struct CustomResourceTests {
    private let tabs = CustomFixture.tabs

    @Test func `an object is defaulted, pruned and stored`() async throws {
        try await TestServer.with { api in
            try await api.define()
            let created = try await api.call(
                .post, tabs,
                CustomFixture.tab("a", "\"cron\":\"* * * * */5\",\"odd\":1,\"free\":{\"x\":[1]},\"ports\":[{\"name\":\"p\",\"port\":\"http\",\"z\":0}]"))
            #expect(created.status == 201, "\(created.message)")
            #expect(created.warnings == ["299 - \"unknown field \\\"spec.odd\\\"\"", "299 - \"unknown field \\\"spec.ports[0].z\\\"\""])
            let object = created.object
            #expect(
                object["spec"] == ["cron": "* * * * */5", "free": ["x": [1]], "ports": [["name": "p", "port": "http"]], "image": "busybox", "replicas": 1])
            #expect(object.generation == 1 && !object.uid.isEmpty)
            #expect(try await api.call(.get, "\(tabs)/a").object["spec"] == object["spec"])
            #expect(try await api.call(.get, "/apis/stable.example.com/v1/crontabs").object.kind == "CronTabList")
        }
    }

    @Test(arguments: [
        (
            "\"cron\":5",
            #"CronTab.stable.example.com "a" is invalid: [spec.cron: Invalid value: "integer": spec.cron in body must be of type string: "integer""#
        ),
        (
            "\"cron\":\"* *\"",
            #"CronTab.stable.example.com "a" is invalid: spec.cron: Invalid value: "* *": spec.cron in body should match '^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$'"#
        ),
        (
            "\"cron\":\"* * * * *\",\"replicas\":11",
            #"CronTab.stable.example.com "a" is invalid: spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10"#
        ),
        (
            "\"cron\":\"* * * * *\",\"mood\":\"NonExistentValue\"",
            #"CronTab.stable.example.com "a" is invalid: spec.mood: Unsupported value: "NonExistentValue": supported values: "Great", "Down""#
        ),
        ("\"cron\":\"* * * * *\",\"ports\":[{\"port\":1}]", #"CronTab.stable.example.com "a" is invalid: spec.ports[0].name: Required value"#),
        (
            "\"cron\":\"* * * * *\",\"ports\":[{\"name\":\"p\"},{\"name\":\"p\"}]",
            #"CronTab.stable.example.com "a" is invalid: spec.ports[1]: Duplicate value: {"name":"p"}"#
        ),
        ("\"image\":\"x\"", #"CronTab.stable.example.com "a" is invalid: spec.cron: Required value"#),
    ])
    func `an object that breaks the schema is refused`(_ spec: String, _ expected: String) async throws {
        try await TestServer.with { api in
            try await api.define()
            let answer = try await api.call(.post, tabs, CustomFixture.tab("a", spec))
            #expect(answer.status == 422)
            let wanted = expected.replacing("is invalid: [", with: "is invalid: ")
            #expect(answer.message == wanted || answer.message.hasPrefix(expected), "\(answer.message)")
        }
    }

    @Test func `strict validation names unknown and duplicate fields`() async throws {
        try await TestServer.with { api in
            try await api.define()
            let body = CustomFixture.tab("a", "\"cron\":\"* * * * *\",\"cron\":\"1 * * * *\",\"odd\":1", more: ",\"strange\":true")
            let strict = try await api.call(.post, "\(tabs)?fieldValidation=Strict", body)
            #expect(strict.status == 400)
            #expect(
                strict.message
                    == #"CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "metadata.strange", unknown field "spec.odd", duplicate field "spec.cron""#
            )
            #expect(try await api.call(.post, "\(tabs)?fieldValidation=Ignore", body).warnings.isEmpty)
        }
    }

    @Test func `every verb works`() async throws {
        try await TestServer.with { api in
            try await api.define()
            var object = try await api.call(.post, tabs, CustomFixture.tab("a")).object
            object["spec", "replicas"] = 3
            let updated = try await api.call(.put, "\(tabs)/a", object.value.description).object
            #expect(updated.generation == 2 && updated.integer("spec", "replicas") == 3)
            #expect(try await api.call(.put, "\(tabs)/a", object.value.description).status == 409)
            object.resourceVersion = ""
            #expect(
                try await api.call(.put, "\(tabs)/a", object.value.description).message.contains(
                    "metadata.resourceVersion: Invalid value: 0: must be specified for an update"))
            let merged = try await api.call(.patch, "\(tabs)/a", #"{"spec":{"image":"nginx","mood":"Great"}}"#, type: "application/merge-patch+json").object
            #expect(merged.string("spec", "image") == "nginx")
            let json = try await api.call(.patch, "\(tabs)/a", #"[{"op":"remove","path":"/spec/image"}]"#, type: "application/json-patch+json").object
            #expect(json.string("spec", "image") == "busybox")
            let strategic = try await api.call(.patch, "\(tabs)/a", "{}", type: "application/strategic-merge-patch+json")
            #expect(strategic.status == 415)
            #expect(
                strategic.message.hasPrefix(
                    "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json"
                ))
            let same = try await api.call(.patch, "\(tabs)/a", "{}", type: "application/merge-patch+json").object
            #expect(same.resourceVersion == json.resourceVersion)
            let applied = try await api.call(
                .patch, "\(tabs)/b?fieldManager=me", CustomFixture.tab("b", "\"cron\":\"* * * * *\",\"ports\":[{\"name\":\"x\",\"port\":1}]"),
                type: "application/apply-patch+yaml")
            #expect(applied.status == 201, "\(applied.message)")
            let second = try await api.call(
                .patch, "\(tabs)/b?fieldManager=you",
                #"{"apiVersion":"stable.example.com/v1","kind":"CronTab","metadata":{"name":"b"},"spec":{"ports":[{"name":"y","port":2}]}}"#,
                type: "application/apply-patch+yaml"
            ).object
            #expect(second.array("spec", "ports").map { $0["name"] } == ["x", "y"])
            let conflict = try await api.call(
                .patch, "\(tabs)/b?fieldManager=you",
                #"{"apiVersion":"stable.example.com/v1","kind":"CronTab","metadata":{"name":"b"},"spec":{"cron":"1 1 1 1 1"}}"#,
                type: "application/apply-patch+yaml")
            #expect(conflict.status == 409)
            #expect(try await api.call(.delete, "\(tabs)/a").value["status"] == "Success")
            #expect(try await api.call(.delete, tabs).status == 200)
            #expect(try await api.call(.get, tabs).object.array("items").isEmpty)
        }
    }

    @Test func `a scale without a number takes one`() async throws {
        try await TestServer.with { api async throws in
            let schema = CustomFixture.schema.replacing(",\"default\":1", with: "")
            try await api.define(CustomFixture.definition().replacing(CustomFixture.schema, with: schema))
            #expect(try await api.call(.post, tabs, CustomFixture.tab("a")).status == 201)
            #expect(try await api.call(.get, "\(tabs)/a/scale").status == 500)
            let patched = try await api.call(.patch, "\(tabs)/a/scale", #"{"spec":{"replicas":3}}"#, type: "application/merge-patch+json")
            #expect(patched.status == 200, "\(patched.message)")
            #expect(try await api.call(.get, "\(tabs)/a").object.integer("spec", "replicas") == 3)
        }
    }

    @Test func `custom resources speak JSON and YAML, and of their own kind`() async throws {
        try await TestServer.with { api async throws in
            try await api.define()
            let type = "application/vnd.kubernetes.protobuf"
            let sent = try await api.call(.post, tabs, CustomFixture.tab("a"), type: type)
            #expect(sent.status == 415)
            #expect(sent.message.hasSuffix("accepted media types include: application/json, application/yaml"))
            let wanted = try await api.call(.get, tabs, accept: type)
            #expect(wanted.status == 406)
            let all = try await api.call(.get, tabs, accept: "\(type), application/json")
            #expect(all.status == 200)
            let other = try await api.call(.post, tabs, CustomFixture.tab("a").replacing("\"CronTab\"", with: "\"Q\""))
            #expect(other.status == 422)
            #expect(other.message == "CronTab.stable.example.com \"a\" is invalid: kind: Invalid value: \"Q\": must be CronTab")
        }
    }

    @Test(arguments: [
        ("{\"kind\":\"Q\"}", "Q.stable.example.com \"a\" is invalid: kind: Invalid value: \"Q\": must be CronTab"),
        (
            "{\"apiVersion\":\"other.example.com/v1\"}",
            "CronTab.other.example.com \"a\" is invalid: apiVersion: Invalid value: \"other.example.com/v1\": must be stable.example.com/v1"
        ),
        (
            "{\"apiVersion\":\"stable.example.com/v9\",\"kind\":\"Q\"}",
            "Q.stable.example.com \"a\" is invalid: [kind: Invalid value: \"Q\": must be CronTab, "
                + "apiVersion: Invalid value: \"stable.example.com/v9\": must be stable.example.com/v1]"
        ),
    ])
    func `a patch makes no other kind of a custom resource`(patch: String, message: String) async throws {
        try await TestServer.with { api async throws in
            try await api.define()
            _ = try await api.call(.post, tabs, CustomFixture.tab("a"))
            let answer = try await api.call(.patch, "\(tabs)/a", patch, type: "application/merge-patch+json")
            #expect(answer.status == 422)
            #expect(answer.message == message)
            let gone = try await api.call(.patch, "\(tabs)/a", "{\"kind\":null}", type: "application/merge-patch+json")
            #expect(gone.status == 422)
            #expect(gone.message.contains("Object 'Kind' is missing in"))
        }
    }

    @Test func `status and scale have paths of their own`() async throws {
        try await TestServer.with { api in
            try await api.define()
            var object = try await api.call(.post, tabs, CustomFixture.tab("a", "\"cron\":\"* * * * *\"")).object
            object["status"] = ["replicas": 2, "selector": "app=a"]
            object["spec", "image"] = "changed"
            let status = try await api.call(.put, "\(tabs)/a/status", object.value.description).object
            #expect(status.integer("status", "replicas") == 2 && status.string("spec", "image") == "busybox" && status.generation == 1)
            let scale = try await api.call(.get, "\(tabs)/a/scale").value
            #expect(scale["spec", "replicas"] == 1 && scale["status"] == ["replicas": 2, "selector": "app=a"])
            let scaled = try await api.call(.patch, "\(tabs)/a/scale", #"{"spec":{"replicas":5}}"#, type: "application/merge-patch+json").value
            #expect(scaled["spec", "replicas"] == 5)
            #expect(try await api.call(.get, "\(tabs)/a").object.integer("spec", "replicas") == 5)
            #expect(try await api.call(.patch, "\(tabs)/a/scale", #"{"spec":{"replicas":50}}"#, type: "application/merge-patch+json").status == 422)
            let main = try await api.call(.patch, "\(tabs)/a", #"{"status":{"replicas":9}}"#, type: "application/merge-patch+json").object
            #expect(main.integer("status", "replicas") == 2)
        }
    }

    @Test func `tables have the definition's columns, and its fields select`() async throws {
        try await TestServer.with { api in
            try await api.define()
            _ = try await api.call(.post, tabs, CustomFixture.tab("a"))
            _ = try await api.call(.post, tabs, CustomFixture.tab("b", "\"cron\":\"* * * * *\",\"image\":\"nginx\""))
            let table = try await api.call(.get, tabs, accept: "application/json;as=Table;v=v1;g=meta.k8s.io").value
            #expect(table["columnDefinitions"]?.arrayValue?.map { $0["name"] } == ["Name", "Cron", "Replicas"])
            #expect(table["rows"]?[0]?["cells"] == ["a", "* * * * */5", 1])
            let selected = try await api.call(.get, "\(tabs)?fieldSelector=spec.image%3Dnginx").object.array("items")
            #expect(selected.map { $0["metadata", "name"] } == ["b"])
            let refused = try await api.call(.get, "\(tabs)?fieldSelector=spec.cron%3Dx")
            #expect(refused.status == 400 && refused.message == "field label not supported: spec.cron")
            let watch = try await api.watch("\(tabs)?watch=true&fieldSelector=spec.image%3Dnginx")
            #expect(try await watch.next()?.object.name == "b")
            _ = try await api.call(.patch, "\(tabs)/b", #"{"spec":{"image":"x"}}"#, type: "application/merge-patch+json")
            #expect(try await watch.next()?.type == "DELETED")
            watch.cancel()
        }
    }

    @Test func `versions show the same objects, and the storage version can change`() async throws {
        try await TestServer.with { api in
            let version = { (name: String, storage: Bool, served: Bool, extra: String) in
                """
                {"name":"\(name)","served":\(served),"storage":\(storage)\(extra),"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"},"\(name)only":{"type":"string"},"d\(name)":{"type":"string","default":"\(name)"}}}}}}}
                """
            }
            let old = ",\"deprecated\":true"
            try await api.define(
                CustomFixture.definition(
                    versions: "[\(version("v1beta1", true, true, old)),\(version("v1", false, true, "")),\(version("v2", false, false, ""))]"))
            let beta = "/apis/stable.example.com/v1beta1/namespaces/default/crontabs"
            let created = try await api.call(.post, tabs, CustomFixture.tab("a", "\"a\":\"x\",\"v1only\":\"y\""))
            #expect(created.object.apiVersion == "stable.example.com/v1")
            let shown = try await api.call(.get, "\(beta)/a")
            #expect(shown.object.apiVersion == "stable.example.com/v1beta1")
            #expect(shown.object["spec"] == ["a": "x", "dv1beta1": "v1beta1"])
            #expect(shown.warnings == ["299 - \"stable.example.com/v1beta1 CronTab is deprecated\""])
            #expect(try await api.call(.get, "/apis/stable.example.com/v2/crontabs").status == 404)
            #expect(try await api.call(.get, "/apis/stable.example.com").value["preferredVersion", "version"] == "v1")
            let path = "\(CustomFixture.definitions)/crontabs.stable.example.com"
            let next = "[\(version("v1beta1", false, true, old)),\(version("v1", true, true, "")),\(version("v2", false, false, ""))]"
            let changed = try await api.call(.patch, path, "{\"spec\":{\"versions\":\(next)}}", type: "application/merge-patch+json")
            #expect(changed.object.array("status", "storedVersions") == ["v1beta1", "v1"], "\(changed.message)")
            let before = try await api.call(.get, "\(tabs)/a").object
            #expect(before["spec"] == ["a": "x"])
            // The same object again is written in the new version.
            let after = try await api.call(.put, "\(tabs)/a", before.value.description).object
            #expect(after.resourceVersion != before.resourceVersion)
            #expect(after["spec"] == ["a": "x", "dv1": "v1"])
            let again = try await api.call(.put, "\(tabs)/a", after.value.description).object
            #expect(again.resourceVersion == after.resourceVersion)
        }
    }

    @Test func `a new default shows on objects that are stored already, and a dropped field no more`() async throws {
        try await TestServer.with { api in
            try await api.define()
            _ = try await api.call(.post, tabs, CustomFixture.tab("a", "\"cron\":\"* * * * *\",\"mood\":\"Great\""))
            let body = CustomFixture.definition().replacing(
                "\"mood\":{\"type\":\"string\",\"enum\":[\"Great\",\"Down\"]}", with: "\"tone\":{\"type\":\"string\",\"default\":\"low\"}")
            let versions = try JSON.parse(body)["spec", "versions"] ?? .null
            let changed = try await api.call(
                .patch, "\(CustomFixture.definitions)/crontabs.stable.example.com", "{\"spec\":{\"versions\":\(versions)}}",
                type: "application/merge-patch+json")
            #expect(changed.status == 200, "\(changed.message)")
            let object = try await api.call(.get, "\(tabs)/a").object
            #expect(object.string("spec", "tone") == "low" && object["spec", "mood"] == nil)
            #expect(try await api.call(.get, tabs).object.array("items").first?["spec", "tone"] == "low")
        }
    }

    @Test func `cluster-scoped kinds live outside namespaces`() async throws {
        try await TestServer.with { api in
            try await api.define(CustomFixture.definition(scope: "Cluster"))
            let path = "/apis/stable.example.com/v1/crontabs"
            #expect(try await api.call(.post, path, CustomFixture.tab("a")).status == 201)
            #expect(try await api.call(.get, "\(path)/a").object.namespace == nil)
        }
    }

    @Test func `users need rights on custom resources too`() async throws {
        try await TestServer.with { api in
            try await api.define()
            let ann = UserInfo(name: "ann", groups: ["system:authenticated"])
            #expect(try await api.call(.get, tabs, as: ann).status == 403)
            _ = try await api.call(
                .post, "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
                #"{"metadata":{"name":"r"},"rules":[{"apiGroups":["stable.example.com"],"resources":["crontabs"],"verbs":["list"]}]}"#)
            _ = try await api.call(
                .post, "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
                #"{"metadata":{"name":"r"},"subjects":[{"kind":"User","name":"ann"}],"roleRef":{"kind":"Role","name":"r"}}"#)
            #expect(try await api.call(.get, tabs, as: ann).status == 200)
            #expect(try await api.call(.post, tabs, CustomFixture.tab("a"), as: ann).status == 403)
        }
    }

    @Test func `definitions and objects are there after the store was opened again`() async throws {
        try await TestServer.with { api in
            try await api.define()
            _ = try await api.call(.post, tabs, CustomFixture.tab("a"))
            let kinds = CustomKinds(store: api.store, registry: api.server.core.registry, time: api.server.core.time)
            let endpoint = try #require(try kinds.current().endpoint("stable.example.com", "v1", "crontabs"))
            #expect(endpoint.descriptor.kind == "CronTab" && endpoint.hasStatus)
        }
    }
}
