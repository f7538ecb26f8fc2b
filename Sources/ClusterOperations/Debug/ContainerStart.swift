import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// Waits for a container that somebody wants to look into.
enum ContainerStart {
    /// Returns once it runs. Throws why it does not.
    static func wait(
        for name: String, of target: ObjectTarget, _ client: KubeClient, time: any TimeSource,
        among statuses: @escaping @Sendable (PodStatus) -> [ContainerStatus]
    ) async throws(APIStatus) {
        let follower = try await ObjectFollower.open(target, client, time: time)
        let failure = await withTaskGroup(of: Void.self, returning: APIStatus?.self) { group in
            group.addTask { await follower.run() }
            defer { group.cancelAll() }
            for await _ in follower.wake {
                if follower.isGone { return APIStatus(code: 404, reason: .notFound, message: "\(target.text) is gone") }
                guard let state = statuses(Pod(follower.snapshot.object).status).first(where: { $0.name == name })?.state else { continue }
                if state.running != nil { return nil }
                if let ended = state.terminated {
                    return .badRequest("container \(name) ended at once with exit \(ended.exitCode): an image with a shell is needed")
                }
                if let waiting = state.waiting, waiting.reason.hasPrefix("Err") || waiting.reason.hasSuffix("BackOff") || waiting.reason.hasSuffix("Error") {
                    return .badRequest("container \(name) does not start: \(waiting.reason) \(waiting.message)")
                }
            }
            return .timeout("container \(name) was not waited for")
        }
        if let failure { throw failure }
    }
}
