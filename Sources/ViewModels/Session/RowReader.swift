import APIMachinery
import KubeClient

/// A part of a collection as rows.
struct RowPage: Sendable {
    /// The columns, when they are told.
    var columns: [TableColumn]?
    var rows: [ResourceRow]
    var resourceVersion: String
    /// Where to go on; nil when this is the end.
    var continueToken: String?
}

/// What a watch tells about rows.
enum RowEvent: Sendable {
    /// Rows that are new or changed.
    case changed(RowPage)
    /// Uids of what is gone, or matches no more.
    case deleted([String])
    /// Nothing changed up to this event's revision.
    case bookmark
}

/// How a kind's objects are read as rows: by the server's table of them, or from the objects themselves. Reads off the main actor.
protocol RowReader: Sendable {
    /// Reads a part of a list.
    func page(_ client: KubeClient, _ place: RowPlace, _ options: ListOptions) async throws(APIStatus) -> RowPage
    /// Watches from a revision on.
    func watch(_ client: KubeClient, _ place: RowPlace, from revision: String) async throws(APIStatus) -> WatchStream
    /// Reads an event of that watch, and the revision to go on from; empty when it tells none. Throws the error that the server tells.
    func read(_ event: WatchEvent) throws(APIStatus) -> (event: RowEvent, revision: String)
}

/// The objects that are read as rows.
struct RowPlace: Sendable {
    var resource: GroupVersionResource
    /// nil for all.
    var namespace: String?
    var labels = LabelSelector.everything
    var fields = FieldSelector.everything
    /// How long one watch may last: not all at once end.
    var watchSeconds: Int { Int.random(in: 300..<600) }
}
