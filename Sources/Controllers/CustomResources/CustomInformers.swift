package import APIMachinery
package import KubeClient
package import LinuxKernel
import Synchronization

/// Caches of custom resources, which come and go with their definitions.
package final class CustomInformers: Sendable {
    private struct Entry {
        let kind: CustomResourceKind
        let informer: Informer
        /// Finished to end the informer.
        let stop: AsyncStream<Void>.Continuation
    }

    private struct State {
        var entries: [GroupVersionResource: Entry] = [:]
        var listeners: [@Sendable (CustomResourceKind, Informer) -> Void] = []
        var prepare: (@Sendable (Informer) -> Void)?
    }

    private let client: KubeClient
    private let time: any TimeSource
    private let definitions: Informer
    private let state = Mutex(State())
    private let starts: AsyncStream<(Informer, AsyncStream<Void>)>
    private let start: AsyncStream<(Informer, AsyncStream<Void>)>.Continuation

    /// Informers of what `client` reaches; `definitions` follows the CustomResourceDefinitions.
    package init(client: KubeClient, definitions: Informer, time: any TimeSource) {
        self.client = client
        self.definitions = definitions
        self.time = time
        (starts, start) = AsyncStream.makeStream(of: (Informer, AsyncStream<Void>).self)
    }

    /// What is done to each informer before it runs; set it once, before ``run()``.
    func prepare(_ body: @escaping @Sendable (Informer) -> Void) { state.withLock { $0.prepare = body } }

    /// Follows the definitions until the task is cancelled. Call it once.
    package func run() async {
        definitions.addHandler { event in
            switch event {
            case .added(let object), .updated(_, let object): self.follow(object)
            case .deleted(let object): self.drop(uid: object.uid, except: nil)
            }
        }
        await withDiscardingTaskGroup { group in
            for await (informer, stop) in starts {
                group.addTask {
                    await withTaskGroup(of: Void.self) { race in
                        race.addTask { await informer.run() }
                        race.addTask { for await _ in stop {} }
                        await race.next()
                        race.cancelAll()
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// The kinds there are.
    package var kinds: [CustomResourceKind] { state.withLock { $0.entries.values.map(\.kind) } }

    /// The cache of a resource; nil when there is none.
    package func informer(_ resource: GroupVersionResource) -> Informer? { state.withLock { $0.entries[resource]?.informer } }

    /// Calls `handler` for each kind there is and each that comes.
    func onKind(_ handler: @escaping @Sendable (CustomResourceKind, Informer) -> Void) {
        let present = state.withLock { state -> [Entry] in
            state.listeners.append(handler)
            return Array(state.entries.values)
        }
        for entry in present { handler(entry.kind, entry.informer) }
    }

    /// Returns once the definitions are known and every kind among them has its first list, or when the task is cancelled.
    func waitUntilSynced() async {
        await definitions.waitUntilSynced()
        for informer in state.withLock({ $0.entries.values.map(\.informer) }) { await informer.waitUntilSynced() }
    }

    private func follow(_ definition: KubeObject) {
        guard let kind = CustomResourceKind(definition) else { return drop(uid: definition.uid, except: nil) }
        drop(uid: kind.uid, except: kind)
        let (stop, continuation) = AsyncStream.makeStream(of: Void.self)
        let informer = Informer(client: client, resource: kind.resource, time: time)
        let listeners = state.withLock { state -> [@Sendable (CustomResourceKind, Informer) -> Void]? in
            guard state.entries[kind.resource] == nil else { return nil }
            state.entries[kind.resource] = Entry(kind: kind, informer: informer, stop: continuation)
            state.prepare?(informer)
            return state.listeners
        }
        guard let listeners else { return }
        for listener in listeners { listener(kind, informer) }
        start.yield((informer, stop))
    }

    /// Ends the caches of a definition, but for the one that is still right.
    private func drop(uid: String, except kept: CustomResourceKind?) {
        let ended = state.withLock { state -> [Entry] in
            let ended = state.entries.values.filter { $0.kind.uid == uid && $0.kind != kept }
            for entry in ended { state.entries[entry.kind.resource] = nil }
            return ended
        }
        for entry in ended { entry.stop.finish() }
    }
}
