package import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
package import LinuxKernel

/// Copies Endpoints that somebody wrote by hand, for a service without a selector, into EndpointSlices, which is all that proxies read.
/// Source: `pkg/controller/endpointslicemirroring`.
package struct EndpointSliceMirroringController: Controller {
    static let manager = "endpointslicemirroring-controller.k8s.io"
    /// Addresses of one subset beyond this number are left out.
    static let capacity = 1000
    private static let skip = "endpointslice.kubernetes.io/skip-mirror"
    /// Marks the Endpoints of an elected leader, which are no addresses.
    private static let leader = "control-plane.alpha.kubernetes.io/leader"
    /// When the Endpoints last changed: it would change slices that say the same.
    private static let trigger = "endpoints.kubernetes.io/last-change-trigger-time"

    package init() {}

    package var name: String { "endpointslicemirroring-controller" }
    package var watched: [GroupVersionResource] { [Service.resource, Endpoints.resource, EndpointSlice.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        var name = object.name
        if resource == EndpointSlice.resource {
            guard object.labels[EndpointSlice.managedByLabel] == Self.manager, let service = object.labels[EndpointSlice.serviceNameLabel]
            else { return [] }
            name = service
        }
        return [ObjectName(Endpoints.resource, namespace: object.namespace, name: name)]
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        let present = caches.all(EndpointSlice.resource, namespace: key.namespace).filter { slice in
            slice.labels[EndpointSlice.serviceNameLabel] == key.name && slice.labels[EndpointSlice.managedByLabel] == Self.manager
        }
        var rest = present
        var changes: [Change] = []
        for wanted in wanted(key, caches) {
            // A slice with the same ports is kept, so that watchers see a change and not a replacement.
            let index = rest.firstIndex { $0["ports"] ?? [] == wanted["ports"] ?? [] && $0["addressType"] == wanted["addressType"] }
            guard let index else {
                changes.append(.create(EndpointSlice.resource, wanted, reporter: nil))
                continue
            }
            var slice = rest.remove(at: index)
            guard slice["endpoints"] ?? [] != wanted["endpoints"] ?? [] || slice.labels != wanted.labels else { continue }
            slice["endpoints"] = wanted["endpoints"]
            slice.labels = wanted.labels
            changes.append(.update(EndpointSlice.resource, slice))
        }
        changes += rest.map { .delete(ObjectName(EndpointSlice.resource, $0), uid: $0.uid, .background, reporter: nil) }
        return Reconciliation(changes)
    }

    /// The slices that the Endpoints should have; none unless they are to be copied.
    private func wanted(_ key: ObjectName, _ caches: any Caches) -> [KubeObject] {
        guard let endpoints = caches.get(key), !endpoints.isBeingDeleted, endpoints.labels[Self.skip] != "true",
            endpoints.annotations[Self.leader] == nil,
            let service = caches.get(ObjectName(Service.resource, namespace: key.namespace, name: key.name)),
            Service(service).spec.selector.isEmpty
        else { return [] }
        return endpoints.array("subsets").flatMap { subset in
            let (ready, notReady) = (subset["addresses"]?.arrayValue ?? [], subset["notReadyAddresses"]?.arrayValue ?? [])
            let all = (ready.map { ($0, true) } + notReady.map { ($0, false) }).prefix(Self.capacity)
            let families = Dictionary(grouping: all) { $0.0["ip"]?.stringValue?.contains(":") ?? false }
            return families.sorted { !$0.key && $1.key }.map { isSix, members in
                Self.slice(of: endpoints, isSix ? "IPv6" : "IPv4", ports: subset["ports"] ?? [], members.map { Self.endpoint($0.0, isReady: $0.1) })
            }
        }
    }

    private static func endpoint(_ address: JSONValue, isReady: Bool) -> JSONValue {
        var endpoint: JSONObject = ["addresses": [address["ip"] ?? ""], "conditions": ["ready": .bool(isReady)]]
        if let name = address["hostname"], name != "" { endpoint["hostname"] = name }
        if let target = address["targetRef"] { endpoint["targetRef"] = target }
        if let node = address["nodeName"] { endpoint["nodeName"] = node }
        return .object(endpoint)
    }

    private static func slice(of endpoints: KubeObject, _ family: JSONValue, ports: JSONValue, _ members: [JSONValue]) -> KubeObject {
        var slice = KubeObject([
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": ["generateName": .string("\(endpoints.name)-"), "namespace": .string(endpoints.namespace ?? "default")],
        ])
        slice.labels = endpoints.labels.merging([
            EndpointSlice.serviceNameLabel: endpoints.name, EndpointSlice.managedByLabel: manager,
        ]) { _, new in new }
        slice.annotations = endpoints.annotations.filter { $0.key != trigger && $0.key != "kubectl.kubernetes.io/last-applied-configuration" }
        slice.ownerReferences = [OwnerReference(controller: endpoints)]
        slice["addressType"] = family
        slice["endpoints"] = .array(members)
        slice["ports"] = .array(
            (ports.arrayValue ?? []).map { port in
                var port = port
                // A slice's port always has a name, be it empty.
                if port["name"] == nil { port["name"] = "" }
                return port
            })
        return slice
    }
}
