import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

@Suite struct MirroringTests {
    private let controller = EndpointSliceMirroringController()
    private let key = ObjectName(Endpoints.resource, namespace: "default", name: "hand")

    private func world(selector: JSONValue? = nil, labels: [String: String] = [:], annotations: [String: String] = [:]) -> ToyWorld {
        var world = ToyWorld()
        var service = Service(name: "hand", namespace: "default")
        service.object["spec"] = ["ports": [["port": 80]]]
        service.object["spec", "selector"] = selector
        world.put(service)
        var endpoints = Endpoints(name: "hand", namespace: "default")
        endpoints.object.uid = "e-uid"
        endpoints.object.labels = labels
        endpoints.object.annotations = annotations
        endpoints.object["subsets"] = [
            [
                "addresses": [["ip": "10.1.2.3"], ["ip": "fd00::1"]], "notReadyAddresses": [["ip": "10.1.2.4", "hostname": "four"]],
                "ports": [["port": 80, "protocol": "TCP"]],
            ]
        ]
        world.put(endpoints)
        return world
    }

    private func slices(_ world: ToyWorld) -> [KubeObject] { world.all(EndpointSlice.self).map(\.object) }

    @Test func `hand-written Endpoints become slices, one for each family, and follow them`() throws {
        var world = world(labels: ["mine": "1"])
        world.settle(controller, key)
        #expect(slices(world).map { $0["addressType"] } == ["IPv4", "IPv6"])
        let slice = slices(world)[0]
        #expect(slice.labels["endpointslice.kubernetes.io/managed-by"] == "endpointslicemirroring-controller.k8s.io")
        #expect(slice.labels["kubernetes.io/service-name"] == "hand")
        #expect(slice.labels["mine"] == "1")
        #expect(slice.controllerRef?.kind == "Endpoints")
        #expect(slice["ports"] == [["name": "", "port": 80, "protocol": "TCP"]])
        #expect(
            slice["endpoints"] == [
                ["addresses": ["10.1.2.3"], "conditions": ["ready": true]],
                ["addresses": ["10.1.2.4"], "conditions": ["ready": false], "hostname": "four"],
            ])
        var endpoints = world.all(Endpoints.self)[0]
        endpoints.object["subsets"] = [["addresses": [["ip": "10.1.2.5"]], "ports": [["port": 80, "protocol": "TCP"]]]]
        world.put(endpoints)
        world.settle(controller, key)
        #expect(slices(world).map(\.name) == [slice.name])
        #expect(slices(world)[0]["endpoints"] == [["addresses": ["10.1.2.5"], "conditions": ["ready": true]]])
        world.remove(Endpoints.resource, "hand")
        world.settle(controller, key)
        #expect(slices(world).isEmpty)
    }

    @Test func `those that a controller writes, that ask not to be, and those of leaders are left`() {
        var worlds = [
            world(selector: ["app": "web"]), world(labels: ["endpointslice.kubernetes.io/skip-mirror": "true"]),
            world(annotations: ["control-plane.alpha.kubernetes.io/leader": "{}"]),
        ]
        for index in worlds.indices {
            worlds[index].settle(controller, key)
            #expect(slices(worlds[index]).isEmpty)
        }
        var alone = world()
        alone.remove(Service.resource, "hand")
        alone.settle(controller, key)
        #expect(slices(alone).isEmpty)
    }
}
