import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

struct ComponentStatusTests {
    @Test func `the parts of the control plane are healthy, and their kind is on its way out`() async throws {
        try await TestServer.with { api async throws in
            let list = try await api.call(.get, "/api/v1/componentstatuses")
            #expect(list.status == 200)
            #expect(list.value["kind"] == "ComponentStatusList")
            #expect(list.object.array("items").compactMap { $0["metadata", "name"]?.stringValue } == ["scheduler", "controller-manager", "etcd-0"])
            #expect(list.object.array("items").allSatisfy { $0["conditions"] == [["type": "Healthy", "status": "True", "message": "ok"]] })
            #expect(list.warnings == ["299 - \"v1 ComponentStatus is deprecated in v1.19+\""])
            let one = try await api.call(.get, "/api/v1/componentstatuses/etcd-0")
            #expect(one.value["kind"] == "ComponentStatus")
            #expect(one.object.name == "etcd-0")
            let table = try await api.call(.get, "/api/v1/componentstatuses", accept: "application/json;as=Table;v=v1;g=meta.k8s.io")
            #expect(
                table.object.array("rows").map { $0["cells"] } == [
                    ["scheduler", "Healthy", "ok", ""], ["controller-manager", "Healthy", "ok", ""], ["etcd-0", "Healthy", "ok", ""],
                ])
        }
    }

    @Test func `they are selected by name, and nothing else can be done with them`() async throws {
        try await TestServer.with { api async throws in
            let chosen = try await api.call(.get, "/api/v1/componentstatuses?fieldSelector=metadata.name%3Dscheduler")
            #expect(chosen.object.array("items").count == 1)
            #expect(try await api.call(.get, "/api/v1/componentstatuses?labelSelector=a%3Db").object.array("items").isEmpty)
            let missing = try await api.call(.get, "/api/v1/componentstatuses/nothing")
            #expect(missing.status == 500)
            #expect(missing.message == "Component not found: nothing")
            #expect(try await api.call(.get, "/api/v1/componentstatuses?watch=true").status == 405)
            #expect(try await api.call(.delete, "/api/v1/componentstatuses/etcd-0").status == 405)
        }
    }
}
