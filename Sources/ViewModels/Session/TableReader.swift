import APIMachinery
import KubeClient
import Synchronization

/// Reads a kind's objects as the server's table of them.
final class TableReader: RowReader {
    private let kind: ServedKind
    private let layout: Mutex<ServerTableLayout>

    init(_ kind: ServedKind) {
        self.kind = kind
        layout = Mutex(ServerTableLayout([], kind: kind))
    }

    func page(_ client: KubeClient, _ place: RowPlace, _ options: ListOptions) async throws(APIStatus) -> RowPage {
        read(try await client.listTable(place.resource, namespace: place.namespace, options, objects: ServerTableLayout.objects(kind)))
    }

    func watch(_ client: KubeClient, _ place: RowPlace, from revision: String) async throws(APIStatus) -> WatchStream {
        try await client.watchTable(
            place.resource, namespace: place.namespace, from: revision, labels: place.labels, fields: place.fields,
            objects: ServerTableLayout.objects(kind), timeoutSeconds: place.watchSeconds)
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
        return RowPage(
            columns: layout.columns, rows: table.rows.map { layout.row($0) }, resourceVersion: table.resourceVersion,
            continueToken: table.continueToken)
    }
}
