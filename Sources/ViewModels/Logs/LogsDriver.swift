import KubeClient
import LinuxKernel

/// Follows the logs of one or many containers into the pane, in the order of their times.
@MainActor final class LogsDriver {
    /// Containers to follow. An update names all that are wanted; one that was named once stays.
    struct Update: Sendable {
        var targets: [LogTarget] = []
        /// Containers that have not started yet.
        var waiting = 0
        /// A pod of theirs.
        var waitingPod: (namespace: String, name: String)?
    }

    private let model: LogsModel
    private let time: any TimeSource
    private var readers: [LogTarget: LogReader] = [:]

    /// Streams that are open at once.
    static let maximumStreams = 64
    /// Containers of one merge; more are not followed.
    static let maximumSources = 1000

    init(model: LogsModel, time: any TimeSource) {
        self.model = model
        self.time = time
    }

    /// Forgets what was followed: the next ``follow(_:client:window:pod:)`` starts from nothing.
    func reset(_ shown: LogSelection) {
        readers = [:]
        model.show(shown)
    }

    /// Shows logs until the task is cancelled, or no more targets come and nothing more comes of those. `window`: how long a line may wait
    /// for earlier ones of other containers.
    func follow(
        _ updates: AsyncStream<Update>, client: KubeClient, window: Duration, pod: @escaping @MainActor (LogTarget) -> LogPodStatus
    ) async {
        let merger = LogMerger(window: window, time: time)
        let slots = LogSlots(count: Self.maximumStreams)
        let connected = time.now()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.show(merger, since: connected) }
            await withDiscardingTaskGroup { group in
                var known: Set<LogTarget> = []
                for await update in updates {
                    if Task.isCancelled { break }
                    model.waitingPod = update.waitingPod
                    model.waitingCount = update.waiting
                    for target in update.targets where !known.contains(target) {
                        guard let reader = reader(target) else { continue }
                        known.insert(target)
                        group.addTask { await self.run(reader, slots, client, merger, pod) }
                    }
                }
            }
            merger.finish()
        }
    }

    /// The reader of a target, one that was begun before goes on; nil when there are too many.
    private func reader(_ target: LogTarget) -> LogReader? {
        if let known = readers[target] { return known }
        guard readers.count < Self.maximumSources else {
            model.refusedCount += 1
            return nil
        }
        let reader = LogReader(target, source: model.addSource(target), time: time)
        readers[target] = reader
        return reader
    }

    private func run(
        _ reader: LogReader, _ slots: LogSlots, _ client: KubeClient, _ merger: LogMerger, _ pod: @escaping @MainActor (LogTarget) -> LogPodStatus
    ) async {
        if !slots.hasFree {
            model.setState(.waiting("\(slots.count) logs are followed at once: its turn comes when one ends"), of: reader.source)
        }
        guard await slots.acquire() else { return }
        if Task.isCancelled { return slots.release() }
        if case .waiting = model.sources[reader.source].state { model.setState(.loading, of: reader.source) }
        await reader.run(client, merger, pod)
        slots.release()
    }

    private func show(_ merger: LogMerger, since connected: Timestamp) async {
        while let batch = await merger.next() {
            // Another log may be shown by now.
            if Task.isCancelled { return }
            for chunk in batch.chunks { model.append(chunk) }
            for (source, state) in batch.states { model.setState(state, of: source) }
            await model.waitForDisk()
            if Task.isCancelled { return }
            guard let last = batch.chunks.last, let newest = last.timestamp(last.count - 1), newest >= connected else { continue }
            // Lines from before this connection say nothing about how far behind it is.
            model.lag = model.state == .live ? max(.zero, time.now() - newest) : nil
        }
    }
}
