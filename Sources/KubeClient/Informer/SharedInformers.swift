package import APIMachinery
package import LinuxKernel
import Synchronization

/// One informer per resource for a whole process, so that ten controllers keep one cache of pods.
package final class SharedInformers: Sendable {
    private struct State {
        var informers: [GroupVersionResource: Informer] = [:]
        var started: AsyncStream<Informer>.Continuation?
        var waiting: [Informer] = []
    }

    /// What they follow.
    package let client: KubeClient
    private let time: any TimeSource
    private let state = Mutex(State())

    /// Informers over all namespaces of what `client` reaches.
    package init(client: KubeClient, time: any TimeSource = SystemTimeSource()) {
        self.client = client
        self.time = time
    }

    /// The informer of a resource; made when first asked for, and run as long as ``run()`` does.
    package func informer(_ resource: GroupVersionResource) -> Informer {
        state.withLock { state in
            if let existing = state.informers[resource] { return existing }
            let informer = Informer(client: client, resource: resource, time: time)
            state.informers[resource] = informer
            if let started = state.started {
                started.yield(informer)
            } else {
                state.waiting.append(informer)
            }
            return informer
        }
    }

    /// Keeps the objects of all informers in less memory, until they are asked for: for a process that has become quiet. Blocking.
    package func shrink() {
        for informer in state.withLock({ Array($0.informers.values) }) { informer.shrink() }
    }

    /// Runs every informer, present and future, until the task is cancelled. Call it once.
    package func run() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Informer.self)
        let waiting = state.withLock { state in
            state.started = continuation
            defer { state.waiting = [] }
            return state.waiting
        }
        for informer in waiting { continuation.yield(informer) }
        await withDiscardingTaskGroup { group in
            for await informer in stream {
                group.addTask { await informer.run() }
            }
            group.cancelAll()
        }
    }

    /// Returns once every informer asked for so far has its first list, or when the task is cancelled.
    package func waitUntilSynced() async {
        for informer in state.withLock({ Array($0.informers.values) }) { await informer.waitUntilSynced() }
    }
}
