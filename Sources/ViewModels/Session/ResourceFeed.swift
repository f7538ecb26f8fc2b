import APIMachinery
import KubeClient
import LinuxKernel
import Synchronization

/// Follows one kind's objects and gathers what changed, as finished rows, until the screen takes it. Keeps no objects: what a table does not
/// show is asked for when it is wanted.
final class ResourceFeed: Sendable {
    /// What changed since the last look; of one object only the newest state.
    struct Batch: Sendable {
        /// The columns, when they have become known or others.
        var columns: [TableColumn]?
        /// A list of everything began.
        var isListBegun = false
        /// Rows by uid.
        var rows: [String: ResourceRow] = [:]
        /// Uids of what is gone.
        var gone: Set<String> = []
        /// The list is complete.
        var isListEnded = false
        /// Whether ``ResourceFeed/state`` may have changed.
        var isStateChanged = false
    }

    private struct State {
        var batch = Batch()
        var state = InformerState.starting
        var columns: [TableColumn] = []
    }

    /// What is followed.
    let kind: ServedKind
    private let client: KubeClient
    private let place: RowPlace
    private let reader: any RowReader
    private let time: any TimeSource
    /// Tells that there is something to take; one tell stands for any number of changes.
    let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let shared = Mutex(State())

    /// Objects of a list request: the first page is on the screen while the next is read. The first one is small, so that it comes soon.
    static let (firstPage, pageSize) = (100, 500)

    /// Somebody looks at it: a server that is there again shows within seconds.
    private static let backoff = Backoff(maximum: .seconds(5), jitter: 0.2)

    init(
        client: KubeClient, kind: ServedKind, namespace: String?, labels: LabelSelector = .everything, fields: FieldSelector = .everything,
        reader: (any RowReader)? = nil, time: any TimeSource
    ) {
        self.client = client
        self.kind = kind
        self.reader = reader ?? TableReader(kind)
        place = RowPlace(resource: kind.resource, namespace: namespace, labels: labels, fields: fields)
        self.time = time
        (wake, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The namespace that is followed; nil for all.
    var namespace: String? { place.namespace }

    /// How the table stands with its server.
    var state: InformerState { shared.withLock { $0.state } }

    /// What changed since the last call.
    func take() -> Batch {
        shared.withLock { shared in
            defer { shared.batch = Batch() }
            return shared.batch
        }
    }

    /// Follows until the task is cancelled.
    func run() async {
        await WatchLoop.run(time: time, backoff: Self.backoff) { () async throws(APIStatus) -> String in
            try await self.list()
        } follow: { (position: inout String?, heard: inout Bool) async throws(APIStatus) in
            try await self.follow(&position, &heard)
        } onFailure: { status in
            self.change { shared in
                shared.state = .failing(status)
                shared.batch.isStateChanged = true
            }
        }
    }

    private func list() async throws(APIStatus) -> String {
        do throws(APIStatus) {
            return try await list(inPages: true)
        } catch {
            guard error.code == 410 else { throw error }
            // The list's revision was compacted away between two pages: all at once cannot expire.
            return try await list(inPages: false)
        }
    }

    private func list(inPages: Bool) async throws(APIStatus) -> String {
        var options = ListOptions(labels: place.labels, fields: place.fields, limit: inPages ? Self.firstPage : nil)
        change { shared in
            // What waits was seen before: what of it is still there is listed now.
            (shared.batch.rows, shared.batch.gone, shared.batch.isListEnded) = ([:], [], false)
            shared.batch.isListBegun = true
        }
        while true {
            let page = try await reader.page(client, place, options)
            add(page)
            guard let next = page.continueToken else {
                change { shared in
                    shared.batch.isListEnded = true
                    Self.set(.following, &shared)
                }
                return page.resourceVersion
            }
            options.continueToken = next
            if inPages { options.limit = Self.pageSize }
        }
    }

    private func follow(_ position: inout String?, _ heard: inout Bool) async throws(APIStatus) {
        let stream = try await reader.watch(client, place, from: position ?? "")
        defer { stream.cancel() }
        // The server is there again, however long nothing changes.
        change { Self.set(.following, &$0) }
        var events = stream.makeAsyncIterator()
        while let next = try await events.next() {
            let (event, revision) = try reader.read(next)
            heard = true
            switch event {
            case .changed(let page): add(page)
            case .deleted(let uids):
                change { shared in
                    for uid in uids {
                        shared.batch.rows[uid] = nil
                        shared.batch.gone.insert(uid)
                    }
                    Self.set(.following, &shared)
                }
            case .bookmark: change { Self.set(.following, &$0) }
            }
            if !revision.isEmpty { position = revision }
        }
    }

    private func add(_ page: RowPage) {
        change { shared in
            if let columns = page.columns, shared.columns != columns {
                shared.columns = columns
                shared.batch.columns = columns
            }
            for row in page.rows {
                shared.batch.gone.remove(row.uid)
                shared.batch.rows[row.uid] = row
            }
            if !shared.batch.isListBegun { Self.set(.following, &shared) }
        }
    }

    private static func set(_ state: InformerState, _ shared: inout State) {
        guard shared.state != state else { return }
        shared.state = state
        shared.batch.isStateChanged = true
    }

    private func change(_ body: (inout State) -> Void) {
        shared.withLock { body(&$0) }
        waker.yield()
    }
}
