import APIMachinery
import JSONCore
import KubeClient
import ObjectStore
import Synchronization
import Testing

@testable import APIServer

@Suite(.timeLimit(.minutes(5))) struct DefinitionTests {
    @Test func `a definition is completed, accepted and established`() async throws {
        try await TestServer.with { api in
            let created = try await api.define().object
            #expect(created.string("spec", "names", "singular") == "crontab")
            #expect(created.string("spec", "names", "listKind") == "CronTabList")
            #expect(created.string("spec", "conversion", "strategy") == "None")
            #expect(created.array("status", "storedVersions") == ["v1"])
            #expect(created.generation == 1)
            let object = try await api.definition("crontabs.stable.example.com", "Established", "True")
            let conditions = object.array("status", "conditions")
            #expect(conditions.map { $0["type"] } == ["NamesAccepted", "Established"])
            #expect(conditions.map { $0["reason"] } == ["NoConflicts", "InitialNamesAccepted"])
            #expect(object["status", "acceptedNames", "plural"] == "crontabs")
            #expect(object["status", "acceptedNames", "shortNames"] == ["ct"])
        }
    }

    @Test(arguments: [
        (
            "\"name\":\"crontabs.stable.example.com\"", "\"name\":\"tabs.stable.example.com\"",
            "metadata.name: Invalid value: \"tabs.stable.example.com\": must be spec.names.plural+\".\"+spec.group"
        ),
        (
            "\"scope\":\"Namespaced\"", "\"scope\":\"Everywhere\"",
            "spec.scope: Unsupported value: \"Everywhere\": supported values: \"Cluster\", \"Namespaced\""
        ),
        ("\"storage\":true", "\"storage\":false", "spec.versions: Invalid value: [\"v1\"]: must have exactly one version marked as storage version"),
        (
            "\"kind\":\"CronTab\"", "\"kind\":\"Cron_Tab\"",
            "spec.names.kind: Invalid value: \"Cron_Tab\": may have mixed case, but should otherwise match: a DNS-1035 label"
        ),
        ("\"shortNames\":[\"ct\"]", "\"shortNames\":[\"CT\"]", "spec.names.shortNames[0]: Invalid value: \"CT\": a DNS-1035 label"),
        (
            "\"scope\"", "\"preserveUnknownFields\":true,\"scope\"",
            "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        ),
        (
            "\".spec.replicas\",\"statusReplicasPath\"", "\".status.replicas\",\"statusReplicasPath\"",
            "spec.versions[0].subresources.scale.specReplicasPath: Invalid value: \".status.replicas\": should be a json path under .spec"
        ),
        (
            "{\"jsonPath\":\".spec.image\"}", "{\"jsonPath\":\".spec.nothing\"}",
            "spec.versions[0].selectableFields[0].jsonPath: Invalid value: \".spec.nothing\": must be a valid path: does not refer to a valid field"
        ),
        (
            "\"jsonPath\":\".spec.cron\"", "\"jsonPath\":\".spec.cron[\"",
            "spec.versions[0].additionalPrinterColumns[0].jsonPath: Invalid value: \".spec.cron[\": is an invalid path"
        ),
        (
            "\"type\":\"integer\",\"minimum\":0", "\"type\":\"whole\",\"minimum\":0",
            "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[replicas].type: Unsupported value: \"whole\""
        ),
        (
            "\"served\":true", "\"served\":true,\"deprecationWarning\":\"old\"",
            "spec.versions[0].deprecationWarning: Invalid value: \"old\": can only be set for deprecated versions"
        ),
        (
            "\"scope\"", "\"conversion\":{\"strategy\":\"Webhook\"},\"scope\"",
            "spec.conversion.webhook.clientConfig: Required value: required when strategy is set to Webhook"
        ),
    ])
    func `a faulty definition is refused with the path of the fault`(_ part: String, _ replacement: String, _ expected: String) async throws {
        try await TestServer.with { api in
            let body = CustomFixture.definition().replacing(part, with: replacement)
            #expect(body != CustomFixture.definition())
            let answer = try await api.call(.post, CustomFixture.definitions, body)
            #expect(answer.status == 422)
            #expect(answer.message.contains(expected), "\(answer.message)")
        }
    }

    @Test func `protected groups need an approval`() async throws {
        try await TestServer.with { api in
            let body = CustomFixture.definition(group: "sched.k8s.io")
            let answer = try await api.call(.post, CustomFixture.definitions, body)
            #expect(answer.message.contains("metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation"))
            try await api.define(
                body.replacing(
                    "\"name\":\"crontabs.sched.k8s.io\"",
                    with: "\"name\":\"crontabs.sched.k8s.io\",\"annotations\":{\"api-approved.kubernetes.io\":\"https://example.com/1\"}"))
            _ = try await api.definition("crontabs.sched.k8s.io", "KubernetesAPIApprovalPolicyConformant", "True")
        }
    }

    @Test func `names that are taken are not accepted until they are free`() async throws {
        try await TestServer.with { api in
            try await api.define()
            _ = try await api.definition("crontabs.stable.example.com", "Established", "True")
            try await api.define(CustomFixture.definition(plural: "tables", kind: "CronTab", short: "tb"))
            let refused = try await api.definition("tables.stable.example.com", "NamesAccepted", "False")
            let condition = refused.array("status", "conditions").first
            #expect(condition?["reason"] == "ListKindConflict" || condition?["reason"] == "KindConflict")
            #expect(condition?["message"]?.stringValue?.hasSuffix("is already in use") == true)
            #expect(try await api.call(.get, "/apis/stable.example.com/v1/tables").status == 404)
            #expect(try await api.call(.delete, "\(CustomFixture.definitions)/crontabs.stable.example.com").status == 200)
            _ = try await api.definition("tables.stable.example.com", "Established", "True")
            #expect(try await api.call(.get, "/apis/stable.example.com/v1/tables").status == 200)
        }
    }

    @Test func `what is fixed cannot change, and stored versions must stay`() async throws {
        try await TestServer.with { api in
            try await api.define()
            let object = try await api.definition("crontabs.stable.example.com", "Established", "True")
            var other = object
            other["spec", "scope"] = "Cluster"
            let path = "\(CustomFixture.definitions)/crontabs.stable.example.com"
            #expect(try await api.call(.put, path, other.value.description).message.contains("field is immutable"))
            var renamed = object
            renamed["spec", "versions"] = .array(
                [object.array("spec", "versions")[0]].map { value in
                    var version = value
                    version["name"] = "v2"
                    return version
                })
            let answer = try await api.call(.put, path, renamed.value.description)
            #expect(answer.message.contains("status.storedVersions[0]: Invalid value: \"v1\": missing from spec.versions"), "\(answer.message)")
            var unpinned = object
            unpinned.resourceVersion = ""
            #expect(try await api.call(.put, path, unpinned.value.description).message.contains("must be specified for an update"))
        }
    }

    @Test func `discovery and documents follow a definition`() async throws {
        try await TestServer.with { api in
            #expect(try await api.call(.get, "/apis/stable.example.com").status == 404)
            try await api.define()
            let group = try await api.call(.get, "/apis/stable.example.com").value
            #expect(group["preferredVersion", "groupVersion"] == "stable.example.com/v1")
            let resources = try await api.call(.get, "/apis/stable.example.com/v1").value["resources"]?.arrayValue ?? []
            #expect(resources.map { $0["name"] } == ["crontabs", "crontabs/scale", "crontabs/status"])
            #expect(resources[0]["shortNames"] == ["ct"] && resources[0]["categories"] == ["all"])
            let index = try await api.call(.get, "/openapi/v3").value["paths"]
            #expect(index?["apis/stable.example.com/v1"] != nil)
            let document = try await api.call(.get, "/openapi/v3/apis/stable.example.com/v1").value
            let schema = document["components", "schemas", "com.example.stable.v1.CronTab"]
            #expect(schema?["properties", "spec", "properties", "cron", "type"] == "string")
            #expect(schema?["properties", "metadata"] != nil)
            #expect(schema?["x-kubernetes-group-version-kind"]?[0]?["kind"] == "CronTab")
            let watch = try await api.watch("\(CustomFixture.definitions)?watch=true")
            #expect(try await watch.next()?.type == "ADDED")
            _ = try await api.call(.delete, "\(CustomFixture.definitions)/crontabs.stable.example.com")
            while let (type, _) = try await watch.next(), type != "DELETED" {}
            watch.cancel()
            #expect(try await api.call(.get, "/apis/stable.example.com").status == 404)
            #expect(try await api.call(.get, "/openapi/v3").value["paths"]?["apis/stable.example.com/v1"] == nil)
        }
    }

    @Test func `deleting a definition deletes its objects, ends watches of them and waits for finalizers`() async throws {
        try await TestServer.with { api in
            try await api.define()
            _ = try await api.call(.post, CustomFixture.tabs, CustomFixture.tab("a"))
            _ = try await api.call(.post, CustomFixture.tabs, CustomFixture.tab("held", more: ",\"finalizers\":[\"example.com/hold\"]"))
            let watch = try await api.watch("\(CustomFixture.tabs)?watch=true")
            let path = "\(CustomFixture.definitions)/crontabs.stable.example.com"
            let deleted = try await api.call(.delete, path).object
            #expect(deleted.finalizers == ["customresourcecleanup.apiextensions.k8s.io"])
            _ = try await api.definition("crontabs.stable.example.com", "Terminating", "True")
            var seen: [String] = []
            while let (type, object) = try await watch.next() {
                seen.append("\(type) \(object.name)")
                if seen.contains("DELETED a"), seen.contains("MODIFIED held") { break }
            }
            #expect(seen.prefix(2) == ["ADDED a", "ADDED held"])
            let refused = try await api.call(.post, CustomFixture.tabs, CustomFixture.tab("late"))
            #expect(refused.status == 405 && refused.message == "create not allowed while custom resource definition is terminating")
            let gone = try await api.watch("\(CustomFixture.definitions)?watch=true&fieldSelector=metadata.name%3Dcrontabs.stable.example.com")
            _ = try await api.call(.patch, "\(CustomFixture.tabs)/held", #"{"metadata":{"finalizers":null}}"#, type: "application/merge-patch+json")
            while let (type, _) = try await gone.next(), type != "DELETED" {}
            gone.cancel()
            var last = ""
            while let (type, object) = try await watch.next() { last = "\(type) \(object.name)" }
            #expect(last == "DELETED held")
            #expect(try await api.call(.get, path).status == 404)
            #expect(try await api.call(.get, CustomFixture.tabs).status == 404)
        }
    }

    @Test func `an object that is created while its definition goes does not outlive it`() async throws {
        try await TestServer.with { api async throws in
            for round in 0..<10 {
                let start = try await api.define().object.resourceVersion
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<40 {
                        group.addTask {
                            let answer = try await api.call(.post, CustomFixture.tabs, CustomFixture.tab("t\(number)"))
                            #expect([201, 404, 405].contains(answer.status), "\(answer.message)")
                        }
                        if number == round * 4 {
                            group.addTask { _ = try await api.call(.delete, "\(CustomFixture.definitions)/crontabs.stable.example.com") }
                        }
                    }
                    try await group.waitForAll()
                }
                let watch = try await api.watch("\(CustomFixture.definitions)?watch=true&resourceVersion=\(start)")
                while let (type, _) = try await watch.next(), type != "DELETED" {}
                watch.cancel()
                let left = try api.store.list(prefix: ObjectKey.prefix(group: "stable.example.com", resource: "crontabs", namespace: nil))
                #expect(left.items.isEmpty)
            }
        }
    }

    @Test func `a closed gate lets nobody in and waits for who is inside`() async {
        let gate = CreationGate()
        #expect(gate.enter())
        gate.close()
        #expect(!gate.enter())
        let isDrained = Flag()
        async let drained: Void = {
            await gate.drain()
            isDrained.state.withLock { $0 = true }
        }()
        #expect(!isDrained.state.withLock { $0 })
        gate.leave()
        await drained
        #expect(isDrained.state.withLock { $0 })
        await gate.drain()
    }
}

private final class Flag: Sendable {
    let state = Mutex(false)
}
