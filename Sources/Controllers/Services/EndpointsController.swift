package import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
package import LinuxKernel

/// Keeps the Endpoints of every service with a selector.
package struct EndpointsController: Controller {
    package init() {}

    package var name: String { "endpoint-controller" }
    package var watched: [GroupVersionResource] { [Service.resource, Pod.resource, Endpoints.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        guard resource == Endpoints.resource else { return serviceKeys(resource, object, caches) }
        return [ObjectName(Service.resource, namespace: object.namespace, name: object.name)]
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        let name = ObjectName(Endpoints.resource, namespace: key.namespace, name: key.name)
        let present = caches.get(name)
        guard let object = caches.get(key), !object.isBeingDeleted else {
            guard let present, present.labels[Self.managed] == self.name else { return Reconciliation() }
            return Reconciliation([.delete(name, uid: present.uid, .background, reporter: nil)])
        }
        let service = Service(object)
        guard !service.spec.selector.isEmpty, service.spec.type != "ExternalName" else { return Reconciliation() }
        let subsets = Self.subsets(ServiceBackends(service, caches))
        if var fresh = present {
            guard fresh["subsets"] ?? [] != subsets else { return Reconciliation() }
            fresh["subsets"] = subsets
            return Reconciliation([.update(Endpoints.resource, fresh)])
        }
        var fresh = Endpoints(name: key.name, namespace: key.namespace)
        fresh.object.labels = object.labels.merging([Self.managed: self.name]) { _, new in new }
        if service.spec.clusterIP == "None" { fresh.object.labels["service.kubernetes.io/headless"] = "" }
        fresh.object["subsets"] = subsets
        return Reconciliation([.create(Endpoints.resource, fresh.object, reporter: nil)])
    }

    /// The label Kubernetes marks its own Endpoints with.
    private static let managed = "endpoints.kubernetes.io/managed-by"

    private static func subsets(_ backends: ServiceBackends) -> JSONValue {
        .array(
            backends.groups.map { group in
                func addresses(_ isReady: Bool) -> JSONValue? {
                    let list = group.backends.filter { $0.isReady == isReady && !$0.isTerminating }.map { backend -> JSONValue in
                        [
                            "ip": .string(backend.pod.status.podIP), "nodeName": .string(backend.pod.spec.nodeName),
                            "targetRef": backend.target,
                        ]
                    }
                    return list.isEmpty ? nil : .array(list)
                }
                var subset = JSONObject()
                subset["addresses"] = addresses(true)
                subset["notReadyAddresses"] = addresses(false)
                subset["ports"] = .array(
                    group.ports.map { port in
                        var value: JSONObject = ["port": .integer(port.number), "protocol": .string(port.protocol)]
                        if !port.name.isEmpty { value["name"] = .string(port.name) }
                        // A service that an older program stored may have what endpoints may not.
                        if let app = port.appProtocol, LabelValidation.keyProblems(app).isEmpty { value["appProtocol"] = .string(app) }
                        return .object(value)
                    })
                return .object(subset)
            }.filter { $0["addresses"] != nil || $0["notReadyAddresses"] != nil })
    }
}
