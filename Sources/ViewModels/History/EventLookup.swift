import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// Asks the server for events when they are wanted: nothing follows all events of a cluster, of which there may be more than of anything else.
struct EventLookup: Sendable {
    /// The most events that are looked at, and those of a request.
    private static let (most, pageSize) = (20_000, 500)
    /// Up to so many objects are asked for one by one.
    private static let few = 4

    let client: KubeClient
    /// nil for all.
    let namespace: String?

    /// The events about some objects, by their uids, oldest first.
    func about(_ uids: Set<String>) async throws(APIStatus) -> [Event] {
        var found: [Event] = []
        let isAbout = { @Sendable (event: Event) in uids.contains(event.involvedObject.uid) }
        if uids.count <= Self.few {
            for uid in uids.sorted() { found += try await list(field: "involvedObject.uid", uid, isWanted: isAbout) }
        } else {
            found = try await list(isWanted: isAbout)
        }
        return found.sorted { ($0.lastSeen ?? Timestamp(seconds: 0), $0.object.name) < ($1.lastSeen ?? Timestamp(seconds: 0), $1.object.name) }
    }

    /// The events of type Warning.
    func warnings() async throws(APIStatus) -> [Event] { try await list(field: "type", "Warning", isWanted: { $0.type == "Warning" }) }

    /// The events since a moment, and those that tell none.
    func since(_ moment: Timestamp) async throws(APIStatus) -> [Event] { try await list(isWanted: { ($0.lastSeen ?? moment) >= moment }) }

    private func list(field: String? = nil, _ value: String = "", isWanted: @Sendable (Event) -> Bool) async throws(APIStatus) -> [Event] {
        let requirements = field.map { [FieldSelector.Requirement(field: $0, value: value)] } ?? []
        var options = ListOptions(fields: FieldSelector(requirements: requirements), limit: Self.pageSize)
        var (events, seen): ([Event], Int) = ([], 0)
        repeat {
            let page = try await client.list(Event.resource, namespace: namespace, options)
            events += page.items.lazy.map { Event($0) }.filter(isWanted)
            seen += page.items.count
            options.continueToken = page.continueToken
        } while options.continueToken != nil && seen < Self.most
        return events
    }
}
