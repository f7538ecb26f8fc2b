import APIMachinery
import ClusterOperations
import KubeClient

/// The way into containers: through the node's agent on a cluster of kdash's own, elsewhere by programs that are run in the container.
extension ClusterSession {
    /// How often programs are run in a container to look at the same again: each time is a session that the server may log.
    private static let programPause = Duration.seconds(10)

    /// Answers about the inside of containers of the shown cluster; nil without one.
    var containerAccess: (any ContainerAccess)? {
        guard let cluster else { return nil }
        return tellsByAgent(cluster) ? cluster.client : ExecAccess(cluster.client, time: time)
    }

    private func tellsByAgent(_ cluster: ConnectedCluster) -> Bool { cluster.isEmbedded || nodeAgents[cluster.server] == true }

    /// Goes on once it is known who answers. What needs programs to be run asks for the unlock of a protected context first.
    func lookInside(_ title: String, then: @escaping @MainActor () -> Void) {
        guard let cluster else { return app.toast("no cluster is connected", .warning) }
        let go: @MainActor (ClusterSession) -> Void = { session in
            if session.containerAccess?.opensSessions == true, let refusal = session.app.refusal { return session.app.refuse(title, refusal) }
            then()
        }
        if cluster.isEmbedded || nodeAgents[cluster.server] != nil { return go(self) }
        inquire { client throws(APIStatus) in
            try await client.isKdash()
        } then: { [weak self] isKdash in
            guard let self else { return }
            nodeAgents[cluster.server] = isKdash
            go(self)
        }
    }

    /// Looks again and again while a text that shows it is open.
    func keepLooking<Value: Sendable>(
        _ model: DetailModel, _ look: @escaping @Sendable (any ContainerAccess) async throws(APIStatus) -> Value, show: @escaping (Value) -> Void
    ) {
        let tellsByAgent = cluster.map { self.tellsByAgent($0) } ?? true
        let time = time
        keepReading(model, every: tellsByAgent ? Self.containerPause : Self.programPause) { client throws(APIStatus) in
            if tellsByAgent { return try await look(client) }
            return try await look(ExecAccess(client, time: time))
        } show: {
            show($0)
        }
    }

    /// Why there is no answer, and what helps.
    func insideText(_ failure: APIStatus) -> String {
        guard failure.code == 501 else { return failure.message }
        let key = app.commands["objects.debug"]?.keys.first.map { " (\($0))" } ?? ""
        return "\(failure.message): put a debug container into the pod\(key); there its files are below /proc/1/root"
    }
}
