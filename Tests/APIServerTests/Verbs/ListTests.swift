import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

struct ListTests {
    private func fill(_ api: TestServer, _ count: Int) async throws {
        for number in 0..<count {
            let labels = "{\"parity\":\"\(number % 2 == 0 ? "even" : "odd")\"}"
            _ = try await api.call(.post, configMaps, TestServer.configMap("c\(number + 10)", labels: labels))
        }
    }

    @Test func `a list joins what is stored, in the order of names, at one revision`() async throws {
        try await TestServer.with { api async throws in
            try await fill(api, 5)
            let list = try await api.call(.get, configMaps)
            #expect(list.value["kind"] == "ConfigMapList")
            #expect(list.object.array("items").map { $0["metadata", "name"]?.stringValue } == ["c10", "c11", "c12", "c13", "c14"])
            #expect(list.object.resourceVersion == String(api.store.currentRevision))
            #expect(list.object.array("items")[0]["metadata", "resourceVersion"]?.stringValue != nil)
            let everywhere = try await api.call(.get, "/api/v1/configmaps?fieldSelector=metadata.namespace%3Dkube-system")
            #expect(everywhere.object.array("items").isEmpty)
        }
    }

    @Test func `pages of a list are of one moment and count down`() async throws {
        try await TestServer.with { api async throws in
            try await fill(api, 5)
            let first = try await api.call(.get, "\(configMaps)?limit=2")
            #expect(first.object.integer("metadata", "remainingItemCount") == 3)
            _ = try await api.call(.delete, "\(configMaps)/c14")
            var names: [String] = []
            var page = first
            while true {
                names += page.object.array("items").compactMap { $0["metadata", "name"]?.stringValue }
                #expect(page.object.resourceVersion == first.object.resourceVersion)
                guard let token = page.object.string("metadata", "continue"), !token.isEmpty else { break }
                page = try await api.call(.get, "\(configMaps)?limit=2&continue=\(token)")
            }
            #expect(names == ["c10", "c11", "c12", "c13", "c14"])
            #expect(page.object["metadata", "remainingItemCount"] == nil)
        }
    }

    @Test func `selectors choose, also across pages`() async throws {
        try await TestServer.with { api async throws in
            try await fill(api, 9)
            let first = try await api.call(.get, "\(configMaps)?labelSelector=parity%3Deven&limit=3")
            #expect(first.object.array("items").count == 3)
            #expect(first.object["metadata", "remainingItemCount"] == nil)
            let token = try #require(first.object.string("metadata", "continue"))
            let rest = try await api.call(.get, "\(configMaps)?labelSelector=parity%3Deven&limit=3&continue=\(token)")
            #expect(rest.object.array("items").map { $0["metadata", "name"]?.stringValue } == ["c16", "c18"])
            let set = try await api.call(.get, "\(configMaps)?labelSelector=parity%20in%20(odd),parity")
            #expect(set.object.array("items").count == 4)
            #expect(try await api.call(.get, "\(configMaps)?fieldSelector=metadata.name%3Dc11").object.array("items").count == 1)
            #expect(try await api.call(.get, "\(configMaps)?fieldSelector=metadata.name%3Dc11,metadata.name%3Dc12").object.array("items").isEmpty)
            #expect(try await api.call(.get, "\(configMaps)?fieldSelector=metadata.name!%3Dc11").object.array("items").count == 8)
        }
    }

    @Test func `pods are selected by the fields of the reference`() async throws {
        try await TestServer.with { api async throws in
            let spec = "\"nodeName\":\"n1\",\"containers\":[{\"name\":\"c\",\"image\":\"b\"}]"
            _ = try await api.call(.post, pods, TestServer.pod("a", spec: spec))
            _ = try await api.call(.post, pods, TestServer.pod("b"))
            for (selector, count) in [
                ("spec.nodeName%3Dn1", 1), ("spec.nodeName%3D", 1), ("status.phase%3DPending", 2), ("status.phase!%3DPending", 0),
                ("spec.nodeName%3Dn1,metadata.name%3Da", 1),
            ] {
                let list = try await api.call(.get, "/api/v1/pods?fieldSelector=\(selector)")
                #expect(list.object.array("items").count == count, "\(selector)")
            }
        }
    }

    @Test func `tables and metadata lists come in their own form`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, pods, TestServer.pod("p"))
            let table = try await api.call(.get, pods, accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
            #expect(table.value["kind"] == "Table")
            #expect(table.object.array("columnDefinitions").first?["name"] == "Name")
            #expect(table.object.array("rows").first?["cells"]?[0] == "p")
            #expect(table.object.array("rows").first?["object"]?["kind"] == "PartialObjectMetadata")
            let metadata = try await api.call(
                .get, pods, accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
            #expect(metadata.value["kind"] == "PartialObjectMetadataList")
            #expect(metadata.object.array("items").first?["spec"] == nil)
            #expect(try await api.call(.get, pods, accept: "application/cbor").status == 406)
            #expect(
                try await api.call(.get, pods, accept: "application/json,application/vnd.kubernetes.protobuf").value["kind"] == "PodList")
            let binary = try await api.call(.get, pods, accept: "application/vnd.kubernetes.protobuf,application/json")
            #expect(binary.response.contentType == "application/vnd.kubernetes.protobuf")
        }
    }

    @Test func `events are served in both groups and end after an hour`() async throws {
        let time = ManualTimeSource(at: Timestamp(seconds: 1_800_000_000))
        try await TestServer.with(time: time) { api async throws in
            let event = """
                {"kind":"Event","apiVersion":"v1","metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"p","namespace":"default"},
                "reason":"Started","message":"m","type":"Normal","firstTimestamp":null,"lastTimestamp":null}
                """
            #expect(try await api.call(.post, "/api/v1/namespaces/default/events", event).status == 201)
            let modern = try await api.call(.get, "/apis/events.k8s.io/v1/namespaces/default/events/e").object
            #expect(modern.string("note") == "m")
            #expect(modern.string("regarding", "name") == "p")
            #expect(modern.apiVersion == "events.k8s.io/v1")
            #expect(
                try await api.call(.get, "/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dp").object.array("items").count == 1)
            time.advance(by: .seconds(3601))
            #expect(try await api.call(.get, "/api/v1/events").object.array("items").isEmpty)
            #expect(try await api.call(.get, "/api/v1/namespaces/default/events/e").status == 404)
        }
    }
}
