package import APIMachinery

/// The state behind every pane and the commands it offers, with the drivers that keep it true to a cluster.
///
/// Models hold state and are usable without a cluster; drivers (``ClusterSession`` and what it owns) fill them. Nothing here knows a
/// terminal or a server: TerminalUI draws the models, KubeClient reaches the cluster. Everything visible lives on the main actor and
/// calls ``ChangeSignal/touch()``; reading, parsing, searching and diffing large things happens off it.
@MainActor package final class ChangeSignal {
    /// Set by the screen.
    package var onChange: () -> Void = {}
    /// A signal nobody listens to yet.
    package init() {}
    /// Says that something visible changed; cheap, the screen coalesces calls to a frame.
    package func touch() { onChange() }
}

/// What a word means; themes decide its colour.
package enum Tone: Sendable, Hashable { case normal, dim, ok, pending, warning, error, accent, done }

/// A run of text with one meaning.
package struct TextSpan: Sendable, Hashable {
    /// The text, as it came; the screen makes it safe.
    package var text: String
    /// What it means.
    package var tone: Tone
    /// A run of text.
    package init(_ text: String, _ tone: Tone = .normal) {
        self.text = text
        self.tone = tone
    }
}

/// The object an action was bound to at the key press; nothing that happens later moves it to another.
package struct ObjectBinding: Sendable, Hashable {
    /// The context's name.
    package var context: String
    /// The namespace; nil when cluster scoped.
    package var namespace: String?
    /// The kind: `Pod`.
    package var kind: String
    /// The object's name.
    package var name: String
    /// The object's uid; nil when it does not exist yet.
    package var uid: String?
    /// Where objects of its kind are found; nil for the built-in kind of that name.
    package var resource: GroupVersionResource?
    /// A binding.
    package init(context: String, namespace: String?, kind: String, name: String, uid: String?, resource: GroupVersionResource? = nil) {
        self.resource = resource
        self.context = context
        self.namespace = namespace
        self.kind = kind
        self.name = name
        self.uid = uid
    }

    /// `pod default/web-1`, for messages.
    package var text: String { "\(kind.lowercased()) \(namespace.map { "\($0)/" } ?? "")\(name)" }
}

/// The four panes; `pods` shows objects of any kind, pods at first, and `yaml` is the editor.
package enum PaneID: String, CaseIterable, Sendable {
    case namespaces
    case pods = "objects"
    case logs
    case yaml
}
