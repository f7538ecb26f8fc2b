import JSONCore
import KubeClient

/// What a cluster's panes show, as far as another session or another day can show it again.
struct SavedPlace: Sendable, Hashable {
    /// The context; of a saved view empty for the one that is shown.
    var context = ""
    /// The contexts of a joined table; none for one context's panes.
    var contexts: [String] = []
    /// The id of the kind.
    var kind = ServedKind.pods.id
    var scope = NamespaceScope.all
    var filter = ""
    var sort = TableSort(column: "name")
    var hidden: Set<String> = []
    /// Columns that are shown although a view hides them.
    var wanted: Set<String> = []
    /// Columns that were added, as they are written.
    var added: [String] = []
    /// The object under the cursor.
    var uid: String?
    var focus = PaneID.pods
    var isZoomed = false

    /// Pods in all namespaces, of no context.
    init() {}

    /// `deployments demo`, for a place that was not opened yet.
    @MainActor var title: String {
        let plural = String(kind.prefix { $0 != "." })
        return AppModel.placeTitle(contexts.isEmpty ? plural : "\(plural) of \(contexts.count) contexts", scope)
    }

    /// What an application's panes show now.
    @MainActor init(_ app: AppModel) {
        context = app.joined?.names.first ?? app.context.name
        contexts = app.joined?.names ?? []
        kind = app.joined?.kindID ?? app.kind.id
        scope = app.scope
        filter = app.list.filter
        sort = app.list.sort
        hidden = app.list.hiddenColumns
        wanted = app.list.wantedColumns
        added = app.list.view.added.map(\.text)
        uid = app.list.selectedUID
        focus = app.focus
        isZoomed = app.isZoomed
    }

    /// Reads what ``value`` wrote; nil for anything else.
    init?(_ value: JSONValue) {
        guard let name = value["context"]?.stringValue, !name.isEmpty else { return nil }
        context = name
        contexts = Array((value["contexts"]?.arrayValue ?? []).compactMap(\.stringValue).filter { !$0.isEmpty }.prefix(JoinedContexts.most))
        kind = value["kind"]?.stringValue ?? kind
        let names = Set((value["namespaces"]?.arrayValue ?? []).compactMap(\.stringValue))
        if !names.isEmpty { scope = .only(names) }
        filter = value["filter"]?.stringValue ?? ""
        sort = TableSort(column: value["sort"]?.stringValue ?? "name", isDescending: value["descending"]?.boolValue ?? false)
        hidden = Set((value["hidden"]?.arrayValue ?? []).compactMap(\.stringValue))
        wanted = Set((value["wanted"]?.arrayValue ?? []).compactMap(\.stringValue))
        added = (value["added"]?.arrayValue ?? []).compactMap(\.stringValue)
        uid = value["uid"]?.stringValue
        focus = value["focus"]?.stringValue.flatMap { PaneID(rawValue: $0) } ?? .pods
        isZoomed = value["zoomed"]?.boolValue ?? false
    }

    var value: JSONValue {
        var value: JSONValue = [
            "context": .string(context), "kind": .string(kind), "filter": .string(filter), "sort": .string(sort.column),
            "descending": .bool(sort.isDescending), "hidden": .array(hidden.sorted().map { .string($0) }), "focus": .string(focus.rawValue),
            "zoomed": .bool(isZoomed),
        ]
        if case .only(let names) = scope { value["namespaces"] = .array(names.sorted().map { .string($0) }) }
        if !wanted.isEmpty { value["wanted"] = .array(wanted.sorted().map { .string($0) }) }
        if !added.isEmpty { value["added"] = .array(added.map { .string($0) }) }
        if let uid { value["uid"] = .string(uid) }
        if !contexts.isEmpty { value["contexts"] = .array(contexts.map { .string($0) }) }
        return value
    }

    /// Looks at a table as it was looked at.
    @MainActor func apply(to table: ResourcesModel) {
        (table.hiddenColumns, table.wantedColumns) = (hidden, wanted)
        // best effort: a column that cannot be read is not shown.
        table.view.added = added.compactMap { try? ViewSettings.Column.read($0).get() }.filter { $0.path != nil }
        table.sort = sort
        table.filter = filter
    }
}

extension AppModel {
    /// What the panes show, in as few words as a tab has room for.
    var tabTitle: String {
        if joined != nil { return SavedPlace(self).title }
        if focus == .logs, let name = logs.target?.pod ?? logs.merge?.title { return "log \(name)" }
        if focus == .yaml, let target = editor.target { return "yaml \(target.binding.name)" }
        return Self.placeTitle(kindPlural, kind.isNamespaced ? scope : .all)
    }

    static func placeTitle(_ kind: String, _ scope: NamespaceScope) -> String { scope == .all ? kind : "\(kind) \(scope.text)" }
}
