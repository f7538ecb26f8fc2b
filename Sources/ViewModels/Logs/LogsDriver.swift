import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// Follows one container's log into the pane and takes the stream up again when it ends.
@MainActor final class LogsDriver {
    /// What the driver must know about the pod besides its log.
    enum PodState: Sendable, Hashable {
        case gone
        /// The container has ended for good; in words.
        case ended(String)
        /// It has ended and will start again; in words.
        case pausing(String)
        /// It runs, or will.
        case alive
    }

    private let model: LogsModel
    private let time: any TimeSource
    private var cursor = LogCursor()

    init(model: LogsModel, time: any TimeSource) {
        self.model = model
        self.time = time
    }

    /// Shows a log until the task is cancelled or nothing more can come. `isResuming` goes on where an earlier connection to the same
    /// log stopped.
    func follow(_ target: LogTarget, client: KubeClient, isResuming: Bool = false, podState: @MainActor () -> PodState) async {
        if !isResuming || model.target != target {
            cursor = LogCursor()
            model.clear()
            model.target = target
            model.state = .loading
        }
        var backoff = Backoff(first: .milliseconds(200), maximum: .seconds(5))
        var failure: APIStatus?
        while !Task.isCancelled {
            let isAfterFailure = failure != nil
            failure = nil
            let before = model.endLine
            do throws(APIStatus) {
                try await read(target, client, isAfterFailure: isAfterFailure)
            } catch {
                failure = error
            }
            if Task.isCancelled { return }
            if model.endLine > before { backoff.reset() }
            model.lag = nil
            let pod = podState()
            if let end = ending(target, pod, failure) {
                model.state = end
                return
            }
            if let failure {
                // Kubernetes answers so as long as no container has started.
                model.state = pod == .alive && failure.code == 400 ? .waiting(Self.reason(failure)) : .failed(Self.reason(failure))
            } else if case .pausing(let how) = pod {
                model.state = .ended(how)
            }
            do { try await time.sleep(for: backoff.next()) } catch { return }
        }
    }

    /// How it ends, or nil to try again.
    private func ending(_ target: LogTarget, _ pod: PodState, _ failure: APIStatus?) -> LogState? {
        if target.isPrevious {
            // A missing previous instance does not appear by waiting.
            guard let failure else { return .ended("previous instance") }
            return .failed(failure.code == 400 ? "there was no instance before this one (p goes back)" : Self.reason(failure))
        }
        switch pod {
        case .gone:
            // What was shown stays; what was asked for after the deletion is there or is not.
            return failure.flatMap { target.isGone ? .failed($0.code == 404 ? "nothing is kept of it" : Self.reason($0)) : nil }
                ?? .ended("the pod was deleted")
        case .ended(let how): return failure.map { .failed(Self.reason($0)) } ?? .ended(how)
        case .pausing, .alive: return nil
        }
    }

    private static func reason(_ status: APIStatus) -> String {
        var text = status.message
        // "container "app" in pod "web" is waiting to start: ContainerCreating" says it in its last words.
        if let range = text.firstRange(of: "is waiting to start: ") { text = String(text[range.upperBound...]) }
        return text
    }

    private func read(_ target: LogTarget, _ client: KubeClient, isAfterFailure: Bool) async throws(APIStatus) {
        cursor.resume(isAfterFailure: isAfterFailure)
        var request = LogRequest(
            namespace: target.namespace, pod: target.pod, podUID: target.podUID, container: target.container,
            follow: !target.isPrevious && !target.isGone, previous: target.isPrevious, timestamps: true, isMarked: true,
            isDeleted: target.isGone)
        request.sinceTime = cursor.newest
        let connected = time.now()
        let source = try await client.logs(request)
        defer { source.cancel() }
        while true {
            let batch = try await Self.next(source, cursor, isCaughtUp: model.state == .live)
            // Another log may be shown by now, and the cursor is its own.
            if Task.isCancelled { return }
            guard let batch else { break }
            cursor = batch.cursor
            show(batch, since: connected)
        }
        if let rest = cursor.finish() { model.append(rest) }
    }

    private func show(_ batch: Batch, since connected: Timestamp) {
        if let gap = batch.cursor.gap, let chunk = batch.chunk, chunk.timestamp(0) == gap.to {
            let text = "lines between \(Self.clock(gap.from)) and \(Self.clock(gap.to)) may be missing"
            model.append([LogLine(timestamp: gap.to, bytes: [], gap: text)])
        }
        if let chunk = batch.chunk { model.append(chunk) }
        if batch.isCaughtUp { model.state = .live }
        // Lines from before this connection say nothing about how far behind it is.
        if let newest = batch.cursor.newest, newest >= connected { model.lag = max(.zero, time.now() - newest) }
    }

    private static func clock(_ time: Timestamp) -> Substring { time.rfc3339.dropFirst(11).prefix(8) }

    private struct Batch: Sendable {
        var cursor: LogCursor
        var chunk: LogChunk?
        /// Whether nothing more waits.
        var isCaughtUp: Bool
    }

    /// The most bytes of one batch: large enough that a burst costs few hops to the main actor, small enough that a frame is not missed.
    nonisolated private static let batchSize = 1 << 20

    /// Gathers what is there, off the main actor; waits when there is nothing. Nil at the end.
    @concurrent nonisolated private static func next(_ source: any ByteSource, _ cursor: LogCursor, isCaughtUp: Bool)
        async throws(APIStatus) -> Batch?
    {
        var cursor = cursor
        var bytes: [UInt8] = []
        while bytes.count < batchSize {
            switch source.poll(maximum: batchSize - bytes.count) {
            case .bytes(let more):
                if bytes.isEmpty { bytes = more } else { bytes += more }
                continue
            case .pending where bytes.isEmpty:
                // The pane is current: it says so before it waits.
                return isCaughtUp ? try await wait(source, cursor) : Batch(cursor: cursor, chunk: nil, isCaughtUp: true)
            case .end where bytes.isEmpty: return nil
            case .failed(let status) where bytes.isEmpty: throw status
            case .pending:
                let chunk = cursor.take(bytes)
                return Batch(cursor: cursor, chunk: chunk, isCaughtUp: true)
            case .end, .failed:
                let chunk = cursor.take(bytes)
                return Batch(cursor: cursor, chunk: chunk, isCaughtUp: false)
            }
        }
        let chunk = cursor.take(bytes)
        return Batch(cursor: cursor, chunk: chunk, isCaughtUp: false)
    }

    nonisolated private static func wait(_ source: any ByteSource, _ cursor: LogCursor) async throws(APIStatus) -> Batch? {
        var cursor = cursor
        guard let bytes = try await source.next(maximum: batchSize) else { return nil }
        let chunk = cursor.take(bytes)
        return Batch(cursor: cursor, chunk: chunk, isCaughtUp: true)
    }
}
