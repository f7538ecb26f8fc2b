internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// `/exec`, `/attach` and `/portForward` of a node's agent. Source: kubelet `pkg/kubelet/server/server.go`.
enum AgentSession {
    /// A program or the main process of a container.
    static func open(_ request: APIRequest, _ path: ResourcePath, _ core: ServerCore) async throws(APIStatus) -> any StreamSession {
        let (node, connection) = try agent(path, core)
        let target: AgentRoute.Target
        let isAttach: Bool
        switch AgentRoute(path, method: request.method.rawValue) {
        case .exec(let found): (target, isAttach) = (found, false)
        case .attach(let found): (target, isAttach) = (found, true)
        default: throw .unknownPath
        }
        let options = RemoteCommandOptions(request, .agent)
        guard options.stdin || options.stdout || options.stderr else {
            throw .badRequest("you must specify at least 1 of stdin, stdout, stderr: as input=1, output=1, error=1")
        }
        let pod = try pod(target, node: node, core)
        guard AgentRequest.has(pod, container: target.container) else { throw missing("container not found (\(target.container.goQuoted))") }
        let exec = ExecRequest(
            namespace: target.namespace, pod: target.pod, podUID: pod.uid, container: target.container,
            command: isAttach ? [] : request.queryValues("command"), stdin: options.stdin, stdout: options.stdout, stderr: options.stderr,
            tty: options.tty)
        if isAttach { return try await connection.attach(exec) }
        guard !exec.command.isEmpty else { throw .badRequest("you must specify at least one command for the container") }
        return try await connection.exec(exec)
    }

    /// The ports of a pod.
    static func ports(_ request: APIRequest, _ path: ResourcePath, _ core: ServerCore) throws(APIStatus) -> PodPorts {
        let (node, connection) = try agent(path, core)
        guard case .ports(let target) = AgentRoute(path, method: request.method.rawValue) else { throw .unknownPath }
        let pod = try pod(target, node: node, core)
        return PodPorts(connection: connection, pod: "\(target.pod)_\(target.namespace)", uid: pod.uid)
    }

    private static func agent(_ path: ResourcePath, _ core: ServerCore) throws(APIStatus) -> (String, any NodeConnection) {
        guard case .agent(let node, let connection) = try ProxyTarget.resolve(path, core) else { throw .unknownPath }
        return (node, connection)
    }

    private static func pod(_ target: AgentRoute.Target, node: String, _ core: ServerCore) throws(APIStatus) -> KubeObject {
        guard let pod = try AgentRequest.pod(target, node: node, core) else { throw missing("pod does not exist") }
        guard target.uid == nil || target.uid == pod.uid else { throw missing("pod not found") }
        return pod
    }

    private static func missing(_ message: String) -> APIStatus { APIStatus(code: 404, reason: .notFound, message: message) }
}
