/// The one-line input at the bottom of the screen.
@MainActor package final class PromptModel {
    /// What the line is for.
    package enum Kind: Sendable { case filter, search, line }
    /// What the line is for.
    package let kind: Kind
    /// Shown before the text.
    package let label: String
    /// The text.
    package var input: LineInput { didSet { if input.text != oldValue.text { onChange(input.text) } } }
    /// Gets every key before the line does, by its name; true when it took it.
    package var onKey: (String) -> Bool = { _ in false }
    private let onChange: (String) -> Void
    private let onSubmit: (String) -> Void
    private let onCancel: () -> Void
    /// An input that starts with a text.
    package init(
        kind: Kind, label: String, text: String, onChange: @escaping (String) -> Void, onSubmit: @escaping (String) -> Void,
        onCancel: @escaping () -> Void
    ) {
        self.kind = kind
        self.label = label
        input = LineInput(text)
        self.onChange = onChange
        self.onSubmit = onSubmit
        self.onCancel = onCancel
    }
    /// Takes the text.
    package func submit() { onSubmit(input.text) }
    /// Gives it up.
    package func cancel() { onCancel() }
}
