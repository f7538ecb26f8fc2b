import JSONCore
import KubeClient

/// One view of `saved-views.yaml`: what a pane shows, or a tab with its splits, under a name.
struct NamedView: Sendable, Hashable {
    /// What people call it.
    var name: String
    /// What it shows. A place without a context is one of the context that is shown when it is opened.
    var root: SavedTabs.Part

    private static let keys = ["kind", "namespaces", "filter", "sort", "columns", "hidden", "shown", "context", "contexts"]
    private static let deepest = 4

    /// Reads the file.
    static func read(_ root: SettingsNode) -> [NamedView] {
        root.members().compactMap { name, node in part(node, depth: 0).map { NamedView(name: name, root: $0) } }
    }

    private static func part(_ node: SettingsNode, depth: Int) -> SavedTabs.Part? {
        guard let object = node.value.objectValue else {
            node.refuse("a map such as {kind: pods, namespaces: [shop], filter: web}, or {beside: [VIEW, VIEW]}")
            return nil
        }
        guard let axis = [SplitTree.Axis.beside, .below].first(where: { object[$0.rawValue] != nil }) else { return place(node).map { .place($0) } }
        guard depth < deepest else {
            node.report("splits are divided at most \(deepest) times")
            return nil
        }
        var (parts, share): ([SavedTabs.Part], Int) = ([], 50)
        for (key, member) in node.members(known: [axis.rawValue, "share"]) {
            if key == "share" {
                guard let number = member.value.integerValue.flatMap({ Int(exactly: $0) }), (1...99).contains(number) else {
                    member.refuse("a number of percent, 1 to 99")
                    continue
                }
                share = SplitTree.bounded(number)
            } else {
                let elements = member.elements()
                parts = elements.compactMap { part($0, depth: depth + 1) }
                if elements.count != 2 { member.report("two views lie \(axis.rawValue): [VIEW, VIEW]") }
            }
        }
        return parts.count == 2 ? .divided(axis, share: share, parts[0], parts[1]) : parts.first
    }

    private static func place(_ node: SettingsNode) -> SavedPlace? {
        var place = SavedPlace()
        for (key, member) in node.members(known: keys) {
            switch key {
            case "kind": place.kind = member.text("a kind, such as pods or deployments.apps") ?? place.kind
            case "namespaces":
                let names = Set(member.texts("a namespace"))
                place.scope = names.isEmpty || names == ["all"] ? .all : .only(names)
            case "filter": place.filter = member.text() ?? ""
            case "sort": place.sort = sort(member) ?? place.sort
            case "columns":
                for element in member.elements() {
                    guard let text = element.text("NAME:.path") else { continue }
                    switch ViewSettings.Column.read(text) {
                    case .failure(let problem): element.report(problem.message)
                    case .success(let column) where column.path == nil: element.refuse("NAME:.path, for example ZONE:.metadata.labels.zone")
                    case .success: place.added.append(text)
                    }
                }
            case "hidden": place.hidden = Set(member.texts("a column"))
            case "shown": place.wanted = Set(member.texts("a column"))
            case "context": place.context = member.text("a context's name") ?? ""
            default: place.contexts = Array(member.texts("a context's name").prefix(JoinedContexts.most))
            }
        }
        return place
    }

    /// `age:desc`.
    private static func sort(_ node: SettingsNode) -> TableSort? {
        guard let text = node.text("a column, or COLUMN:desc") else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, !name.isEmpty, parts.count == 1 || parts.count == 2 && ["asc", "desc"].contains(parts[1]) else {
            node.refuse("COLUMN, COLUMN:asc or COLUMN:desc")
            return nil
        }
        return TableSort(column: name.lowercased(), isDescending: parts.last == "desc")
    }

    /// As it is written into the file: YAML in one line.
    var yaml: String { String(decoding: JSON.encode(Self.value(root)), as: UTF8.self) }

    private static func value(_ part: SavedTabs.Part) -> JSONValue {
        guard case .place(let place) = part else {
            guard case .divided(let axis, let share, let first, let second) = part else { return .null }
            return [axis.rawValue: .array([value(first), value(second)]), "share": .integer(Int64(share))]
        }
        func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
        var result: JSONValue = ["kind": .string(place.kind)]
        if case .only(let names) = place.scope { result["namespaces"] = list(names.sorted()) }
        if !place.filter.isEmpty { result["filter"] = .string(place.filter) }
        if place.sort != TableSort(column: "name") { result["sort"] = .string("\(place.sort.column)\(place.sort.isDescending ? ":desc" : "")") }
        if !place.added.isEmpty { result["columns"] = list(place.added) }
        if !place.hidden.isEmpty { result["hidden"] = list(place.hidden.sorted()) }
        if !place.wanted.isEmpty { result["shown"] = list(place.wanted.sorted()) }
        if !place.context.isEmpty, place.contexts.isEmpty { result["context"] = .string(place.context) }
        if !place.contexts.isEmpty { result["contexts"] = list(place.contexts) }
        return result
    }

    /// What it shows, in words: `pods in shop /web`.
    @MainActor var text: String { root.places.map(Self.text).joined(separator: "; ") }

    @MainActor private static func text(_ place: SavedPlace) -> String {
        let filter = place.filter.isEmpty ? "" : " /\(place.filter)"
        return "\(place.title)\(filter)\(place.context.isEmpty || !place.contexts.isEmpty ? "" : " @\(place.context)")"
    }
}

extension SavedTabs.Part {
    /// With every place changed.
    func map(_ change: (SavedPlace) -> SavedPlace) -> SavedTabs.Part {
        switch self {
        case .place(let place): .place(change(place))
        case .divided(let axis, let share, let first, let second): .divided(axis, share: share, first.map(change), second.map(change))
        }
    }
}
