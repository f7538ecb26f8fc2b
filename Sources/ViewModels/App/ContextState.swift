package import LinuxKernel

/// The context the screen shows, and what may be done in it.
package struct ContextState: Sendable, Hashable {
    /// Whether changes pass.
    package enum Access: Sendable { case writable, protected, readonly }
    /// The context's name.
    package var name: String
    /// Whether changes pass.
    package var access: Access
    /// Whether kdash runs this cluster itself.
    package var isEmbedded: Bool
    /// The server's address; empty when unknown.
    package var server: String
    /// Whether the cluster is removed on quit.
    package var isEphemeral: Bool
    /// Who requests are made as; nil for the user of the kubeconfig.
    package var impersonated: String?
    /// The user of the kubeconfig; empty when it has no name.
    package var user = ""
    /// Whether typing the context's name lets changes pass for a while.
    package var canUnlock = false
    /// The minutes, rounded up, that changes still pass; nil where no time ends that.
    package var minutesLeft: Int?
    /// A context.
    package init(
        name: String, access: Access, isEmbedded: Bool, server: String = "", isEphemeral: Bool = false, impersonated: String? = nil
    ) {
        self.impersonated = impersonated
        self.isEphemeral = isEphemeral
        self.name = name
        self.access = access
        self.isEmbedded = isEmbedded
        self.server = server
    }

    /// Why nothing can be changed here; nil when it can.
    package var refusal: String? {
        switch access {
        case .writable: nil
        case .protected where canUnlock: "context \(name) is protected"
        case .protected: "context \(name) is protected: kdash did not create it and only reads there"
        case .readonly: "kdash was started with --readonly"
        }
    }

    /// The word that is on the screen at every size, with what is left of an unlock.
    package var accessWord: String {
        switch access {
        case .writable: minutesLeft.map { "WRITABLE \($0)m" } ?? "WRITABLE"
        case .protected: "PROTECTED"
        case .readonly: "READ-ONLY"
        }
    }
}

/// How the screen stands with its cluster.
package enum ConnectionState: Sendable, Hashable {
    /// Not there yet; what is being done.
    case starting(String)
    /// What is shown is current.
    case ready
    /// What is shown was true at a moment; why it is not updated.
    case stale(since: Timestamp, reason: String)
    /// Nothing can be shown, and what the user can do.
    case failed(reason: String, remedy: String)
}

/// Where printable keys go: commands or text.
package enum InputMode: Sendable { case browse, type }

/// A motion in the focused pane, the open detail or the top modal.
package enum Motion: Sendable {
    case up, down, left, right, pageUp, pageDown, halfPageUp, halfPageDown, top, bottom, nextMatch, previousMatch
}

/// A short message that goes by itself.
package struct Toast: Sendable, Hashable {
    /// Unique while it is shown.
    package var id: Int
    /// The message.
    package var text: String
    /// What it means.
    package var tone: Tone
    /// Since when it is shown.
    package var since: Timestamp
    /// When it goes.
    package var until: Timestamp
}

/// What needs a terminal or the panes' geometry.
@MainActor package protocol ScreenHost: AnyObject {
    /// Moves in what has the focus.
    func move(_ motion: Motion)
    /// Gives the terminal back to the shell until `fg`.
    func suspend()
    /// Gives the terminal to the user's editor until it ends; its exit code, or nil when none could be started.
    func edit(_ path: String, holding lock: FileLock?) -> Int32?
    /// Paints everything again.
    func redraw()
    /// Hands the terminal to a command until it has ended; returns why it could not be started, nil when it was.
    func runInForeground(_ command: PluginCommand, environment: [String: String]) -> String?
    /// Hands a text to the terminal's clipboard.
    func copy(_ text: String)
}
