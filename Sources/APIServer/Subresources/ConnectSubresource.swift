internal import APIMachinery
internal import KubeClient

/// `pods/exec`, `pods/attach` and `pods/portforward`, and the same through `nodes/proxy`: opens the node's sessions.
enum ConnectSubresource {
    /// The subresources that need an upgraded connection.
    static let names: Set<String> = ["exec", "attach", "portforward"]

    /// One session. A forwarded port is that of `ports`, of which there may be one only.
    static func open(_ request: APIRequest, _ path: ResourcePath, _ core: ServerCore) async throws(APIStatus) -> any StreamSession {
        if path.subresource == "proxy" { return try await AgentSession.open(request, path, core) }
        if path.subresource == "portforward" {
            let wanted = try PortForwardWebSocket.wanted(request, .v4)
            guard wanted.count == 1 else { throw .badRequest("a session forwards one port; open several") }
            return try await ports(request, path, core).open(wanted[0])
        }
        let target = try running(path, core, container: request.queryValue("container"))
        let connection = try target.connection(core.nodes)
        let options = RemoteCommandOptions(request)
        let exec = ExecRequest(
            namespace: target.pod.namespace ?? "", pod: target.pod.name, podUID: target.pod.uid, container: target.container,
            command: request.queryValues("command"), stdin: options.stdin, stdout: options.stdout, stderr: options.stderr, tty: options.tty)
        guard exec.stdin || exec.stdout || exec.stderr else {
            throw .badRequest("you must specify at least 1 of stdin, stdout, stderr")
        }
        if path.subresource == "attach" { return try await connection.attach(exec) }
        guard !exec.command.isEmpty else { throw .badRequest("you must specify at least one command for the container") }
        return try await connection.exec(exec)
    }

    /// The ports of a running pod.
    static func ports(_ request: APIRequest, _ path: ResourcePath, _ core: ServerCore) throws(APIStatus) -> PodPorts {
        if path.subresource == "proxy" { return try AgentSession.ports(request, path, core) }
        let target = try running(path, core, container: nil)
        return PodPorts(
            connection: try target.connection(core.nodes), pod: "\(target.pod.name)_\(target.pod.namespace ?? "")", uid: target.pod.uid)
    }

    private static func running(_ path: ResourcePath, _ core: ServerCore, container: String?) throws(APIStatus) -> PodTarget {
        guard path.resource == "pods", path.group.isEmpty, let endpoint = core.endpoints["", path.version, "pods"] else {
            throw .unknownPath
        }
        let isCommand = path.subresource != "portforward"
        let target = try PodTarget(path, core: core, endpoint: endpoint, container: container, needsContainer: isCommand)
        let phase = target.pod.string("status", "phase") ?? ""
        if phase == "Succeeded" || phase == "Failed" {
            let action =
                switch path.subresource {
                case "exec": "exec into a container in"
                case "attach": "attach to a container in"
                default: "forward ports of"
                }
            throw .badRequest("cannot \(action) a completed pod; current phase is \(phase)")
        }
        return target
    }
}
