/// What a line of a difference is.
package enum DiffKind: Sendable { case context, added, removed, header, note }

/// One line of a difference.
package struct DiffLine: Sendable, Hashable {
    /// What it is.
    package var kind: DiffKind
    /// Its text, without a sign in front.
    package var text: String
    /// A line.
    package init(kind: DiffKind, text: String) {
        self.kind = kind
        self.text = text
    }
}

/// What Apply would change; shown before anything is sent.
@MainActor package final class DiffModel {
    /// What the server says to a dry run.
    package enum State: Sendable, Hashable {
        /// It is being asked.
        case checking
        /// It accepts; a summary.
        case ready(String)
        /// It refuses; why.
        case refused([String])
    }
    /// What is asked.
    package let title: String
    /// Where it goes.
    package let binding: ObjectBinding
    /// The difference.
    package var lines: [DiffLine]
    /// What the server says.
    package var state: State = .checking
    /// The first row on screen; the screen keeps it inside.
    package var top = 0
    /// What the button that sends it says.
    package var confirmTitle = "apply"
    /// What the button that goes back says.
    package var cancelTitle = "keep editing"
    /// Sends it.
    package var onConfirm: () -> Void = {}
    /// Goes back to the text; the default.
    package var onCancel: () -> Void = {}
    /// A difference that the server was not asked about yet.
    package init(title: String, binding: ObjectBinding, lines: [DiffLine]) {
        self.title = title
        self.binding = binding
        self.lines = lines
    }
    /// Whether it may be sent.
    package var canConfirm: Bool { if case .ready = state { true } else { false } }
}
