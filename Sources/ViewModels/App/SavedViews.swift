import JSONCore
import KubeClient
import LinuxKernel

/// How the tables of a context were looked at last, kept on disk: the shown kind, and of each kind its filter, order and hidden columns.
///
/// The file is JSON under the state directory, mode 0600. One that cannot be read is as none: nothing in it is worth a question.
struct SavedViews: Sendable, Equatable {
    /// How one table is looked at.
    struct View: Sendable, Equatable {
        var filter = ""
        var sort = TableSort(column: "name")
        var hidden: Set<String> = []
        /// Columns that are shown although a view hides them.
        var wanted: Set<String> = []
        /// Columns that were added, as they are written.
        var added: [String] = []
    }

    /// The id of the shown kind.
    var kind = ServedKind.pods.id
    /// By the id of the kind; those that are as they were made are left out.
    var views: [String: View] = [:]

    private static let longest = 256 << 10

    /// The file of a context; the name keeps only what any file system takes.
    static func path(stateDirectory: String, context: String, of what: String = "views") -> String {
        let name = context.unicodeScalars.map { scalar in
            scalar.properties.isAlphabetic && scalar.isASCII || ("0"..."9").contains(scalar) || scalar == "-"
                ? String(scalar) : "_\(String(scalar.value, radix: 16))"
        }
        return "\(stateDirectory)/\(what)-\(name.joined().prefix(150)).json"
    }

    /// Reads a file; nil when there is none that can be read.
    init?(path: String) {
        // best effort: without the file tables look as they do at first.
        guard let text = try? FileSystem.readText(path), text.utf8.count <= Self.longest, let value = try? JSON.parse(Array(text.utf8)) else { return nil }
        kind = value["kind"]?.stringValue ?? kind
        for member in value["tables"]?.objectValue ?? JSONObject() {
            views[member.key] = View(
                filter: member.value["filter"]?.stringValue ?? "",
                sort: TableSort(
                    column: member.value["sort"]?.stringValue ?? "name", isDescending: member.value["descending"]?.boolValue ?? false),
                hidden: Set(Self.texts(member.value["hidden"])), wanted: Set(Self.texts(member.value["wanted"])), added: Self.texts(member.value["added"]))
        }
    }

    private static func texts(_ value: JSONValue?) -> [String] { (value?.arrayValue ?? []).compactMap(\.stringValue) }

    /// How an application's tables are looked at now; what `before` says of tables that were not opened stays.
    @MainActor init(_ app: AppModel, before: SavedViews?) {
        kind = app.kind.id
        views = before?.views ?? [:]
        let opened: [(String, ResourcesModel)] = app.tables.map { ($0.key, $0.value) } + [(ServedKind.pods.id, app.pods)]
        for (id, table) in opened {
            let view = View(
                filter: table.filter, sort: table.sort, hidden: table.hiddenColumns, wanted: table.wantedColumns, added: table.view.added.map(\.text))
            views[id] = view == View() ? nil : view
        }
    }

    /// Looks at a table as it was looked at before.
    @MainActor func apply(to table: ResourcesModel, kind: ServedKind) {
        guard let view = views[kind.id] else { return }
        (table.hiddenColumns, table.wantedColumns) = (view.hidden, view.wanted)
        table.view.added = view.added.compactMap { try? ViewSettings.Column.read($0).get() }.filter { $0.path != nil }
        table.sort = view.sort
        table.filter = view.filter
    }

    /// The file's text.
    var bytes: [UInt8] {
        var tables: JSONValue = [:]
        for (id, view) in views.sorted(by: { $0.key < $1.key }) {
            tables[id] = [
                "filter": .string(view.filter), "sort": .string(view.sort.column), "descending": .bool(view.sort.isDescending),
                "hidden": .array(view.hidden.sorted().map { .string($0) }), "wanted": .array(view.wanted.sorted().map { .string($0) }),
                "added": .array(view.added.map { .string($0) }),
            ]
        }
        return JSON.encode(["kind": .string(kind), "tables": tables])
    }
}
