import APIMachinery
import KubeClient
import KubeSchemas

/// Reads pods as rows of our own columns. Each pod is looked at once and let go, but for the few that somebody wants whole.
struct PodReader: RowReader {
    let kept: KeptPods
    var paths = CellPaths()

    func page(_ client: KubeClient, _ place: RowPlace, _ options: ListOptions) async throws(APIStatus) -> RowPage {
        let list = try await client.list(place.resource, namespace: place.namespace, options)
        return RowPage(
            columns: PodRow.columns + paths.columns.map(\.column), rows: list.items.map { row($0) }, resourceVersion: list.resourceVersion,
            continueToken: list.continueToken)
    }

    func watch(_ client: KubeClient, _ place: RowPlace, from revision: String) async throws(APIStatus) -> WatchStream {
        try await client.watch(
            place.resource, namespace: place.namespace, from: revision, labels: place.labels, fields: place.fields, timeoutSeconds: place.watchSeconds)
    }

    func read(_ event: WatchEvent) throws(APIStatus) -> (event: RowEvent, revision: String) {
        let revision = event.object?.resourceVersion ?? ""
        switch event {
        case .added(let pod), .modified(let pod): return (.changed(RowPage(rows: [row(pod)], resourceVersion: revision)), revision)
        case .deleted(let pod):
            kept.forget(uid: pod.uid)
            return (.deleted([pod.uid]), revision)
        case .bookmark: return (.bookmark, revision)
        case .error(let status): throw status
        }
    }

    private func row(_ object: KubeObject) -> ResourceRow {
        kept.see(object)
        return PodRow(Pod(object)).row(with: paths.isEmpty ? [] : paths.cells(object.value))
    }
}
