import APIMachinery
package import KubeClient
package import LinuxKernel
package import Logging
import Synchronization

/// Feeds one controller from informers and makes the changes it wants.
package final class ControllerRunner: Sendable {
    private let controller: any Controller
    private let caches: InformerCaches
    private let writer: ChangeWriter
    private let queue: WorkQueue<ObjectName>
    private let time: any TimeSource
    private let logger: Logger
    private let failures = Mutex(FailureReports())
    private let progress = Mutex<[ObjectName: KeyProgress]>([:])

    /// A runner for a controller, which writes through `client` and keeps volumes in `storage`.
    package init(
        _ controller: any Controller, caches: InformerCaches, client: KubeClient, storage: VolumeStorage = .none, time: any TimeSource, logger: Logger
    ) {
        self.controller = controller
        self.caches = caches
        self.time = time
        self.logger = logger
        writer = ChangeWriter(controller: controller.name, client: client, storage: storage, time: time, logger: logger)
        queue = WorkQueue(time: time)
    }

    /// Works until the task is cancelled. Call it once.
    package func run(workers: Int = 4) async {
        for resource in Set(controller.watched) {
            caches.informer(resource)?.addHandler { self.changed(resource, $0) }
        }
        if controller.watchesCustomResources {
            caches.onCustomKind { kind, informer in informer.addHandler { self.changed(kind.resource, $0) } }
        }
        // A controller that sees half of the cluster would make the other half again.
        await caches.waitUntilSynced()
        if controller.watchesCustomResources { await caches.waitUntilCustomResourcesSynced() }
        guard !Task.isCancelled else { return }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.writer.writeEvents() }
            await queue.run(workers: workers) { await self.work($0) }
            group.cancelAll()
        }
    }

    private func changed(_ resource: GroupVersionResource, _ event: InformerEvent) {
        switch event {
        case .added(let object): enqueue(resource, object, isGone: false)
        case .deleted(let object): enqueue(resource, object, isGone: true)
        case .updated(let old, let new):
            enqueue(resource, new, isGone: false)
            // Whoever owned the object before must notice that it does no more.
            if old.ownerReferences != new.ownerReferences || old.labels != new.labels { enqueue(resource, old, isGone: false) }
        }
    }

    private func enqueue(_ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool) {
        for key in controller.keys(resource, object, isGone: isGone, caches) { queue.add(key) }
    }

    /// Says what failed: aloud unless it is the way of the world (somebody was faster, or something is not gone yet).
    private func report(_ failure: APIStatus, _ key: ObjectName, isExpected: Bool) {
        var metadata: Logger.Metadata = ["controller": "\(controller.name)", "key": "\(key)", "error": "\(failure.message)"]
        let isUsual = isExpected || [.conflict, .alreadyExists, .notFound].contains(failure.reason)
        let now = time.monotonic()
        guard !isUsual, let unsaid = failures.withLock({ $0.report(at: now) }) else {
            logger.debug("reconcile failed", metadata: metadata)
            return
        }
        if unsaid > 0 { metadata["unsaid"] = "\(unsaid)" }
        logger.warning("reconcile failed", metadata: metadata)
    }

    private func keep(_ state: KeyProgress, of key: ObjectName) {
        let kept = state.isEmpty ? nil : state
        progress.withLock { $0[key] = kept }
    }

    /// Writes what the controller has to say of a failure; what fails of that is said after the next one.
    private func tell(_ failures: [APIStatus], of key: ObjectName, _ view: any Caches, _ state: KeyProgress) async {
        var state = state
        state.add(await writer.write(controller.report(failures, of: key, view, now: time.now()).changes))
        keep(state, of: key)
    }

    private func work(_ key: ObjectName) async -> WorkOutcome {
        var state = progress.withLock { $0[key] } ?? KeyProgress()
        for (resource, revision) in state.revisions { await caches.waitUntil(resource, revision: revision) }
        guard !Task.isCancelled else { return .done }
        state.caughtUp(caches)
        let view = CachesWithout(base: caches, hidden: state.hidden, refusal: state.refusal)
        let wanted = controller.reconcile(key, view, now: time.now())
        let written = await writer.write(wanted.changes)
        state.add(written)
        state.refusal = written.refusal
        keep(state, of: key)
        if let failure = written.failure {
            if !written.isWaiting { await tell(written.failures, of: key, view, state) }
            report(failure, key, isExpected: written.isWaiting)
            return .failed
        }
        return wanted.again.map { .again(after: $0) } ?? .done
    }
}
