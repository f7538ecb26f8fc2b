import APIMachinery
import ContainerRuntime
import Glibc
import KubeClient
import LinuxKernel

/// Connects to ports inside pods.
struct PortService: Sendable {
    let agent: NodeAgent

    /// Throws why nothing answers, in the words of the runtimes below kubelets.
    func open(podUID: String, port: UInt16) async throws(APIStatus) -> any StreamSession {
        do {
            return try PortStream(try await agent.context.runtime.dial(sandbox: podUID, port: port), poller: agent.poller)
        } catch let error as RuntimeError {
            guard let cause = error.cause, cause.call == "connect" else {
                throw .badRequest("cannot reach port \(port) of the pod: \(error.message)")
            }
            let why = cause.errno == ECONNREFUSED ? "connection refused" : "\(cause)"
            throw .badRequest("failed to connect to localhost:\(port) inside the pod: dial tcp4 127.0.0.1:\(port): connect: \(why)")
        } catch {
            throw .internalError("\(error)")
        }
    }
}
