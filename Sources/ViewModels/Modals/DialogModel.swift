/// One answer to a question.
package struct DialogChoice: Sendable, Hashable {
    /// What the asker is told.
    package var id: String
    /// What the button says.
    package var title: String
    /// The key that chooses it.
    package var key: String
    /// Whether it takes something away.
    package var isDestructive: Bool
    /// An answer.
    package init(id: String, title: String, key: String, isDestructive: Bool = false) {
        self.id = id
        self.title = title
        self.key = key
        self.isDestructive = isDestructive
    }
}

/// A question. The default is the harmless answer, or the one that the name is typed for; what it is about is bound when it opens.
@MainActor package final class DialogModel {
    /// The question.
    package let title: String
    /// What there is to know before answering.
    package internal(set) var body: [[TextSpan]]
    /// The object it is about; nil for none or several.
    package let binding: ObjectBinding?
    /// The objects it is about, when they are several.
    package let bindings: [ObjectBinding]
    /// The answers.
    package let choices: [DialogChoice]
    /// The name that has to be typed before a destructive answer; nil for none.
    package let typedName: String?
    /// The answer Enter takes.
    package var focused: Int
    /// What was typed of ``typedName``.
    package var typed = LineInput()
    /// Says that the object is gone; from then on only harmless answers count.
    package var vanished: String? { didSet { if vanished != nil, typedName != nil { focused = defaultChoice } } }
    /// The uids of those of ``bindings`` that are gone; the answer is about the others.
    package private(set) var gone: Set<String> = []
    private let defaultChoice: Int
    private let onChoice: (String) -> Void
    /// A question. Where a name has to be typed Enter takes the answer that it is typed for, and `defaultChoice` once the object is gone.
    package init(
        title: String, body: [[TextSpan]], binding: ObjectBinding?, bindings: [ObjectBinding] = [], choices: [DialogChoice],
        defaultChoice: Int, typedName: String? = nil,
        onChoice: @escaping (String) -> Void
    ) {
        self.title = title
        self.body = body
        self.binding = binding
        self.bindings = bindings
        self.choices = choices
        self.typedName = typedName
        self.onChoice = onChoice
        self.defaultChoice = defaultChoice
        focused = typedName == nil ? defaultChoice : choices.firstIndex { $0.isDestructive } ?? defaultChoice
    }
    /// Learns that objects went while the question was open. Returns whether it is about any of them.
    func noteGone(_ uids: Set<String>) -> Bool {
        if let binding, let uid = binding.uid, uids.contains(uid) {
            vanished = "\(binding.text) (uid \(uid)) is gone"
            return true
        }
        let mine = uids.intersection(bindings.compactMap(\.uid))
        guard !mine.isEmpty else { return false }
        gone.formUnion(mine)
        if gone.count == bindings.count { vanished = "all of them are gone" }
        return true
    }
    /// Whether a destructive answer counts now.
    package var canConfirm: Bool { vanished == nil && (typedName == nil || typed.text == typedName) }
    /// Gives the harmless answer, as Esc does.
    package func cancel() { if let harmless { choose(harmless.id) } }
    private var harmless: DialogChoice? { choices.first { !$0.isDestructive } ?? choices.first }
    /// Gives an answer; a destructive one is ignored unless ``canConfirm``.
    package func choose(_ id: String) {
        guard let choice = choices.first(where: { $0.id == id }), !choice.isDestructive || canConfirm else { return }
        onChoice(id)
    }
}
