import APIMachinery
import JSONCore
import KubeClient
import KubeClientHTTP
import LinuxKernel

/// Talks to a running daemon's own endpoints, with the administrator's certificate of its directory.
struct DaemonClient: Sendable {
    let transport: any KubeTransport
    let directory: DataDirectory

    /// Throws with the remedy when no daemon runs.
    init(_ directory: DataDirectory) throws(CommandError) {
        guard try DaemonLauncher(directory: directory).isRunning else {
            throw CommandError("no cluster runs in \(directory.path); run `kdash up`")
        }
        self.directory = directory
        do {
            transport = try HTTPTransport(
                context: try Kubeconfig.load([directory.kubeconfig]).context(), runsPlugins: false, timeouts: .init(connect: 10, response: 3600))
        } catch {
            throw CommandError("cannot use \(directory.kubeconfig): \(error)")
        }
    }

    /// Asks for `path` below `/kdash/v1` and returns the JSON answer.
    @discardableResult
    func call(_ method: APIRequest.Method, _ path: String, query: [QueryItem] = [], body: [UInt8] = []) async throws(CommandError) -> JSONValue {
        let request = APIRequest(method, path: "/kdash/v1\(path)", query: query, contentType: "application/json", body: body)
        do {
            let response = try await transport.send(request)
            guard case .bytes(let bytes) = response.body else { return .null }
            let value = bytes.isEmpty ? .null : try JSON.parse(bytes)
            guard (200..<300).contains(response.status) else {
                throw CommandError(APIStatus(value: value)?.message ?? "the daemon answered \(response.status)")
            }
            return value
        } catch let error as CommandError {
            throw error
        } catch let error as APIStatus {
            throw CommandError(error.message)
        } catch {
            throw CommandError("the daemon's answer makes no sense: \(error)")
        }
    }
}
