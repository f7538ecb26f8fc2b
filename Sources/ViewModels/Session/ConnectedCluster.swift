package import KubeClient

/// A cluster that answered.
package struct ConnectedCluster: Sendable {
    /// Reaches it, through the gate of its context.
    package internal(set) var client: KubeClient
    /// The context's name.
    package let contextName: String
    /// Whether changes pass the gate.
    package let access: ContextState.Access
    /// Whether kdash runs it itself.
    package let isEmbedded: Bool
    /// The server's address, for the title.
    package let server: String
    /// Whether it is removed on quit.
    package let isEphemeral: Bool
    /// The namespace that its context starts in; nil for all.
    package let namespace: String?
    /// Who requests are made as; nil for the user of the kubeconfig.
    package let impersonated: String?
    /// The user of the kubeconfig; empty when it has no name.
    package let user: String
    /// Asks every node what its pods use; nil when the cluster cannot say.
    package let usage: (@Sendable () async throws -> [NodeStats])?
    /// Asks which deleted pods' logs are kept, the newest first; nil when the cluster keeps none.
    package let keptLogs: (@Sendable () async throws -> [KeptLog])?

    /// A cluster that answered.
    package init(
        client: KubeClient, contextName: String, access: ContextState.Access, isEmbedded: Bool, server: String, isEphemeral: Bool = false,
        namespace: String? = nil, impersonated: String? = nil, user: String = "", usage: (@Sendable () async throws -> [NodeStats])? = nil,
        keptLogs: (@Sendable () async throws -> [KeptLog])? = nil
    ) {
        self.impersonated = impersonated
        self.user = user
        self.client = client
        self.contextName = contextName
        self.access = access
        self.isEmbedded = isEmbedded
        self.server = server
        self.isEphemeral = isEphemeral
        self.namespace = namespace
        self.usage = usage
        self.keptLogs = keptLogs
    }
}

extension ConnectedCluster {
    /// The context as the screen shows it now: an unlock of its gate ends by itself.
    var contextState: ContextState {
        var state = ContextState(
            name: contextName, access: access, isEmbedded: isEmbedded, server: server, isEphemeral: isEphemeral, impersonated: impersonated)
        state.user = user
        state.canUnlock = client.gate.canUnlock
        if let left = client.gate.remaining {
            state.access = .writable
            let (seconds, parts) = left.components
            state.minutesLeft = Int((seconds + (parts > 0 ? 60 : 59)) / 60)
        }
        return state
    }
}

/// Why a cluster cannot be reached, and what the user can do. `connect` and `restart` may throw any error; this one chooses both texts.
package struct ConnectionFailure: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    package let reason: String
    /// What helps.
    package let remedy: String
    /// Somebody stopped the cluster: nothing of it runs any more.
    package let isStopped: Bool
    /// Whether trying again costs next to nothing, so that it may happen every second.
    package let isCheapToRetry: Bool
    /// A failure.
    package init(reason: String, remedy: String, isStopped: Bool = false, isCheapToRetry: Bool = false) {
        self.isCheapToRetry = isCheapToRetry
        self.reason = reason
        self.remedy = remedy
        self.isStopped = isStopped
    }
    package var description: String { reason }

    init(_ error: any Error) {
        self = error as? ConnectionFailure ?? ConnectionFailure(reason: "\(error)", remedy: "kdash tries again by itself; q quits")
    }
}
