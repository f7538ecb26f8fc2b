import APIMachinery
import JSONCore
import KubeSchemas

/// The pods behind a service, grouped by the ports that they answer on.
struct ServiceBackends {
    /// One address.
    struct Backend {
        let pod: Pod
        let isReady: Bool
        let isTerminating: Bool
    }

    /// A port with the number that a group of pods answers on.
    struct Port: Hashable {
        let name: String
        let `protocol`: String
        let number: Int64
        let appProtocol: String?
    }

    /// Groups in the order of their ports.
    let groups: [(ports: [Port], backends: [Backend])]

    /// Finds the pods of a service, by name.
    init(_ service: Service, _ caches: any Caches) {
        let spec = service.spec
        let selector = spec.selector
        var groups: [[Port]: [Backend]] = [:]
        let first = selector.min { $0.key < $1.key }
        let candidates = first.map {
            caches.labelled(Pod.resource, namespace: service.namespace ?? "", key: $0.key, value: $0.value)
        }
        for object in candidates ?? [] {
            let labels = object.labels
            guard selector.allSatisfy({ labels[$0.key] == $0.value }) else { continue }
            let pod = Pod(object)
            // A pod of an ordinary user's node that is on the machine's network has its loopback address, to which no service may lead.
            guard !pod.status.podIP.isEmpty, !pod.status.podIP.hasPrefix("127."), !pod.isTerminated else { continue }
            let isReady = pod.isReady || spec.publishNotReadyAddresses
            let backend = Backend(pod: pod, isReady: isReady && !object.isBeingDeleted, isTerminating: object.isBeingDeleted)
            groups[spec.ports.compactMap { Self.resolve($0, in: pod) }, default: []].append(backend)
        }
        self.groups = groups.map { (ports: $0.key, backends: $0.value.sorted { $0.pod.name < $1.pod.name }) }
            .sorted { left, right in
                left.ports.map(\.number).lexicographicallyPrecedes(right.ports.map(\.number))
            }
    }

    /// The pod's number for a service port; nil when the pod has no port of that name.
    private static func resolve(_ port: ServicePort, in pod: Pod) -> Port? {
        var number = port.targetPort.integerValue
        if let name = port.targetPort.stringValue {
            let ports = pod.spec.containers.flatMap(\.ports)
            number = ports.first { $0.name == name && $0.protocol == port.protocol }?.containerPort
        }
        return number.map { Port(name: port.name, protocol: port.protocol, number: $0, appProtocol: port.appProtocol) }
    }
}

extension ServiceBackends.Backend {
    /// The pod as a target reference.
    var target: JSONValue {
        ["kind": "Pod", "namespace": .string(pod.namespace ?? ""), "name": .string(pod.name), "uid": .string(pod.uid)]
    }
}

/// The keys of both controllers: services by themselves, and by the pods that they select.
func serviceKeys(_ resource: GroupVersionResource, _ object: KubeObject, _ caches: any Caches) -> [ObjectName] {
    switch resource {
    case Service.resource: return [ObjectName(Service.resource, object)]
    case Pod.resource:
        let labels = object.labels
        return caches.all(Service.resource, namespace: object.namespace).compactMap { candidate in
            let selector = Service(candidate).spec.selector
            guard !selector.isEmpty, selector.allSatisfy({ labels[$0.key] == $0.value }) else { return nil }
            return ObjectName(Service.resource, candidate)
        }
    default: return []
    }
}
