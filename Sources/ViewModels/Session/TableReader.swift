import APIMachinery
import KubeClient
import Synchronization

/// Reads a kind's objects as the server's table of them.
final class TableReader: RowReader {
    private let kind: ServedKind
    private let paths: CellPaths
    private let objects: TableObjects
    private let layout: Mutex<ServerTableLayout>

    init(_ kind: ServedKind, paths: CellPaths = CellPaths()) {
        self.kind = kind
        self.paths = paths
        objects = paths.isEmpty ? ServerTableLayout.objects(kind) : .whole
        layout = Mutex(ServerTableLayout([], kind: kind))
    }

    func page(_ client: KubeClient, _ place: RowPlace, _ options: ListOptions) async throws(APIStatus) -> RowPage {
        read(try await client.listTable(place.resource, namespace: place.namespace, options, objects: objects))
    }

    func watch(_ client: KubeClient, _ place: RowPlace, from revision: String) async throws(APIStatus) -> WatchStream {
        try await client.watchTable(
            place.resource, namespace: place.namespace, from: revision, labels: place.labels, fields: place.fields,
            objects: objects, timeoutSeconds: place.watchSeconds)
    }

    func read(_ event: WatchEvent) throws(APIStatus) -> (event: RowEvent, revision: String) {
        let event = try ServerTableEvent(event)
        switch event {
        case .changed(let table): return (.changed(read(table)), event.revision)
        case .deleted(let table): return (.deleted(table.rows.map(\.object.uid)), event.revision)
        case .bookmark: return (.bookmark, event.revision)
        }
    }

    /// Later events of a watch leave the columns out.
    private func read(_ table: ServerTable) -> RowPage {
        let layout = layout.withLock { layout in
            if !table.columns.isEmpty { layout = ServerTableLayout(table.columns, kind: kind) }
            return layout
        }
        let rows = table.rows.map { row in
            var made = layout.row(row)
            if !paths.isEmpty { made.cells += paths.cells(row.object.value) }
            return made
        }
        let columns = layout.columns.isEmpty ? [] : layout.columns + paths.columns.map(\.column)
        return RowPage(
            columns: columns, rows: rows, resourceVersion: table.resourceVersion,
            continueToken: table.continueToken)
    }
}
