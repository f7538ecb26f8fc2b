/// Something that can be picked from a list.
package struct PaletteItem: Sendable, Hashable {
    /// What the asker is told.
    package var id: String
    /// What is searched and shown.
    package var title: String
    /// Shown beside it.
    package var detail: String
    /// The keys that do the same.
    package var keys: String
    /// Why it cannot be picked; nil when it can.
    package var disabledReason: String?
    /// Other words that mean exactly this, such as short names; not shown.
    package var aliases: [String]
    /// Whether it is marked, in a list that takes several.
    package var isMarked = false
    /// An item.
    package init(
        id: String, title: String, detail: String = "", keys: String = "", disabledReason: String? = nil, aliases: [String] = []
    ) {
        self.aliases = aliases
        self.id = id
        self.title = title
        self.detail = detail
        self.keys = keys
        self.disabledReason = disabledReason
    }
}

/// An item that matches what was typed.
package struct PaletteMatch: Sendable, Hashable {
    /// The item.
    package var item: PaletteItem
    /// The characters of its title that matched.
    package var positions: [Int]
    /// Whether what was typed means exactly this.
    package var isExact = false
}

/// A list to pick from by typing a part: commands, namespaces, containers, contexts, the mouse menu.
@MainActor package final class PaletteModel {
    /// What is picked.
    package let title: String
    /// Shown while nothing is typed.
    package let placeholder: String
    /// What Enter does with the selected item: `choose`, `run`.
    package let action: String
    private var items: [PaletteItem]
    /// Makes an item of what was typed, which comes first; nil where it means nothing.
    private let interpret: (String) -> PaletteItem?
    /// Makes an item of what was typed that comes last, unless that means exactly something or nearly a thing of the list; nil where there is none.
    var lastResort: ((String) -> PaletteItem?)?
    /// Makes the items anew, where they may become others while it is open.
    var source: (() -> [PaletteItem])?
    /// Whether an item, or nil for one that is not there yet, has to wait for the cluster; told whether what was typed means exactly it. nil where
    /// nothing has to.
    var awaitsCluster: ((PaletteItem?, Bool) -> Bool)?
    private let onAccept: (PaletteItem) -> Void
    /// What was typed.
    package var query = LineInput() { didSet { if query.text != oldValue.text { rank() } } }
    /// The items that match, best first.
    package private(set) var results: [PaletteMatch] = []
    /// The item Enter takes.
    package var selected = 0 {
        didSet {
            wasMoved = selected != 0
            if selected != oldValue { tellMove() }
        }
    }
    private var wasMoved = false
    /// What an item would show or do, beside the list or below it; empty for nothing to say. nil where there is no such text.
    package var preview: ((PaletteItem) -> [[TextSpan]])?
    /// Told the item Enter would take, whenever that is another one.
    package var onMove: ((PaletteItem?) -> Void)?
    /// Whether several can be chosen: Space marks then.
    package var takesSeveral = false
    /// Called when it is closed without a choice.
    package var onCancel: () -> Void = {}
    private var movedTo: PaletteItem?
    /// A list.
    package init(
        title: String, placeholder: String, action: String = "choose", items: [PaletteItem],
        interpret: @escaping (String) -> PaletteItem? = { _ in nil }, onAccept: @escaping (PaletteItem) -> Void
    ) {
        self.interpret = interpret
        self.action = action
        self.title = title
        self.placeholder = placeholder
        self.items = items
        self.onAccept = onAccept
        rank()
    }
    /// Makes its items anew: what they stand for has become known, or another.
    package func refresh() {
        if let source { replace(source()) }
    }
    private func replace(_ new: [PaletteItem]) {
        // Who has not moved stays at the best match.
        let before = wasMoved && results.indices.contains(selected) ? results[selected].item.id : nil
        items = new
        rank()
        if let before, let place = results.firstIndex(where: { $0.item.id == before }) { selected = place }
    }
    /// Whether Enter has to wait for the cluster. What was not found may come with its kinds.
    package var acceptsLater: Bool {
        guard let awaitsCluster else { return false }
        guard results.indices.contains(selected) else { return awaitsCluster(nil, false) }
        let match = results[selected]
        return awaitsCluster(match.item, match.isExact || wasMoved || query.text.isEmpty)
    }
    /// What was probably meant where nothing matches; nil when something does, or nothing is near.
    package var nearest: String? {
        let typed = query.text.split(separator: " ", maxSplits: 1).map(String.init)
        guard results.isEmpty, let word = typed.first else { return nil }
        guard let near = NearestName.find(word, in: items.flatMap { [$0.title] + $0.aliases }) else { return nil }
        let whole = typed.count == 1 ? near : "\(near) \(typed[1])"
        // What only differs in case was typed already: it is the rest that nothing matches.
        return whole.lowercased() == query.text.lowercased() ? near : whole
    }
    /// Takes what was probably meant in place of what was typed.
    package func takeNearest() {
        if let nearest { query = LineInput(nearest) }
    }
    /// Marks the selected item, or takes the mark away, and goes on to the next.
    package func toggleMark() {
        guard takesSeveral, results.indices.contains(selected) else { return }
        let (id, place) = (results[selected].item.id, selected)
        if let index = items.firstIndex(where: { $0.id == id }) { items[index].isMarked.toggle() }
        rank()
        selected = min(place + 1, max(0, results.count - 1))
    }
    /// The ids of the marked items, in their order.
    package var marked: [String] { items.filter(\.isMarked).map(\.id) }
    /// Takes the selected item, unless it is disabled.
    package func accept() {
        guard results.indices.contains(selected), results[selected].item.disabledReason == nil else { return }
        onAccept(results[selected].item)
    }
    private func rank() {
        let typed = query.text.lowercased().trimmingSpaces
        let scored = items.enumerated().compactMap { index, item -> (Int, Int, PaletteMatch)? in
            // A whole word that means exactly one thing is no guess.
            let isExact = !typed.isEmpty && (item.aliases.contains(typed) || item.title.lowercased() == typed)
            let match = FuzzyMatch.match(query.text, in: item.title)
            guard isExact || match != nil else { return nil }
            return (index, isExact ? .max : match?.score ?? 0, PaletteMatch(item: item, positions: match?.positions ?? [], isExact: isExact))
        }
        let meant = interpret(query.text).map { PaletteMatch(item: $0, positions: [], isExact: true) }
        results = (meant.map { [$0] } ?? []) + scored.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map(\.2)
        if nearest == nil, !results.contains(where: \.isExact), let resort = lastResort?(query.text) {
            results.append(PaletteMatch(item: resort, positions: []))
        }
        selected = 0
        tellMove()
    }
    private func tellMove() {
        let item = results.indices.contains(selected) ? results[selected].item : nil
        guard item != movedTo else { return }
        movedTo = item
        onMove?(item)
    }
}

extension String {
    /// Without spaces at either end.
    fileprivate var trimmingSpaces: String {
        let rest = drop { $0 == " " }
        return String(rest.prefix(rest.count - rest.reversed().prefix { $0 == " " }.count))
    }
}
