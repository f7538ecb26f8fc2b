package struct DialogChoice: Sendable, Hashable {
    package var id: String
    package var title: String
    package var key: String
    package var isDestructive: Bool
    package init(id: String, title: String, key: String, isDestructive: Bool = false) {
        self.id = id
        self.title = title
        self.key = key
        self.isDestructive = isDestructive
    }
}

@MainActor package final class DialogModel {
    package let title: String
    package let body: [[TextSpan]]
    package let binding: ObjectBinding?
    package let choices: [DialogChoice]
    package let typedName: String?
    package var focused: Int
    package var typed = LineInput()
    package var vanished: String?
    private let onChoice: (String) -> Void
    package init(
        title: String, body: [[TextSpan]], binding: ObjectBinding?, choices: [DialogChoice], defaultChoice: Int, typedName: String? = nil,
        onChoice: @escaping (String) -> Void
    ) {
        self.title = title
        self.body = body
        self.binding = binding
        self.choices = choices
        self.typedName = typedName
        self.onChoice = onChoice
        focused = defaultChoice
    }
    package var canConfirm: Bool { vanished == nil && (typedName == nil || typed.text == typedName) }
    package func choose(_ id: String) {
        guard let choice = choices.first(where: { $0.id == id }), !choice.isDestructive || canConfirm else { return }
        onChoice(id)
    }
}

package struct PaletteItem: Sendable, Hashable {
    package var id: String
    package var title: String
    package var detail: String
    package var keys: String
    package var disabledReason: String?
    package init(id: String, title: String, detail: String = "", keys: String = "", disabledReason: String? = nil) {
        self.id = id
        self.title = title
        self.detail = detail
        self.keys = keys
        self.disabledReason = disabledReason
    }
}

package struct PaletteMatch: Sendable, Hashable {
    package var item: PaletteItem
    package var positions: [Int]
}

@MainActor package final class PaletteModel {
    package let title: String
    package let placeholder: String
    private let items: [PaletteItem]
    private let onAccept: (PaletteItem) -> Void
    package var query = LineInput() { didSet { if query.text != oldValue.text { rank() } } }
    package private(set) var results: [PaletteMatch] = []
    package var selected = 0
    package init(title: String, placeholder: String, items: [PaletteItem], onAccept: @escaping (PaletteItem) -> Void) {
        self.title = title
        self.placeholder = placeholder
        self.items = items
        self.onAccept = onAccept
        rank()
    }
    package func accept() {
        guard results.indices.contains(selected), results[selected].item.disabledReason == nil else { return }
        onAccept(results[selected].item)
    }
    private func rank() {
        let scored = items.enumerated().compactMap { index, item in FuzzyMatch.match(query.text, in: item.title).map { (index, $0.score, PaletteMatch(item: item, positions: $0.positions)) } }
        results = scored.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map(\.2)
        selected = 0
    }
}

package struct HelpEntry: Sendable, Hashable {
    package var keys: String
    package var title: String
    package var disabledReason: String?
}
package struct HelpSection: Sendable, Hashable {
    package var title: String
    package var entries: [HelpEntry]
}

@MainActor package final class HelpModel {
    private let commands: [Command]
    private let app: AppModel
    package var filter = LineInput()
    package var top = 0
    package init(commands: [Command], app: AppModel) {
        self.commands = commands
        self.app = app
    }
    package var sections: [HelpSection] {
        var result: [HelpSection] = []
        let wanted = filter.text.lowercased()
        for command in commands where command.isListed && !command.keys.isEmpty && (wanted.isEmpty || command.title.lowercased().contains(wanted)) {
            let entry = HelpEntry(keys: command.keys.joined(separator: " · "), title: command.title, disabledReason: command.reason(app))
            if let index = result.firstIndex(where: { $0.title == command.section }) {
                result[index].entries.append(entry)
            } else {
                result.append(HelpSection(title: command.section, entries: [entry]))
            }
        }
        return result
    }
}

@MainActor package final class DemoOfferModel {
    package let items: [(title: String, detail: String)]
    private let onAnswer: (Bool) -> Void
    package var focused = 0
    package init(items: [(title: String, detail: String)], onAnswer: @escaping (Bool) -> Void) {
        self.items = items
        self.onAnswer = onAnswer
    }
    package func answer(_ yes: Bool) { onAnswer(yes) }
}

@MainActor package final class PromptModel {
    package enum Kind: Sendable { case filter, search, line }
    package let kind: Kind
    package let label: String
    package var input: LineInput { didSet { if input.text != oldValue.text { onChange(input.text) } } }
    private let onChange: (String) -> Void
    private let onSubmit: (String) -> Void
    private let onCancel: () -> Void
    package init(kind: Kind, label: String, text: String, onChange: @escaping (String) -> Void, onSubmit: @escaping (String) -> Void, onCancel: @escaping () -> Void) {
        self.kind = kind
        self.label = label
        input = LineInput(text)
        self.onChange = onChange
        self.onSubmit = onSubmit
        self.onCancel = onCancel
    }
    package func submit() { onSubmit(input.text) }
    package func cancel() { onCancel() }
}

package enum Modal {
    case dialog(DialogModel), diff(DiffModel), palette(PaletteModel), help(HelpModel), demoOffer(DemoOfferModel), drafts(DraftsModel)
}
