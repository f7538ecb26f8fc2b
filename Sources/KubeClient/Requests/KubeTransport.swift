package import APIMachinery

/// What carries requests to an API server.
package protocol KubeTransport: Sendable {
    /// The server in words for messages: "https://10.0.0.1:6443", "the embedded cluster".
    var serverDescription: String { get }

    /// Sends a request and returns the whole response, whatever its status. Throws only when no response arrived.
    func send(_ request: APIRequest) async throws(APIStatus) -> APIResponse

    /// Sends a request and returns the body as it arrives. Throws the server's refusal, or why there was no response.
    func stream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource

    /// Opens an exec, attach or port-forward session. Throws the server's refusal, or why there was no response.
    func connect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession
}
