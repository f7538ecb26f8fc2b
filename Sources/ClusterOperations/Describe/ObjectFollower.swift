package import APIMachinery
package import KubeClient
package import KubeSchemas
package import LinuxKernel
import Synchronization

/// An object with what helps to understand it, at one moment.
package struct ObjectSnapshot: Sendable {
    /// The object.
    package var object: KubeObject
    /// The events about it, oldest first.
    package var events: [Event]
    /// The objects that belong to its understanding, by what they are to it, in order of namespace and name.
    package var related: [Relation: [KubeObject]]
    /// What could not be read, and why: `pods: forbidden`.
    package var unread: [String]

    /// A snapshot.
    package init(object: KubeObject, events: [Event] = [], related: [Relation: [KubeObject]] = [:], unread: [String] = []) {
        self.object = object
        self.events = events
        self.related = related
        self.unread = unread
    }
}

/// Follows one object of any kind, the events about it and the objects that help to understand it.
///
/// Open one, run ``run()`` in a task of its own, and take a ``snapshot`` whenever ``wake`` tells.
package final class ObjectFollower: Sendable {
    /// Which object.
    package let target: ObjectTarget
    /// Tells that there is something new; one tell stands for any number of changes.
    package let wake: AsyncStream<Void>
    private let first: KubeObject
    private let last: Mutex<KubeObject>
    private let object: Informer
    private let events: Informer
    private let sources: [(RelatedSource, Informer)]

    /// Reads the object once and prepares to follow it. Throws NotFound when it is gone, and why it cannot be read.
    package static func open(_ target: ObjectTarget, _ client: KubeClient, time: any TimeSource) async throws(APIStatus) -> ObjectFollower {
        ObjectFollower(try await target.read(client), target, client, time)
    }

    private init(_ first: KubeObject, _ target: ObjectTarget, _ client: KubeClient, _ time: any TimeSource) {
        self.first = first
        last = Mutex(first)
        self.target = ObjectTarget(target.resource, kind: target.kind, namespace: target.namespace, name: target.name, uid: first.uid)
        func field(_ name: String, _ value: String) -> FieldSelector {
            FieldSelector(requirements: [FieldSelector.Requirement(field: name, value: value)])
        }
        object = Informer(
            client: client, resource: target.resource, namespace: target.namespace, fields: field("metadata.name", target.name), time: time)
        // The kubelet's events name a node by its name in place of its uid.
        let about =
            target.groupKind == GroupKind(group: "", kind: "Node")
            ? field("involvedObject.name", target.name) : field("involvedObject.uid", first.uid)
        events = Informer(client: client, resource: Event.resource, namespace: target.namespace, fields: about, time: time)
        sources = RelatedSource.sources(of: first, target.resource).map { source in
            (
                source,
                Informer(
                    client: client, resource: source.resource, namespace: source.namespace, labels: source.labels, fields: source.fields, time: time)
            )
        }
        let (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.wake = wake
        object.addHandler { [weak self] event in
            let seen = event.object
            if seen.uid == first.uid, seen.name == target.name { self?.last.withLock { $0 = seen } }
        }
        for informer in [object, events] + sources.map(\.1) {
            informer.addHandler { _ in waker.yield() }
            informer.addStateHandler { _ in waker.yield() }
        }
        waker.yield()
    }

    /// Follows until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for informer in [object, events] + sources.map(\.1) { group.addTask { await informer.run() } }
        }
    }

    /// Everything as it is now; the object as it was last when it is gone.
    package var snapshot: ObjectSnapshot {
        var related: [Relation: [KubeObject]] = [:]
        var unread: [String] = []
        for (source, informer) in sources {
            related[source.relation] = informer.all().filter(source.isRelated)
            if case .failing(let status) = informer.state { unread.append("\(source.resource.resource): \(status.message)") }
        }
        if case .failing(let status) = events.state { unread.append("events: \(status.message)") }
        let found = events.all().map { Event($0) }.filter(isAbout).sorted {
            ($0.lastSeen ?? Timestamp(seconds: 0), $0.object.name) < ($1.lastSeen ?? Timestamp(seconds: 0), $1.object.name)
        }
        return ObjectSnapshot(object: current ?? last.withLock(\.self), events: found, related: related, unread: unread)
    }

    /// Whether the object was deleted, or another one has its name.
    package var isGone: Bool { object.hasSynced && current == nil }

    private var current: KubeObject? {
        guard let found = object.get(namespace: target.namespace, name: target.name), found.uid == first.uid else { return nil }
        return found
    }

    private func isAbout(_ event: Event) -> Bool {
        event.involvedObject.uid == first.uid || event.involvedObject.kind == target.kind && event.involvedObject.name == target.name
    }
}
