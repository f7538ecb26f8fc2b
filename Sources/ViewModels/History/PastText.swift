import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// A table of the past as text.
@MainActor enum PastText {
    private static let gap = 2

    /// The text with one stop a row, and what the rows are.
    static func table(_ view: PastView, like shown: ResourcesModel, width most: Int = 400, now: Timestamp) -> DetailText {
        var text = DetailText()
        let time = view.time(now: now)
        text.line(
            [
                TextSpan(" THE PAST ", .warning), TextSpan(" \(time.rfc3339)", .accent), TextSpan(", \(ContainerText.age(time, now)) ago", .dim),
                TextSpan(view.change.map { ", revision \($0.revision)" } ?? "", .dim),
            ], indent: 0)
        text.line(position(view), indent: 0)
        if let history = view.history, view.lacksStates(now: now) {
            let since = history.statesSince.map { $0.rfc3339 } ?? ""
            text.line([TextSpan("writes of the status alone are kept since \(since): states here may be older than the moment", .warning)], indent: 0)
        }
        if let failure = view.failure { text.line([TextSpan(failure, .error)], indent: 0) }
        text.line([], indent: 0)
        guard let table = view.table else { return text }
        add(table, view, shown, time: time, to: &text)
        return text
    }

    private static func position(_ view: PastView) -> [TextSpan] {
        guard !view.changes.isEmpty else { return [TextSpan("nothing was written to \(view.kind.resource.resource) that is kept", .dim)] }
        guard case .change(let index) = view.moment, let change = view.change else {
            return [TextSpan("[ and ] go by changes, < > by minutes, { } by hours, M to a moment; nothing can be changed here", .dim)]
        }
        let name = "\(change.namespace.map { "\($0)/" } ?? "")\(change.name)"
        let place = "change \(view.changes.count - index) of \(view.changes.count): "
        return [
            TextSpan(place, .dim), TextSpan("\(name) \(verb(change))", change.what == .deleted ? .warning : .normal), TextSpan(" by \(change.shortUser)", .dim),
        ]
    }

    private static func verb(_ change: ObjectHistory.Version) -> String {
        change.what == .status ? "has a new status" : change.what == .deleted ? "was deleted" : "was \(change.what.rawValue)"
    }

    private static func add(_ table: ServerTable, _ view: PastView, _ shown: ResourcesModel, time: Timestamp, to text: inout DetailText) {
        let layout = ServerTableLayout(table.columns, kind: view.kind)
        let rows = ResourcesModel(signal: ChangeSignal(), title: "", isNamespaced: view.kind.isNamespaced, layout: layout.columns)
        rows.scope = view.scope
        rows.hiddenColumns = shown.hiddenColumns.union(table.columns.filter { $0.priority > 0 }.map { $0.name.lowercased() })
        rows.sort = layout.columns.contains { $0.id == shown.sort.column } || shown.sort.column == "namespace" ? shown.sort : TableSort(column: "name")
        rows.filter = shown.filter
        rows.upsert(table.rows.map { layout.row($0) }, now: time)
        // The server has been asked with the selectors.
        rows.setMatches(table.rows.map(\.object.uid))
        let columns = rows.columns
        let cells = (0..<rows.count).map { rows.row(at: $0) }
        let words = cells.map { row in row.cells.map { Self.word($0, at: time) } }
        let widths = columns.indices.map { column in
            words.reduce(columns[column].title.count) { max($0, min(columns[column].maximumWidth, column < $1.count ? $1[column].text.count : 0)) }
        }
        text.line([TextSpan("  \(zip(columns, widths).map { field($0.title, $1, $0.alignment) }.joined(separator: "  "))", .dim)], indent: 0)
        for (row, spans) in zip(cells, words) {
            guard let object = rows.row(uid: row.uid) else { continue }
            let isChanged = view.change.map { $0.name == object.name && ($0.namespace ?? "") == object.namespace } ?? false
            let namespace = object.namespace.isEmpty ? nil : object.namespace
            text.line(
                [TextSpan(isChanged ? "* " : "  ", .accent)]
                    + zip(zip(columns, widths), spans).map { place, span in
                        TextSpan(field(span.text, place.1, place.0.alignment) + "  ", isChanged && span.tone == .normal ? .accent : span.tone)
                    }, indent: 0)
            text.link(
                DetailLink(
                    binding: ObjectBinding(
                        context: "", namespace: namespace, kind: view.kind.kind, name: object.name, uid: object.uid, resource: view.kind.resource)))
        }
        let hidden = table.rows.count - rows.count
        if rows.count == 0 { text.line([TextSpan("  none", .dim)], indent: 0) }
        if hidden > 0 { text.line([TextSpan("  \(hidden) more that the namespaces or the filter leave out", .dim)], indent: 0) }
        if table.continueToken != nil { text.line([TextSpan("  only the first \(table.rows.count) were read", .warning)], indent: 0) }
    }

    private static func field(_ text: String, _ width: Int, _ alignment: TableColumn.Alignment) -> String {
        let text = text.count > width ? "\(text.prefix(max(0, width - 1)))…" : text
        return alignment == .right ? HistoryText.right(text, width) : HistoryText.left(text, width)
    }

    private static func word(_ cell: TableCell, at time: Timestamp) -> TextSpan {
        switch cell {
        case .text(let text, let tone): TextSpan(text, tone)
        case .number(let number, let tone): TextSpan(String(number), tone)
        case .age(let moment): TextSpan(moment.map { HumanDuration.text(time - $0) } ?? "", .dim)
        case .usage: TextSpan("")
        }
    }
}
