internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// The container a log or exec request is about, and the node it runs on.
struct PodTarget: Sendable {
    let pod: KubeObject
    let container: String
    let node: String

    /// Finds the pod and checks the container, unless the pod as a whole is meant. Throws NotFound and BadRequest.
    init(
        _ path: ResourcePath, core: ServerCore, endpoint: ResourceEndpoint, container wanted: String?, needsContainer: Bool = true
    ) throws(APIStatus) {
        let name = path.name ?? ""
        guard let stored = try core.current(endpoint.key(namespace: path.namespace, name: name), endpoint) else {
            throw .notFound(endpoint.descriptor.groupResource, name)
        }
        pod = try ObjectCoding.decode(stored)
        node = pod.string("spec", "nodeName") ?? ""
        guard needsContainer else {
            container = ""
            return
        }
        let containers = Self.names(pod, "containers")
        let others = Self.names(pod, "initContainers") + Self.names(pod, "ephemeralContainers")
        if let wanted, !wanted.isEmpty {
            guard containers.contains(wanted) || others.contains(wanted) else {
                throw .badRequest("container \(wanted) is not valid for pod \(name)")
            }
            container = wanted
        } else if containers.count == 1, let only = containers.first {
            container = only
        } else {
            var text = "a container name must be specified for pod \(name), choose one of: [\(containers.joined(separator: " "))]"
            let initial = Self.names(pod, "initContainers")
            if !initial.isEmpty { text += " or one of the init containers: [\(initial.joined(separator: " "))]" }
            throw .badRequest(text)
        }
    }

    private static func names(_ pod: KubeObject, _ field: String) -> [String] {
        pod.array("spec", field).compactMap { $0["name"]?.stringValue }
    }

    /// The agent of the pod's node. Throws BadRequest for an unassigned pod and ServiceUnavailable for a node that is away.
    func connection(_ nodes: NodeDirectory) throws(APIStatus) -> any NodeConnection {
        guard !node.isEmpty else { throw .badRequest("pod \(pod.name) does not have a host assigned") }
        guard let connection = nodes.connection(named: node) else {
            throw .serviceUnavailable("node \(node.goQuoted) of pod \(pod.name.goQuoted) cannot be reached: its agent is not running")
        }
        return connection
    }

    /// The container's status; nil before the node has reported one.
    private var status: JSONValue? {
        for field in ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] {
            if let found = pod.array("status", field).first(where: { $0["name"]?.stringValue == container }) { return found }
        }
        return nil
    }

    /// Why there is no log, as the kubelet says it; nil when the status does not explain it.
    /// Source: kubelet `pkg/kubelet/kubelet_pods.go` validateContainerLogStatus.
    func missingLog(previous: Bool) -> APIStatus? {
        let names = "container \(container.goQuoted) in pod \(pod.name.goQuoted)"
        guard let status else {
            let reason = node.isEmpty ? "the pod is not scheduled to a node yet" : "ContainerCreating"
            return .badRequest("\(names) is waiting to start: \(reason)")
        }
        if previous, status["lastState", "terminated"]?.objectValue == nil {
            return .badRequest("previous terminated \(names) not found")
        }
        guard let waiting = status["state", "waiting"]?.objectValue, status["lastState", "terminated"]?.objectValue == nil else {
            return nil
        }
        switch waiting["reason"]?.stringValue {
        case "ErrImagePull": return .badRequest("\(names) is waiting to start: image can't be pulled")
        case "ImagePullBackOff": return .badRequest("\(names) is waiting to start: trying and failing to pull image")
        case let reason: return .badRequest("\(names) is waiting to start: \(reason ?? "ContainerCreating")")
        }
    }
}
