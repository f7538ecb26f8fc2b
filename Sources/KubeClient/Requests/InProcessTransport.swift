package import APIMachinery

/// Carries requests by function call into an API server of the same process, as a fixed user.
package struct InProcessTransport: KubeTransport {
    private let pipeline: any RequestPipeline
    private let user: UserInfo

    /// A transport into `pipeline`; the server authorizes `user` as it would a remote one.
    package init(pipeline: any RequestPipeline, user: UserInfo) {
        self.pipeline = pipeline
        self.user = user
    }

    /// "the embedded cluster".
    package var serverDescription: String { "the embedded cluster" }

    /// Calls the pipeline; a body that arrives over time is gathered whole.
    package func send(_ request: APIRequest) async throws(APIStatus) -> APIResponse {
        var response = await answer(request)
        if case .stream(let source) = response.body {
            response.body = .bytes(try await source.collect())
        }
        return response
    }

    /// Calls the pipeline and hands its body on as it is. Throws the server's refusal.
    package func stream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource {
        let response = await answer(request)
        if let failure = try await response.failure(method: request.method.rawValue) { throw failure }
        return switch response.body {
        case .bytes(let bytes): ByteChannel(bytes)
        case .stream(let source): source
        }
    }

    /// Opens a session through the pipeline. Throws the server's refusal.
    package func connect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession {
        try await pipeline.connect(request, as: user)
    }

    private func answer(_ request: APIRequest) async -> APIResponse {
        await withCheckedContinuation { continuation in
            pipeline.handle(request, as: user) { response in continuation.resume(returning: response) }
        }
    }
}
