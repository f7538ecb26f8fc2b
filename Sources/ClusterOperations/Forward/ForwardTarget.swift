package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas

/// What connections are forwarded to: a pod, or whatever ready pod of a Service, a workload or a selector there is when a connection comes.
package struct ForwardTarget: Sendable, Hashable {
    /// Whose pods are meant.
    package enum Destination: Sendable, Hashable {
        /// A pod, or the pods of an object.
        case object(ObjectTarget)
        /// The pods of a namespace that a label selector, in kubectl's words, finds.
        case pods(namespace: String, selector: String)
    }

    /// One port that can be forwarded to.
    package struct Port: Sendable, Hashable {
        /// The number a person knows it by: of a Service its own, of pods the container's.
        package var number: UInt16
        /// Its name; empty for none.
        package var name: String
    }

    /// Whose pods.
    package var destination: Destination
    /// The port.
    package var port: UInt16

    /// A target.
    package init(_ destination: Destination, port: UInt16) {
        self.destination = destination
        self.port = port
    }

    /// `service default/web:80`, for messages.
    package var text: String { "\(name):\(port)" }

    /// The object; nil for a selector.
    package var object: ObjectTarget? { if case .object(let object) = destination { object } else { nil } }

    var namespace: String {
        switch destination {
        case .object(let object): object.namespace ?? ""
        case .pods(let namespace, _): namespace
        }
    }

    private var name: String {
        switch destination {
        case .object(let object): object.text
        case .pods(let namespace, let selector): "pods \(namespace)/\(selector)"
        }
    }

    /// The TCP ports an object names; it may listen on others, too. Empty for a kind without pods.
    package static func ports(_ object: KubeObject, _ kind: GroupKind) -> [Port] {
        var listed = object.array("spec", "ports").map { ($0, "port") }
        if kind != GroupKind(group: "", kind: "Service") {
            guard let path = PodTemplate.specPath(kind), let spec = object.value.value(at: path[...]) else { return [] }
            let containers = ["containers", "initContainers"].flatMap { spec[$0]?.arrayValue ?? [] }
            listed = containers.flatMap { $0["ports"]?.arrayValue ?? [] }.map { ($0, "containerPort") }
        }
        var seen: Set<UInt16> = []
        return listed.compactMap { value, field in
            guard (value["protocol"]?.stringValue ?? "TCP") == "TCP", let number = value[field]?.integerValue.flatMap({ UInt16(exactly: $0) }),
                number > 0, seen.insert(number).inserted
            else { return nil }
            return Port(number: number, name: value["name"]?.stringValue ?? "")
        }
    }

    /// What controls a pod and makes another one when it goes, to forward to instead: the Deployment behind a ReplicaSet. Nil for a pod on its own.
    package static func controller(of pod: KubeObject, _ client: KubeClient) async throws(APIStatus) -> ObjectTarget? {
        guard let owner = pod.controllerRef, let target = target(of: owner, in: pod.namespace) else { return nil }
        guard owner.kind == "ReplicaSet" else { return target }
        let between = try await target.read(client)
        return between.controllerRef.flatMap { self.target(of: $0, in: pod.namespace) } ?? target
    }

    private static func target(of owner: OwnerReference, in namespace: String?) -> ObjectTarget? {
        let group = owner.apiVersion.contains("/") ? String(owner.apiVersion.prefix { $0 != "/" }) : ""
        guard PodTemplate.specPath(GroupKind(group: group, kind: owner.kind)) != nil,
            let descriptor = builtinSchemas.resources.first(where: { $0.kind == owner.kind && $0.group == group })
        else { return nil }
        return ObjectTarget(descriptor.gvr, kind: owner.kind, namespace: namespace, name: owner.name)
    }

    /// A ready pod and the port in it, chosen anew for every connection; `turn` goes round among several. Throws ServiceUnavailable when no pod
    /// is ready at the moment, and why there can be none.
    func choose(_ turn: Int, _ client: KubeClient) async throws(APIStatus) -> (pod: String, port: UInt16) {
        var wanted = JSONValue.integer(Int64(port))
        let selector: LabelSelector
        switch destination {
        case .pods(_, let text): selector = try LabelSelector(parsing: text)
        case .object(let object):
            if object.kind == "Pod" { return (object.name, port) }
            // Whoever has the name now is meant: a forward outlives a deletion and a new deployment.
            var named = object
            named.uid = nil
            let found = try await named.read(client)
            selector = try Self.selector(of: found, named)
            let entry = found.array("spec", "ports").first { $0["port"]?.integerValue == Int64(port) }
            if object.kind == "Service" { wanted = entry?["targetPort"] ?? wanted }
        }
        guard !selector.matchesNothing else { throw .badRequest("\(name) selects no pods") }
        let pods = try await client.list(Pod.resource, namespace: namespace, ListOptions(labels: selector)).items
        let ready = pods.filter { Pod($0).isReady && !$0.isBeingDeleted }.sorted { $0.name < $1.name }
        guard !ready.isEmpty else { throw .serviceUnavailable("no pod of \(name) is ready") }
        let pod = ready[turn % ready.count]
        return (pod.name, try Self.number(wanted, in: pod))
    }

    private static func selector(of found: KubeObject, _ object: ObjectTarget) throws(APIStatus) -> LabelSelector {
        switch object.kind {
        case "Service", "ReplicationController":
            let labels = ObjectPart(found["spec"] ?? .null).textMap("selector")
            guard !labels.isEmpty else { throw .badRequest("\(object.text) has no selector, so it has no pods") }
            return LabelSelector(requirements: labels.map { LabelSelector.Requirement(key: $0.key, operator: .equals, values: [$0.value]) })
        default: return try LabelSelector(value: found["spec", "selector"] ?? .null)
        }
    }

    /// A port by its number or by the name that a container gives it.
    private static func number(_ wanted: JSONValue, in pod: KubeObject) throws(APIStatus) -> UInt16 {
        if let number = wanted.integerValue.flatMap({ UInt16(exactly: $0) }), number > 0 { return number }
        let ports = ["containers", "initContainers"].flatMap { pod.array("spec", $0) }.flatMap { $0["ports"]?.arrayValue ?? [] }
        let named = ports.first { $0["name"] == wanted }?["containerPort"]?.integerValue
        guard let number = named.flatMap({ UInt16(exactly: $0) }) else {
            throw .badRequest("pod \(pod.name) has no port named \(wanted.stringValue ?? wanted.description)")
        }
        return number
    }
}
