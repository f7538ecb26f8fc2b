/// What a detail text is, for the commands that belong to one kind of it.
package enum DetailKind: Sendable, Hashable {
    case text, commandLog, sentRequest, undo, why, changes, charts, pulses, forwards, containers, files, processes, sockets, images, revisions, past,
        connections, names, packets, results
}

/// A line of a detail text that the cursor can stand on.
package struct DetailStop: Sendable, Hashable {
    /// The line's index.
    package var line: Int
    /// What it stands for; unique in the text.
    package var id: String
    /// A stop.
    package init(line: Int, id: String) {
        self.line = line
        self.id = id
    }
}

/// What a line of a text stands for.
package struct DetailLink: Sendable, Hashable {
    /// The object it names; nil when it names none.
    package var binding: ObjectBinding?
    /// The value it shows, to copy; nil when there is none.
    package var value: String?
    /// A meaning.
    package init(binding: ObjectBinding? = nil, value: String? = nil) {
        self.binding = binding
        self.value = value
    }
}

/// A text about an object, over the panes: describe, why; or a list whose lines can be opened.
@MainActor package final class DetailModel {
    /// What it is.
    package let title: String
    /// What commands may know it as.
    package let kind: DetailKind
    /// The object; nil when it is about none.
    package let binding: ObjectBinding?
    /// The text.
    package var lines: [[TextSpan]] = []
    /// The lines the cursor can stand on, from top to bottom; empty for a text that is only read.
    package private(set) var stops: [DetailStop] = []
    /// The lines that are cut at the edge instead of going on below, besides the stops of a list.
    package private(set) var cutLines: Set<Int> = []
    /// The charts that stand in place of lines, by the line's index.
    package private(set) var charts: [Int: ChartModel] = [:]
    /// The id of the stop under the cursor; nil without stops.
    package private(set) var selected: String?
    /// What stops stand for, by their ids, for texts about objects.
    package private(set) var links: [String: DetailLink] = [:]
    /// Whether it is a text to be read, in which the cursor goes along, rather than a list of stops. Default false.
    package var isReading = false
    /// Whether values that are hidden at first are shown; nil when nothing is hidden.
    package var isRevealed: Bool?
    /// Makes the text again after ``isRevealed`` changed.
    package var onReveal: () -> Void = {}
    /// Stops what the text tells of; nil when there is nothing to stop.
    package var onStop: (() -> Void)?
    /// What can be done in it beside opening and copying a line, for the commands of its kind.
    var actions: [DetailAction: () -> Void] = [:]
    /// What a line stands for, to commands that act on what is selected; nil for texts whose lines are only read.
    var bindingOfLink: ((DetailLink) -> ObjectBinding?)?
    /// Begins to keep it current again when a text that covered it is closed.
    package var reopen: (() -> Void)?
    /// Ends what keeps it current.
    package var onClose: () -> Void = {}
    /// What Enter does with the stop under the cursor.
    package var onOpen: ((String) -> Void)?
    /// Makes the text again; called when something it tells of changed, and when a text that covered it is closed.
    package var refresh: (() -> Void)?
    /// What Esc goes back to; nil closes the text.
    package var parent: DetailModel?
    /// The commands worth a place in the line of keys, with a word for each.
    package var hints: [(id: String, title: String)] = []
    /// The first row on screen; the screen keeps it inside.
    package var top = 0
    /// Whether it follows the object.
    package var isLive = true
    /// Says that the object is gone.
    package var vanished: String?
    /// What is looked for, ignoring case.
    package var search = ""
    /// An empty text.
    package init(title: String, kind: DetailKind = .text, binding: ObjectBinding?) {
        self.title = title
        self.kind = kind
        self.binding = binding
    }

    /// Replaces the text. The cursor stays on what it stands on, or goes to the nearest stop when that is gone.
    package func show(_ lines: [[TextSpan]], stops: [DetailStop], charts: [Int: ChartModel] = [:]) {
        cutLines = []
        self.charts = charts
        let place = selectedIndex ?? 0
        self.lines = lines
        self.stops = stops
        if selectedIndex == nil { selected = stops.isEmpty ? nil : stops[min(place, stops.count - 1)].id }
    }

    /// Replaces the text and what its lines stand for.
    func show(_ text: DetailText) {
        var seen: [String: Int] = [:]
        var stops: [DetailStop] = []
        links = [:]
        for (line, link) in text.links.sorted(by: { $0.key < $1.key }) {
            let name = link.binding.map { "\($0.text) \($0.uid ?? "")" } ?? link.value ?? text.lines[line].prefix(2).map(\.text).joined()
            seen[name, default: 0] += 1
            let id = "\(name) \(seen[name] ?? 0)"
            stops.append(DetailStop(line: line, id: id))
            links[id] = link
        }
        show(text.lines, stops: stops)
        cutLines = text.cutLines
    }

    /// What is under the cursor.
    var selectedLink: DetailLink? { selected.flatMap { links[$0] } }

    /// Puts the cursor on the line that shows a value; where there is none it stays.
    func select(value: String) {
        if let found = stops.first(where: { links[$0.id]?.value == value }) { selected = found.id }
    }

    /// The cursor's place among the stops.
    package var selectedIndex: Int? { selected.flatMap { id in stops.firstIndex { $0.id == id } } }

    /// Moves the cursor by stops.
    package func moveSelection(by amount: Int) {
        guard !stops.isEmpty else { return }
        let (moved, isOver) = (selectedIndex ?? 0).addingReportingOverflow(amount)
        selected = stops[isOver ? (amount < 0 ? 0 : stops.count - 1) : max(0, min(stops.count - 1, moved))].id
    }

    /// Whether a text is this one or lies below it.
    package func covers(_ model: DetailModel) -> Bool {
        var shown: DetailModel? = self
        while let present = shown {
            if present === model { return true }
            shown = present.parent
        }
        return false
    }
}
