package import APIMachinery
import JSONCore

/// The one way to a cluster's data: panes, controllers, scheduler and node agent all speak through it.
///
/// Its transport is a function call into the API server's pipeline, or HTTPS (target KubeClientHTTP). Every request passes the gate
/// first. Nothing in this target opens a socket or knows the server: `Requests` is what passes between the two sides, `Streams` bytes
/// that arrive over time, `Node` what the server asks of a node, `Informer` caches and work queues, `Kubeconfig` the files.
package struct KubeClient: Sendable {
    /// What carries the requests.
    package let transport: any KubeTransport
    /// What may pass.
    package let gate: ContextGate
    let userAgent: String

    /// A client. `userAgent` names the calling part in the server's log.
    package init(transport: any KubeTransport, gate: ContextGate = .open, userAgent: String = "kdash") {
        self.transport = transport
        self.gate = gate
        self.userAgent = userAgent
    }

    /// Sends any request; the answer is returned whatever its status. Throws the gate's refusal, or why no answer came.
    package func raw(_ request: APIRequest) async throws(APIStatus) -> APIResponse {
        try await transport.send(try admitted(request))
    }

    /// Sends any request and returns the body as it arrives. Throws a refusal.
    package func rawStream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource {
        try await transport.stream(try admitted(request))
    }

    /// Opens an exec, attach or port-forward session. Throws a refusal.
    package func rawConnect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession {
        try gate.checkSession(request)
        var request = request
        request.userAgent = request.userAgent ?? userAgent
        return try await transport.connect(request)
    }

    /// Sends a request whose answer is an object of JSON.
    func call(_ request: APIRequest) async throws(APIStatus) -> JSONValue {
        var request = request
        request.accept = request.accept ?? "application/json"
        let response = try await raw(request)
        if let failure = try await response.failure(method: request.method.rawValue) { throw failure }
        guard case .bytes(let bytes) = response.body else {
            throw APIStatus.internalError("\(transport.serverDescription) answered \(request.path) with a stream")
        }
        do throws(JSONError) {
            return try JSON.parse(bytes, limits: .unlimitedSize)
        } catch {
            throw APIStatus.internalError("\(transport.serverDescription) answered \(request.path) with broken JSON: \(error)")
        }
    }

    private func admitted(_ request: APIRequest) throws(APIStatus) -> APIRequest {
        try gate.check(request)
        var request = request
        request.userAgent = request.userAgent ?? userAgent
        return request
    }
}
