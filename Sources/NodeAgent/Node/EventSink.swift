import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import Synchronization

/// Sends events about pods to the API server in the background; repeats raise a count instead of making a new event.
final class EventSink: Sendable {
    private let client: KubeClient
    private let time: any TimeSource
    private let logger: Logger
    private struct State {
        var builder: EventBuilder
        var filter = EventSpamFilter()
    }

    private let state: Mutex<State>
    private let queue: AsyncStream<EventBuilder.Write>
    private let feed: AsyncStream<EventBuilder.Write>.Continuation

    init(client: KubeClient, nodeName: String, time: any TimeSource, logger: Logger) {
        self.client = client
        self.time = time
        self.logger = logger
        state = Mutex(State(builder: EventBuilder(component: "kubelet", host: nodeName)))
        (queue, feed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(2048))
    }

    /// Records that something happened to `object`; returns at once.
    func record(_ kind: EventBuilder.Kind, reason: String, _ message: String, about object: KubeObject, fieldPath: String? = nil) {
        let now = time.now()
        let write = state.withLock { state -> EventBuilder.Write? in
            guard state.filter.admits(object.uid, at: time.monotonic()) else { return nil }
            return state.builder.record(about: object, fieldPath: fieldPath, kind: kind, reason: reason, message: message, now: now)
        }
        if let write { feed.yield(write) }
    }

    /// Sends until cancelled.
    func run() async {
        for await write in queue {
            do throws(APIStatus) {
                try await send(write)
            } catch {
                // An event is a courtesy: its namespace may be going away.
                logger.debug("event not recorded", metadata: ["error": "\(error.message)"])
            }
        }
    }

    private func send(_ write: EventBuilder.Write) async throws(APIStatus) {
        switch write {
        case .create(let event):
            _ = try await client.create(Event.resource, event)
        case .patch(let namespace, let name, let patch, let fallback):
            do throws(APIStatus) {
                _ = try await client.patch(Event.resource, namespace: namespace, name: name, type: .merge, patch)
            } catch  where error.code == 404 {
                _ = try await client.create(Event.resource, fallback)
            }
        }
    }
}
