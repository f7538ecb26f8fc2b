import APIMachinery
import KubeClient
import LinuxKernel

/// What must be known about a container besides its log.
struct LogPodStatus: Sendable, Hashable {
    enum State: Sendable, Hashable {
        case gone
        /// The container has ended for good; in words.
        case ended(String)
        /// It has ended and will start again; in words.
        case pausing(String)
        /// It runs, or will.
        case alive
    }
    var state: State
    /// How often the container was started again.
    var restarts: Int64 = 0
    /// How the instance before the present one ended, in words.
    var lastEnding: String?

    static let gone = LogPodStatus(state: .gone)
    static let alive = LogPodStatus(state: .alive)
}

/// Follows one container's log into a merger and takes the stream up again when it ends.
@MainActor final class LogReader {
    let target: LogTarget
    let source: Int
    private let time: any TimeSource
    private var cursor: LogCursor
    private var restarts: Int64?
    /// Whether nothing more can come of it.
    private(set) var isOver = false

    init(_ target: LogTarget, source: Int, time: any TimeSource) {
        self.target = target
        self.source = source
        self.time = time
        cursor = LogCursor(source: UInt16(source))
    }

    /// Reads until the task is cancelled or nothing more can come; how it ends is reported to the merger, where its source is open. `room`
    /// tells when that takes more. Run again, it goes on where it stopped.
    func run(
        _ client: KubeClient, _ merger: LogMerger, room: AsyncStream<Void>, _ pod: @escaping @MainActor (LogTarget) -> LogPodStatus
    ) async {
        var backoff = Backoff(first: .milliseconds(200), maximum: .seconds(5))
        var isAfterFailure = false
        while !Task.isCancelled {
            restarts = restarts ?? pod(target).restarts
            cursor.resume(isAfterFailure: isAfterFailure)
            let separator: @MainActor @Sendable () -> String? = { [weak self] in self?.separator(pod) }
            let lane = Lane(merger: merger, source: source, room: room, time: time)
            let outcome = await Self.read(request, client, cursor, lane, separator)
            cursor = outcome.cursor
            if Task.isCancelled { return }
            if outcome.hasLines { backoff.reset() }
            let status = pod(target).state
            if let end = ending(status, outcome.failure) {
                isOver = true
                if let rest = cursor.finish() { _ = merger.push(source, rest, isCurrent: false) }
                return merger.report(source, end, isOver: true)
            }
            isAfterFailure = outcome.failure != nil
            if let failure = outcome.failure {
                // Kubernetes answers so as long as no container has started.
                let isWaiting = status == .alive && failure.code == 400
                merger.report(source, isWaiting ? .waiting(Self.reason(failure)) : .failed(Self.reason(failure)), isOver: false)
            } else if case .pausing(let how) = status {
                merger.report(source, .ended(how), isOver: false)
            }
            do { try await time.sleep(for: backoff.next()) } catch { return }
        }
    }

    /// How it ends, or nil to try again.
    private func ending(_ pod: LogPodStatus.State, _ failure: APIStatus?) -> LogState? {
        if target.isOlder {
            // A missing previous instance does not appear by waiting.
            guard let failure else { return .ended(target.instance.map { "instance \($0)" } ?? "previous instance") }
            return .failed(target.instance == nil && failure.code == 400 ? "there was no instance before this one (p goes back)" : Self.reason(failure))
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

    /// What stands between the lines of one instance and of the next; nil when the instance is the same.
    private func separator(_ pod: @MainActor (LogTarget) -> LogPodStatus) -> String? {
        let status = pod(target)
        guard !target.isOlder, let known = restarts, status.restarts > known else { return nil }
        restarts = status.restarts
        let count = status.restarts == 1 ? "1 restart" : "\(status.restarts) restarts"
        return "\(target.container) started again after \(status.lastEnding ?? "it ended"), \(count)"
    }

    private var request: LogRequest {
        var request = LogRequest(
            namespace: target.namespace, pod: target.pod, podUID: target.podUID, container: target.container,
            follow: !target.isOlder && !target.isGone, previous: target.isPrevious, timestamps: true, isMarked: true,
            isDeleted: target.isGone)
        request.sinceTime = cursor.newest
        request.instance = target.instance
        return request
    }
}

extension LogReader {
    private struct Outcome: Sendable {
        var cursor: LogCursor
        var hasLines = false
        var failure: APIStatus?
    }

    /// Where a reader's lines go.
    private struct Lane: Sendable {
        let merger: LogMerger
        let source: Int
        let room: AsyncStream<Void>
        let time: any TimeSource

        /// Gives lines away and waits until there is room for more.
        func push(_ chunk: LogChunk?, isCurrent: Bool) async {
            if merger.push(source, chunk, isCurrent: isCurrent) { return }
            var iterator = room.makeAsyncIterator()
            await iterator.next()
        }
    }

    /// The most bytes that are cut into lines at once.
    nonisolated private static let batchSize = 1 << 20

    /// Reads one connection to its end, off the main actor.
    @concurrent nonisolated private static func read(
        _ request: LogRequest, _ client: KubeClient, _ cursor: LogCursor, _ lane: Lane, _ separator: @escaping @MainActor @Sendable () -> String?
    ) async -> Outcome {
        var outcome = Outcome(cursor: cursor)
        let source: any ByteSource
        do throws(APIStatus) {
            source = try await client.logs(request)
        } catch {
            outcome.failure = error
            return outcome
        }
        defer { source.cancel() }
        let isResumed = cursor.newest != nil
        while !Task.isCancelled {
            let (bytes, end) = await gather(source, lane)
            let chunk = bytes.isEmpty ? nil : outcome.cursor.take(bytes)
            if let chunk {
                if isResumed, !outcome.hasLines { await announce(chunk, outcome.cursor, lane, separator) }
                outcome.hasLines = true
            }
            switch end {
            case .pending:
                await lane.push(chunk, isCurrent: true)
                if let line = outcome.cursor.unfinished { lane.merger.note(lane.source, unfinished: line) }
            case .bytes: await lane.push(chunk, isCurrent: false)
            case .end:
                await lane.push(chunk, isCurrent: false)
                // What was given up may have broken off within a line.
                if !Task.isCancelled, let rest = outcome.cursor.finish() { await lane.push(rest, isCurrent: false) }
                return outcome
            case .failed(let status):
                // The line that broke off comes whole with the next connection.
                await lane.push(chunk, isCurrent: false)
                outcome.failure = status
                return outcome
            }
        }
        return outcome
    }

    /// Says before the first new lines of a later connection what lies between them and those before.
    nonisolated private static func announce(
        _ chunk: LogChunk, _ cursor: LogCursor, _ lane: Lane, _ separator: @escaping @MainActor @Sendable () -> String?
    ) async {
        guard let first = chunk.timestamp(0) else { return }
        if let gap = cursor.gap, first == gap.to {
            let text = "lines between \(clock(gap.from)) and \(clock(gap.to)) may be missing"
            await lane.push(LogChunk(gap: text, at: first, source: cursor.source), isCurrent: false)
        }
        guard let text = await separator() else { return }
        await lane.push(LogChunk(gap: text, at: first, source: cursor.source), isCurrent: false)
    }

    nonisolated private static func clock(_ time: Timestamp) -> Substring { time.rfc3339.dropFirst(11).prefix(8) }

    /// What is there; waits when there is nothing, after saying so. The second is what comes after the bytes.
    nonisolated private static func gather(_ source: any ByteSource, _ lane: Lane) async -> ([UInt8], BytePoll) {
        var bytes: [UInt8] = []
        while bytes.count < batchSize {
            switch source.poll(maximum: batchSize - bytes.count) {
            case .bytes(let more):
                if bytes.isEmpty { bytes = more } else { bytes += more }
            case .pending where bytes.isEmpty:
                await lane.push(nil, isCurrent: true)
                do throws(APIStatus) {
                    guard let more = try await source.next(maximum: batchSize) else { return ([], .end) }
                    bytes = more
                } catch {
                    return ([], .failed(error))
                }
            case let end: return (bytes, end)
            }
        }
        return (bytes, .bytes([]))
    }
}
