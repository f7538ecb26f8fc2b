package import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
package import LinuxKernel

/// Keeps the EndpointSlices of every service with a selector: one per set of ports and hundred addresses.
package struct EndpointSliceController: Controller {
    static let manager = "endpointslice-controller.k8s.io"
    static let capacity = 100

    package init() {}

    package var name: String { "endpointslice-controller" }
    package var watched: [GroupVersionResource] { [Service.resource, Pod.resource, EndpointSlice.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        guard resource == EndpointSlice.resource else { return serviceKeys(resource, object, caches) }
        guard object.labels[EndpointSlice.managedByLabel] == Self.manager,
            let service = object.labels[EndpointSlice.serviceNameLabel]
        else { return [] }
        return [ObjectName(Service.resource, namespace: object.namespace, name: service)]
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        let present = caches.all(EndpointSlice.resource, namespace: key.namespace).filter { slice in
            slice.labels[EndpointSlice.serviceNameLabel] == key.name && slice.labels[EndpointSlice.managedByLabel] == Self.manager
        }
        guard let object = caches.get(key), !object.isBeingDeleted else { return Reconciliation(present.map(Self.delete)) }
        let service = Service(object)
        guard !service.spec.selector.isEmpty, service.spec.type != "ExternalName" else { return Reconciliation(present.map(Self.delete)) }
        var wanted = Self.contents(ServiceBackends(service, caches), of: service)
        if wanted.isEmpty { wanted = [([], [])] }
        var rest = present
        var changes: [Change] = []
        for (ports, endpoints) in wanted {
            // A slice with the same ports is kept, so that watchers see a change and not a replacement.
            if let index = rest.firstIndex(where: { ($0["ports"] ?? []) == .array(ports) }) {
                var slice = rest.remove(at: index)
                guard slice["endpoints"] ?? [] != .array(endpoints) else { continue }
                slice["endpoints"] = .array(endpoints)
                changes.append(.update(EndpointSlice.resource, slice))
            } else {
                changes.append(.create(EndpointSlice.resource, Self.make(service, ports, endpoints), reporter: nil))
            }
        }
        return Reconciliation(changes + rest.map(Self.delete))
    }

    private static func contents(_ backends: ServiceBackends, of service: Service) -> [(ports: [JSONValue], endpoints: [JSONValue])] {
        backends.groups.flatMap { group -> [(ports: [JSONValue], endpoints: [JSONValue])] in
            let ports = group.ports.map { port -> JSONValue in
                var value: JSONObject = [
                    "name": .string(port.name), "protocol": .string(port.protocol), "port": .integer(port.number),
                ]
                if let app = port.appProtocol { value["appProtocol"] = .string(app) }
                return .object(value)
            }
            let endpoints = group.backends.map { endpoint($0, of: service) }
            return stride(from: 0, to: endpoints.count, by: capacity).map { start in
                (ports, Array(endpoints[start..<min(start + capacity, endpoints.count)]))
            }
        }
    }

    private static func endpoint(_ backend: ServiceBackends.Backend, of service: Service) -> JSONValue {
        var endpoint: JSONValue = [
            "addresses": [.string(backend.pod.status.podIP)],
            "conditions": [
                "ready": .bool(backend.isReady), "serving": .bool(backend.pod.isReady), "terminating": .bool(backend.isTerminating),
            ],
            "targetRef": backend.target, "nodeName": .string(backend.pod.spec.nodeName),
        ]
        // A pod with a host name has it below the service that it names as its subdomain.
        let spec = backend.pod.spec
        if !spec.hostname.isEmpty, spec.subdomain == service.name { endpoint["hostname"] = .string(spec.hostname) }
        return endpoint
    }

    private static func make(_ service: Service, _ ports: [JSONValue], _ endpoints: [JSONValue]) -> KubeObject {
        var slice = KubeObject([
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": ["generateName": .string("\(service.name)-"), "namespace": .string(service.namespace ?? "default")],
        ])
        slice.labels = service.labels.merging([
            EndpointSlice.serviceNameLabel: service.name, EndpointSlice.managedByLabel: manager,
        ]) { _, new in new }
        if service.spec.clusterIP == "None" { slice.labels["service.kubernetes.io/headless"] = "" }
        slice.ownerReferences = [OwnerReference(controller: service.object)]
        slice["addressType"] = "IPv4"
        slice["endpoints"] = .array(endpoints)
        slice["ports"] = .array(ports)
        return slice
    }

    private static func delete(_ slice: KubeObject) -> Change {
        .delete(ObjectName(EndpointSlice.resource, slice), uid: slice.uid, .background, reporter: nil)
    }
}
