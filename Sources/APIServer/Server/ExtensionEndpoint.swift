package import APIMachinery
package import KubeClient

/// What is not Kubernetes (images, status, shutting down): served below `/kdash/v1/`, authorized as a non-resource URL.
package protocol ExtensionEndpoint: Sendable {
    /// The path it answers, with everything below it, for example `/kdash/v1/images`.
    var path: String { get }

    /// Answers a request. `body` arrives as the client sends it, of any length; what is not read is dropped.
    func handle(_ request: APIRequest, body: any ByteSource, as user: UserInfo) async throws(APIStatus) -> APIResponse
}
