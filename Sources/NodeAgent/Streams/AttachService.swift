import APIMachinery
import ContainerRuntime
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// Joins the streams of running containers.
struct AttachService: Sendable {
    let agent: NodeAgent

    func attach(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession {
        let (container, id) = try target(request)
        let hasTerminal = container["tty"]?.boolValue ?? false
        guard hasTerminal || !request.tty else {
            throw .badRequest("container \(request.container) has no terminal to attach to; set tty: true in its spec or attach without a terminal")
        }
        let hasInput = container["stdin"]?.boolValue ?? false
        let runtime = agent.context.runtime
        do {
            let tap = try await runtime.tap(id, withErrorOutput: !hasTerminal)
            var input: FileDescriptor?
            if request.stdin, hasInput || hasTerminal { input = try await runtime.attach(id) }
            let closesInput = request.stdin && (container["stdinOnce"]?.boolValue ?? false)
            return try AttachStream(
                tap, input: input, hasTerminal: hasTerminal, inputEnd: closesInput ? .init(runtime: runtime, containerID: id) : nil,
                poller: agent.poller)
        } catch let error as RuntimeError {
            throw .badRequest("cannot attach to container \(request.container): \(error.message)")
        } catch {
            throw .internalError("\(error)")
        }
    }

    /// The container's spec and the id of its running instance.
    private func target(_ request: ExecRequest) throws(APIStatus) -> (JSONValue, String) {
        guard let object = agent.pods.get(namespace: request.namespace, name: request.pod) else {
            throw .notFound(GroupResource(group: "", resource: "pods"), request.pod)
        }
        let all = ["containers", "initContainers", "ephemeralContainers"].flatMap { object.array("spec", $0) }
        guard let container = all.first(where: { $0["name"]?.stringValue == request.container }) else {
            throw .badRequest("container \(request.container) is not valid for pod \(request.pod)")
        }
        guard let attempt = agent.running.attempt(podUID: object.uid, container: request.container) else {
            throw .badRequest("container \(request.container) in pod \(request.pod) is not running")
        }
        return (container, ContainerID(podUID: object.uid, container: request.container, attempt: attempt).string)
    }
}
