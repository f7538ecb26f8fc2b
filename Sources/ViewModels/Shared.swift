/// One wake-up line from every model to the screen; `touch` is cheap and coalesced to a frame.
@MainActor package final class ChangeSignal {
    /// Set by the screen.
    package var onChange: () -> Void = {}
    package init() {}
    /// Says that something visible changed.
    package func touch() { onChange() }
}

/// What a word means; themes decide its colour.
package enum Tone: Sendable, Hashable { case normal, dim, ok, pending, warning, error, accent, done }

/// A run of text with one meaning.
package struct TextSpan: Sendable, Hashable {
    package var text: String
    package var tone: Tone
    package init(_ text: String, _ tone: Tone = .normal) {
        self.text = text
        self.tone = tone
    }
}

/// The object an action was bound to at the key press.
package struct ObjectBinding: Sendable, Hashable {
    package var context: String
    package var namespace: String?
    package var kind: String
    package var name: String
    package var uid: String?
    package init(context: String, namespace: String?, kind: String, name: String, uid: String?) {
        self.context = context
        self.namespace = namespace
        self.kind = kind
        self.name = name
        self.uid = uid
    }
}

/// The four panes; `yaml` is the editor.
package enum PaneID: String, CaseIterable, Sendable { case namespaces, pods, logs, yaml }
