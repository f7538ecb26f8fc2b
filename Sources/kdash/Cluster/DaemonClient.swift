import APIMachinery
import Glibc
import JSONCore
import KubeClient
import KubeClientHTTP
import LinuxKernel

/// Talks to a running daemon's own endpoints, with the administrator's certificate that its user may read.
struct DaemonClient: Sendable {
    let transport: HTTPTransport
    private let access: ClusterAccess

    /// Throws with the remedy when no daemon runs.
    init(_ access: ClusterAccess) throws(CommandError) {
        // Another user's lock cannot be looked at: whether that daemon runs shows when it is asked.
        let isRunning = access.isOwn ? try DaemonLauncher(directory: access.directory).isRunning : true
        guard isRunning else {
            throw CommandError("no cluster runs in \(access.directory.path); run `kdash up`")
        }
        self.access = access
        guard access.isOwn || Glibc.access(access.kubeconfig, R_OK) == 0 else {
            throw CommandError(
                "\(access.directory.path) belongs to root; run `\(access.command("status"))`, or start its cluster through sudo as this user to be let in")
        }
        do {
            transport = try HTTPTransport(
                context: try Kubeconfig.load([access.kubeconfig]).context(), runsPlugins: false, timeouts: .init(connect: 10, response: 3600))
        } catch {
            throw CommandError("cannot use \(access.kubeconfig): \(error)")
        }
    }

    /// Asks for `path` below `/kdash/v1` and returns the JSON answer.
    @discardableResult
    func call(_ method: APIRequest.Method, _ path: String, query: [QueryItem] = [], body: [UInt8] = []) async throws(CommandError) -> JSONValue {
        let request = APIRequest(method, path: "/kdash/v1\(path)", query: query, contentType: "application/json", body: body)
        return try await answer { () throws(APIStatus) in try await transport.send(request) }
    }

    /// Posts `body` to `path` below `/kdash/v1` as it arrives, and returns the JSON answer.
    func upload(_ path: String, from body: any ByteSource) async throws(CommandError) -> JSONValue {
        let request = APIRequest(.post, path: "/kdash/v1\(path)", contentType: "application/octet-stream")
        return try await answer { () throws(APIStatus) in try await transport.upload(request, from: body) }
    }

    private func answer(_ exchange: () async throws(APIStatus) -> APIResponse) async throws(CommandError) -> JSONValue {
        do {
            let response = try await exchange()
            guard case .bytes(let bytes) = response.body else { return .null }
            let value = bytes.isEmpty ? .null : try JSON.parse(bytes)
            guard (200..<300).contains(response.status) else {
                throw CommandError(APIStatus(value: value)?.message ?? "the daemon answered \(response.status)")
            }
            return value
        } catch let error as CommandError {
            throw error
        } catch let error as APIStatus where error.code == 503 && !access.isOwn {
            throw CommandError("\(error.message); the cluster in \(access.directory.path) was started through sudo, start it with `\(access.command("up"))`")
        } catch let error as APIStatus {
            throw CommandError(error.message)
        } catch {
            throw CommandError("the daemon's answer makes no sense: \(error)")
        }
    }
}
