import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

@Suite struct ServicesTests {
    private let service: Service = {
        var service = Service(name: "web", namespace: "default")
        service.object.uid = "svc"
        service.object["spec"] = ["selector": ["app": "web"], "ports": [["name": "http", "port": 80, "targetPort": "http"]]]
        return service
    }()

    private func backend(_ name: String, ip: String, isReady: Bool = true) -> Pod {
        var pod = pod(name, isReady: isReady)
        pod.object["spec", "containers"] = [["name": "a", "ports": [["name": "http", "containerPort": 8080]]]]
        pod.object["status", "podIP"] = .string(ip)
        return pod
    }

    @Test func `slices list ready and unready pods with the resolved port`() throws {
        var caches = FixedCaches()
        caches.add(service)
        caches.add(backend("a", ip: "10.42.0.2"))
        caches.add(backend("b", ip: "10.42.0.3", isReady: false))
        let result = EndpointSliceController().reconcile(ObjectName(Service.resource, service.object), caches, now: start)
        let slice = try #require(result.creations.first)
        #expect(slice["ports"]?[0]?["port"] == 8080)
        #expect(slice["endpoints"]?[0]?["addresses"]?[0] == "10.42.0.2")
        #expect(slice["endpoints"]?[1]?["conditions", "ready"] == false)
        #expect(slice.labels["kubernetes.io/service-name"] == "web")
    }

    @Test func `a pod has its host name below the service that is its subdomain`() throws {
        var headless = service
        headless.object["spec", "clusterIP"] = "None"
        var caches = FixedCaches()
        caches.add(headless)
        for (name, subdomain) in [("a", "web"), ("b", "other")] {
            var pod = backend(name, ip: "10.42.0.2")
            pod.object["spec", "hostname"] = .string("host-\(name)")
            pod.object["spec", "subdomain"] = .string(subdomain)
            caches.add(pod)
        }
        let result = EndpointSliceController().reconcile(ObjectName(Service.resource, headless.object), caches, now: start)
        let slice = try #require(result.creations.first)
        #expect(slice["endpoints"]?[0]?["hostname"] == "host-a")
        #expect(slice["endpoints"]?[1]?["hostname"] == nil)
        #expect(slice.labels["service.kubernetes.io/headless"] == "")
    }

    @Test func `endpoints separate ready from unready addresses`() throws {
        var caches = FixedCaches()
        caches.add(service)
        caches.add(backend("a", ip: "10.42.0.2"))
        caches.add(backend("b", ip: "10.42.0.3", isReady: false))
        let result = EndpointsController().reconcile(ObjectName(Service.resource, service.object), caches, now: start)
        let subset = try #require(result.creations.first?["subsets"]?[0])
        #expect(subset["addresses"]?[0]?["ip"] == "10.42.0.2")
        #expect(subset["notReadyAddresses"]?[0]?["ip"] == "10.42.0.3")
    }

    @Test func `a service without a selector is left to whoever fills it`() {
        var caches = FixedCaches()
        var bare = service
        bare.object["spec", "selector"] = nil
        caches.add(bare)
        let key = ObjectName(Service.resource, bare.object)
        #expect(EndpointsController().reconcile(key, caches, now: start) == Reconciliation())
        #expect(EndpointSliceController().reconcile(key, caches, now: start) == Reconciliation())
    }
}
