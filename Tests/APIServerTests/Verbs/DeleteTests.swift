import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

struct DeleteTests {
    @Test func `a delete answers with a Status that names what went, or with the object for kinds that return it`() async throws {
        try await TestServer.with { api async throws in
            let created = try await api.call(.post, configMaps, TestServer.configMap("c")).object
            let deleted = try await api.call(.delete, "\(configMaps)/c")
            #expect(deleted.value["status"] == "Success")
            #expect(deleted.value["details"]?["uid"] == .string(created.uid))
            _ = try await api.call(.post, pods, TestServer.pod("p"))
            #expect(try await api.call(.delete, "\(pods)/p").object.kind == "Pod")
            #expect(try await api.call(.get, "\(pods)/p").status == 404)
        }
    }

    @Test func `a form of lists is refused before anything is deleted, unless a Status is the answer`() async throws {
        try await TestServer.with { api async throws in
            let lists = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
            _ = try await api.call(.post, configMaps, TestServer.configMap("c"))
            _ = try await api.call(.post, pods, TestServer.pod("p"))
            let refused = try await api.call(.delete, "\(pods)/p", accept: lists)
            #expect(refused.status == 406 && refused.message.hasPrefix("you requested PartialObjectMetadataList"))
            #expect(try await api.call(.get, "\(pods)/p").status == 200)
            #expect(try await api.call(.delete, "\(configMaps)/c", accept: lists).value["status"] == "Success")
            let one = lists.replacing("MetadataList", with: "Metadata")
            #expect(try await api.call(.delete, "\(pods)/p", accept: one).object.kind == "PartialObjectMetadata")
        }
    }

    @Test func `preconditions protect the object that was meant`() async throws {
        try await TestServer.with { api async throws in
            let created = try await api.call(.post, configMaps, TestServer.configMap("c")).object
            let wrong = try await api.call(
                .delete, "\(configMaps)/c", "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":\"x\"}}")
            #expect(wrong.status == 409)
            #expect(wrong.message.contains("Precondition failed: UID in precondition: x, UID in object meta: \(created.uid)"))
            #expect(try await api.call(.delete, "\(configMaps)/c", "{\"preconditions\":{\"resourceVersion\":\"1\"}}").status == 409)
            #expect(try await api.call(.delete, "\(configMaps)/c", "{\"preconditions\":{\"uid\":\"\(created.uid)\"}}").status == 200)
        }
    }

    @Test(
        arguments: [
            ("{\"gracePeriodSeconds\":\"30\"}", "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64"),
            ("{\"preconditions\":\"uid\"}", "json: cannot unmarshal string into Go struct field DeleteOptions.preconditions of type v1.Preconditions"),
            ("{\"preconditions\":{\"uid\":7}}", "cannot unmarshal number into Go struct field Preconditions.preconditions.uid"),
            ("{\"propagationPolicy\":1}", "DeleteOptions.propagationPolicy"),
            ("{\"dryRun\":\"All\"}", "json: cannot unmarshal string into Go struct field DeleteOptions.dryRun"), ("[]", "found array"),
        ])
    func `options of the wrong type delete nothing`(options: String, why: String) async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, configMaps, TestServer.configMap("c"))
            let refused = try await api.call(.delete, "\(configMaps)/c", options)
            #expect(refused.status == 400)
            #expect(refused.message.contains(why), "\(refused.message)")
            #expect(try await api.call(.delete, configMaps, options).status == 400)
            #expect(try await api.call(.get, "\(configMaps)/c").status == 200)
        }
    }

    @Test func `finalizers keep an object until the last one is gone`() async throws {
        try await TestServer.with { api async throws in
            let body = TestServer.configMap("c").replacing("\"name\":\"c\"", with: "\"name\":\"c\",\"finalizers\":[\"example.com/a\"]")
            _ = try await api.call(.post, configMaps, body)
            #expect(try await api.call(.delete, "\(configMaps)/c").object.isBeingDeleted)
            let merge = "application/merge-patch+json"
            let more = "{\"metadata\":{\"finalizers\":[\"example.com/a\",\"example.com/b\"]}}"
            #expect(try await api.call(.patch, "\(configMaps)/c", more, type: merge).status == 422)
            #expect(try await api.call(.patch, "\(configMaps)/c", "{\"metadata\":{\"finalizers\":null}}", type: merge).status == 200)
            #expect(try await api.call(.get, "\(configMaps)/c").status == 404)
        }
    }

    @Test func `propagation policies become finalizers`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, deployments, TestServer.deployment("d"))
            let answer = try await api.call(.delete, "\(deployments)/d", "{\"propagationPolicy\":\"Foreground\"}")
            #expect(answer.object.finalizers == ["foregroundDeletion"])
            _ = try await api.call(.post, deployments, TestServer.deployment("e"))
            #expect(try await api.call(.delete, "\(deployments)/e", "{\"propagationPolicy\":\"Background\"}").value["status"] == "Success")
            #expect(try await api.call(.delete, "\(deployments)/d", "{\"propagationPolicy\":\"Sideways\"}").status == 422)
        }
    }

    @Test func `a pod on a node gets its grace period, later deletes may only shorten it`() async throws {
        let time = ManualTimeSource(at: Timestamp(seconds: 1_800_000_000))
        try await TestServer.with(time: time) { api async throws in
            let spec = "\"nodeName\":\"n\",\"containers\":[{\"name\":\"c\",\"image\":\"busybox\"}]"
            _ = try await api.call(.post, pods, TestServer.pod("p", spec: spec))
            let first = try await api.call(.delete, "\(pods)/p").object
            #expect(first.deletionGracePeriodSeconds == 30)
            #expect(first.deletionTimestamp == Timestamp(seconds: 1_800_000_030))
            #expect(first.generation == 2)
            let longer = try await api.call(.delete, "\(pods)/p", "{\"gracePeriodSeconds\":60}").object
            #expect(longer.deletionGracePeriodSeconds == 30)
            let shorter = try await api.call(.delete, "\(pods)/p", "{\"gracePeriodSeconds\":5}").object
            #expect(shorter.deletionTimestamp == Timestamp(seconds: 1_800_000_005))
            _ = try await api.call(.delete, "\(pods)/p", "{\"gracePeriodSeconds\":0}")
            #expect(try await api.call(.get, "\(pods)/p").status == 404)
        }
    }

    @Test func `a collection is deleted as far as it is selected`() async throws {
        try await TestServer.with { api async throws in
            for name in ["a", "b"] { _ = try await api.call(.post, configMaps, TestServer.configMap(name, labels: "{\"x\":\"1\"}")) }
            _ = try await api.call(.post, configMaps, TestServer.configMap("c"))
            let answer = try await api.call(.delete, "\(configMaps)?labelSelector=x%3D1")
            #expect(answer.value["kind"] == "ConfigMapList")
            #expect(answer.object.array("items").count == 2)
            let left = try await api.call(.get, configMaps)
            #expect(left.object.array("items").count == 1)
            #expect(try await api.call(.delete, "\(configMaps)?labelSelector=x%3D1").status == 200)
        }
    }

    @Test func `a collection that is deleted is shown in the form that was asked for`() async throws {
        try await TestServer.with { api async throws in
            func deletion(_ accept: String, _ query: String = "") async throws -> JSONValue {
                for name in ["a", "b"] { _ = try await api.call(.post, configMaps, TestServer.configMap(name, data: #"{"k":"v","l":"w"}"#)) }
                let answer = try await api.call(.delete, "\(configMaps)?fieldSelector=metadata.name%21%3Dkube-root-ca.crt\(query)", accept: accept)
                #expect(answer.status == 200, "\(answer.message)")
                return answer.value
            }
            let partial = try await deletion("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
            #expect(partial["kind"] == "PartialObjectMetadataList" && partial["apiVersion"] == "meta.k8s.io/v1")
            let items = partial["items"]?.arrayValue ?? []
            #expect(items.compactMap { $0["metadata", "name"]?.stringValue } == ["a", "b"] && items.allSatisfy { $0["data"] == nil })
            #expect(partial["metadata", "resourceVersion"]?.stringValue?.isEmpty == false)
            let table = try await deletion("application/json;as=Table;g=meta.k8s.io;v=v1", "&includeObject=Object")
            #expect(table["kind"] == "Table")
            let rows = table["rows"]?.arrayValue ?? []
            #expect(rows.compactMap { $0["cells"]?.arrayValue?[1] } == [2, 2] && rows.first?["object", "data", "k"] == "v")
            #expect(try await deletion("application/json")["kind"] == "ConfigMapList")
        }
    }

    @Test func `a dry run deletes nothing`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, configMaps, TestServer.configMap("c"))
            #expect(try await api.call(.delete, "\(configMaps)/c?dryRun=All").status == 200)
            #expect(try await api.call(.get, "\(configMaps)/c").status == 200)
        }
    }
}
