import APIMachinery
import ContainerImages
import ContainerRuntime
import KubeClient
import KubeSchemas
import LinuxKernel

/// Starts further programs in running containers.
struct ExecService: Sendable {
    let agent: NodeAgent

    func exec(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession {
        let (pod, container, attempt) = try target(request)
        let id = ContainerID(podUID: pod.uid, container: container.name, attempt: attempt).string
        let context = agent.context
        do {
            guard let image = try context.images.resolve(container.image) else {
                throw ConfigurationError("the image \(container.image) of the container was removed")
            }
            let environment = try await EnvironmentBuilder(context: context, pod: pod, podIP: pod.status.podIP).build(container, image: image)
            let cgroup = context.placement(of: id, pod)
            var process = try ContainerSpecBuilder(
                pod: pod, container: container, image: image, attempt: attempt, paths: context.paths, environment: environment, cgroup: cgroup,
                oomScoreAdjust: context.oomScoreAdjust(container, pod), log: context.logSettings, appArmor: await AppArmor.support()
            ).process()
            process.arguments = request.command
            process.hasTerminal = request.tty
            if request.tty, !process.environment.contains(where: { $0.hasPrefix("TERM=") }) { process.environment.append("TERM=xterm") }
            let handle = try await context.runtime.exec(
                ExecSpec(containerID: id, process: process, cgroup: cgroup, hasInput: request.stdin))
            return try ExecStream(handle, poller: agent.poller)
        } catch let error as RuntimeError where error.code == .startError {
            return RefusedStream(.internalError("error executing command in container: \(error.message)"), hasTerminal: request.tty)
        } catch let error as RuntimeError {
            throw .badRequest("cannot run \(request.command.first ?? "") in container \(container.name): \(error.message)")
        } catch let error as ConfigurationError {
            throw .badRequest("cannot run \(request.command.first ?? "") in container \(container.name): \(error.message)")
        } catch {
            throw .internalError("\(error)")
        }
    }

    private func target(_ request: ExecRequest) throws(APIStatus) -> (Pod, Container, Int) {
        guard let object = agent.pods.get(namespace: request.namespace, name: request.pod) else {
            throw .notFound(GroupResource(group: "", resource: "pods"), request.pod)
        }
        let pod = Pod(object)
        guard let container = pod.allContainers.first(where: { $0.name == request.container }) else {
            throw .badRequest("container \(request.container) is not valid for pod \(request.pod)")
        }
        guard let attempt = agent.running.attempt(podUID: pod.uid, container: container.name) else {
            throw .badRequest("container \(container.name) in pod \(request.pod) is not running")
        }
        return (pod, container, attempt)
    }
}
