internal import APIMachinery
internal import KubeClient

/// `pods/exec` and `pods/attach`: opens the node's session.
enum ConnectSubresource {
    /// The subresources that need an upgraded connection.
    static let names: Set<String> = ["exec", "attach", "portforward"]

    static func open(_ request: APIRequest, _ path: ResourcePath, _ core: ServerCore) async throws(APIStatus) -> any StreamSession {
        guard path.resource == "pods", path.group.isEmpty, let endpoint = core.endpoints["", path.version, "pods"] else {
            throw .unknownPath
        }
        guard path.subresource != "portforward" else {
            throw .badRequest("port-forward is not served by this kdash yet; reach the pod by its IP address")
        }
        let target = try PodTarget(path, core: core, endpoint: endpoint, container: request.queryValue("container"))
        let phase = target.pod.string("status", "phase")
        if phase == "Succeeded" || phase == "Failed" {
            throw .badRequest("cannot exec into a container in a completed pod; current phase is \(phase ?? "")")
        }
        let connection = try target.connection(core.nodes)
        let isTerminal = request.queryFlag("tty")
        let exec = ExecRequest(
            namespace: target.pod.namespace ?? "", pod: target.pod.name, podUID: target.pod.uid, container: target.container,
            command: request.queryValues("command"), stdin: request.queryFlag("stdin"), stdout: request.queryFlag("stdout"),
            stderr: request.queryFlag("stderr") && !isTerminal, tty: isTerminal)
        guard exec.stdin || exec.stdout || exec.stderr else {
            throw .badRequest("you must specify at least 1 of stdin, stdout, stderr")
        }
        if path.subresource == "attach" { return try await connection.attach(exec) }
        guard !exec.command.isEmpty else { throw .badRequest("you must specify at least one command for the container") }
        return try await connection.exec(exec)
    }
}
