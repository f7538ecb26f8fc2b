import ContainerRuntime
import KubeSchemas
import Synchronization

/// What a pod worker is told from outside: the newest of each kind, and one wake-up for all of it.
final class PodInbox: Sendable {
    /// A probe's try that ended.
    struct ProbeResult: Sendable {
        let container: String
        /// The instance it was made on.
        let instance: String
        let kind: ProbeKind
        let outcome: ProbeOutcome
    }

    /// A lifecycle hook that ended.
    struct HookResult: Sendable {
        let container: String
        let instance: String
        let isPostStart: Bool
        /// Why it failed; nil when it did not.
        let failure: String?
    }

    /// Everything that came since the last look.
    struct Contents: Sendable {
        /// The newest version of the pod; nil when it has not changed.
        var pod: Pod?
        /// Containers of the pod that ended.
        var exits: [(id: String, record: ExitRecord)] = []
        var probes: [ProbeResult] = []
        var hooks: [HookResult] = []
        /// A ConfigMap or Secret that the pod uses came, changed or went.
        var objectsChanged = false
        /// How long it took to count what the pod takes of the disk, when that has been done.
        var storageCounted: Duration?
        /// Why the node ends the pod: it is short of something, or the pod takes more than it may.
        var eviction: String?
        /// The pod is gone from the API server.
        var isGone = false
        /// Images came or went.
        var imagesChanged = false
        /// The node goes down: stop everything within this time and write nothing.
        var shutdown: Duration?
    }

    private let contents = Mutex(Contents())
    private let wake: AsyncStream<Void>.Continuation
    /// Yields after anything was put in; several changes may share one element.
    let wakeUps: AsyncStream<Void>

    init() {
        (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Puts something in and wakes the worker.
    func put(_ change: (inout Contents) -> Void) {
        contents.withLock { change(&$0) }
        wake.yield()
    }

    /// Wakes the worker without news, for a timer.
    func poke() {
        wake.yield()
    }

    /// Takes everything out.
    func take() -> Contents {
        contents.withLock { contents in
            defer {
                let isGone = contents.isGone
                let shutdown = contents.shutdown
                contents = Contents()
                contents.isGone = isGone
                contents.shutdown = shutdown
            }
            return contents
        }
    }
}
