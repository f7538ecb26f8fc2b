package import APIMachinery

/// The API server as its in-process clients see it: everything after authentication.
package protocol RequestPipeline: Sendable {
    /// Authorizes and answers a request of `user`. Calls `reply` exactly once: before returning (reads), or later from any thread
    /// (commits). A refusal is an ordinary response whose body is a metav1.Status.
    func handle(_ request: APIRequest, as user: UserInfo, reply: @escaping @Sendable (APIResponse) -> Void)

    /// Authorizes an exec, attach or port-forward request of `user` and opens the node's session.
    func connect(_ request: APIRequest, as user: UserInfo) async throws(APIStatus) -> any StreamSession
}
