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
    /// What puts the lines of the present logs in order, and of the connection before: a line that was read is read no second time.
    private var merger: LogMerger?
    /// One connection after the other: a later one begins where the one before stopped.
    private var turn = LogSlots(count: 1)

    /// Streams that are open at once.
    static let maximumStreams = 64
    /// Containers of one merge that go on; more are not followed.
    static let maximumSources = 1000
    /// Containers of one merge from its begin on: a source's number has 16 bits.
    static let mostEver = 60_000
    /// Wanted, and not followed.
    private var refused: Set<LogTarget> = []

    init(model: LogsModel, time: any TimeSource) {
        self.model = model
        self.time = time
    }

    /// Forgets what was followed: the next ``follow(_:client:window:pod:)`` starts from nothing.
    func reset(_ shown: LogSelection) {
        (readers, refused) = ([:], [])
        merger = nil
        turn = LogSlots(count: 1)
        model.show(shown)
    }

    /// Shows logs until the task is cancelled, or no more targets come and nothing more comes of those. `window`: how long a line may wait
    /// for earlier ones of other containers.
    func follow(
        _ updates: AsyncStream<Update>, client: KubeClient, window: Duration, pod: @escaping @MainActor (LogTarget) -> LogPodStatus
    ) async {
        let turn = turn
        guard await turn.acquire() else { return }
        defer { turn.release() }
        guard !Task.isCancelled else { return }
        let merger = LogMerger(window: window, time: time, after: merger)
        self.merger = merger
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
                        guard let reader = reader(target), !reader.isOver else { continue }
                        known.insert(target)
                        // All are open before the first brings lines: those wait for earlier ones of the others.
                        let room = slots.acquireNow() ? merger.open(reader.source) : nil
                        group.addTask { await self.run(reader, room, slots, client, merger, pod) }
                    }
                }
            }
            merger.finish()
        }
    }

    /// The reader of a target, one that was begun before goes on; nil when there are too many.
    private func reader(_ target: LogTarget) -> LogReader? {
        if let known = readers[target] { return known }
        if target.isPrevious {
            // It ended while it was followed: its lines are there.
            var present = target
            present.isPrevious = false
            guard readers[present] == nil else { return nil }
        }
        guard readers.values.lazy.filter({ !$0.isOver }).count < Self.maximumSources, readers.count < Self.mostEver else {
            if refused.insert(target).inserted { model.refusedCount = refused.count }
            return nil
        }
        if refused.remove(target) != nil { model.refusedCount = refused.count }
        let reader = LogReader(target, source: model.addSource(target), time: time)
        readers[target] = reader
        return reader
    }

    /// `room`: of a source that has a slot and is open; the others wait for one.
    private func run(
        _ reader: LogReader, _ room: AsyncStream<Void>?, _ slots: LogSlots, _ client: KubeClient, _ merger: LogMerger,
        _ pod: @escaping @MainActor (LogTarget) -> LogPodStatus
    ) async {
        if room == nil {
            model.setState(.waiting("\(slots.count) logs are followed at once: its turn comes when one ends"), of: reader.source)
            guard await slots.acquire() else { return }
        }
        defer { slots.release() }
        if Task.isCancelled { return }
        if case .waiting = model.sources[reader.source].state { model.setState(.loading, of: reader.source) }
        await reader.run(client, merger, room: room ?? merger.open(reader.source), pod)
    }

    /// What a merge tells of a source: an earlier instance of which nothing is kept is no failure there.
    private func told(_ state: LogState, of source: Int) -> LogState {
        guard case .failed = state, model.merge != nil, model.sources[source].target.isPrevious else { return state }
        return .ended("nothing is kept of the instance before")
    }

    private func show(_ merger: LogMerger, since connected: Timestamp) async {
        while let batch = await merger.next() {
            // Another log may be shown by now. What was taken of the same one is shown even when its connection is given up.
            guard merger === self.merger else { return }
            for chunk in batch.chunks { model.append(chunk) }
            if model.merge == nil, let line = batch.unfinished.last?.line { model.unfinished = line }
            for (source, state) in batch.states { model.setState(told(state, of: source), of: source) }
            await model.waitForDisk()
            if Task.isCancelled { return }
            guard let last = batch.chunks.last, let newest = last.timestamp(last.count - 1), newest >= connected else { continue }
            // Lines from before this connection say nothing about how far behind it is.
            model.lag = model.state == .live ? max(.zero, time.now() - newest) : nil
        }
    }
}
