import LinuxKernel
import Synchronization

/// Puts the lines of several sources into the order of their times.
///
/// A line goes on as soon as no other source can bring an earlier one: each has a later line waiting, is over, or was silent for the window
/// since the line came. A source that still reads what is stored is waited for longer, so that histories merge exactly; one that brings
/// nothing for ``patience`` holds nobody up. What waits of one source is bounded: its reader pauses, and so does its server.
final class LogMerger: Sendable {
    /// What goes on: lines in order, then how their sources stand.
    struct Batch: Sendable {
        var chunks: [LogChunk] = []
        var states: [(source: Int, state: LogState)] = []
        /// What the last line of a source is as far as it came.
        var unfinished: [(source: Int, line: LogLine)] = []
        var isEmpty: Bool { chunks.isEmpty && states.isEmpty && unfinished.isEmpty }
    }

    private struct Piece {
        var chunk: LogChunk
        var next = 0
        let arrival: Duration
    }

    private struct Lane {
        var pieces: [Piece] = []
        var size = 0
        /// Whether everything stored was read: from then on lines come as they are written.
        var isCurrent = false
        var isOpen = false
        var lastPush = Duration.zero
        /// The time of the first waiting line; lines without one belong to the line before them.
        var head = Timestamp(seconds: .min)
        /// Told once the waiting lines have gone on.
        var state: LogState?
        /// Told then, too.
        var unfinished: LogLine?
        var room: AsyncStream<Void>.Continuation
    }

    private struct State {
        var lanes: [Int: Lane] = [:]
        var isFinished = false
    }

    private enum Step {
        case batch(Batch)
        case pause(Duration)
        case idle
        case finished
    }

    /// Bytes of one source that may wait.
    static let laneLimit = 4 << 20
    /// Bytes that go on at once: few hops to the main actor in a burst, and no frame is missed.
    static let batchSize = 1 << 20
    /// How long a source that has not read everything yet is waited for.
    static let patience = Duration.seconds(2)

    private let window: Duration
    private let time: any TimeSource
    private let state: Mutex<State>
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// `window`: how long after its arrival a line may wait for earlier ones of sources that are current. `previous`: a merger that nobody
    /// reads or fills any more; what waits there goes on here.
    init(window: Duration, time: any TimeSource, after previous: LogMerger? = nil) {
        self.window = window
        self.time = time
        state = Mutex(State(lanes: previous?.leave() ?? [:]))
        (wake, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: - Sources

    /// Adds a source; others wait for its lines from now on. The stream tells when there is room for more after ``push(_:_:isCurrent:)``
    /// said there is none.
    func open(_ source: Int) -> AsyncStream<Void> {
        let (stream, room) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let now = time.monotonic()
        state.withLock { state in
            var lane = state.lanes[source] ?? Lane(room: room)
            lane.room = room
            lane.isOpen = true
            lane.lastPush = now
            state.lanes[source] = lane
        }
        return stream
    }

    /// Adds lines of a source. `isCurrent`: nothing more of it waits to be read. Returns whether there is room for more at once.
    func push(_ source: Int, _ chunk: LogChunk?, isCurrent: Bool) -> Bool {
        let now = time.monotonic()
        let hasRoom = state.withLock { state -> Bool in
            guard var lane = state.lanes.removeValue(forKey: source) else { return true }
            defer { state.lanes[source] = lane }
            lane.lastPush = now
            if isCurrent, !lane.isCurrent { lane.state = .live }
            lane.isCurrent = isCurrent || lane.isCurrent
            if let chunk, chunk.count > 0 {
                lane.unfinished = nil
                lane.pieces.append(Piece(chunk: chunk, arrival: now))
                lane.size += chunk.bytes.count
                if lane.pieces.count == 1 { lane.head = chunk.timestamp(0) ?? lane.head }
            }
            return lane.size < Self.laneLimit
        }
        waker.yield()
        return hasRoom
    }

    /// Says what a source's last line is so far, once those before it have gone on.
    func note(_ source: Int, unfinished line: LogLine) {
        state.withLock { $0.lanes[source]?.unfinished = line }
        waker.yield()
    }

    /// Says how a source stands, once its lines have gone on. `isOver`: nobody waits for it any more.
    func report(_ source: Int, _ new: LogState, isOver: Bool) {
        state.withLock { state in
            state.lanes[source]?.state = new
            state.lanes[source]?.isCurrent = false
            if isOver { state.lanes[source]?.isOpen = false }
        }
        waker.yield()
    }

    /// What waits, for a merger that comes after this one.
    private func leave() -> [Int: Lane] {
        state.withLock { state in
            defer { state.lanes = [:] }
            return state.lanes.mapValues { lane in
                var lane = lane
                lane.isCurrent = false
                lane.isOpen = false
                lane.state = nil
                return lane
            }
        }
    }

    /// Nothing more will come of any source.
    func finish() {
        state.withLock { $0.isFinished = true }
        waker.yield()
    }

    // MARK: - Order

    /// What may go on now; waits until something may. Nil when everything is over or the task is cancelled.
    @concurrent func next() async -> Batch? {
        while !Task.isCancelled {
            switch step() {
            case .batch(let batch): return batch
            case .finished: return nil
            case .pause(let pause): do { try await time.sleep(for: min(pause, Self.longestPause)) } catch { return nil }
            case .idle:
                var iterator = wake.makeAsyncIterator()
                await iterator.next()
            }
        }
        return nil
    }

    private static let longestPause = Duration.milliseconds(20)

    private func step() -> Step {
        let now = time.monotonic()
        return state.withLock { state in
            var batch = Batch()
            var size = 0
            var pause: Duration?
            while size < Self.batchSize {
                guard let source = Self.earliest(state.lanes) else { break }
                if let blocked = blocked(source, state.lanes), blocked > now {
                    pause = blocked - now
                    break
                }
                size += Self.take(source, &state, into: &batch)
            }
            for source in state.lanes.keys.sorted() where state.lanes[source]?.pieces.isEmpty == true {
                if let line = state.lanes[source]?.unfinished {
                    batch.unfinished.append((source, line))
                    state.lanes[source]?.unfinished = nil
                }
                guard let told = state.lanes[source]?.state else { continue }
                batch.states.append((source, told))
                state.lanes[source]?.state = nil
            }
            if !batch.isEmpty { return .batch(batch) }
            if let pause { return .pause(pause) }
            return state.isFinished ? .finished : .idle
        }
    }

    /// The source whose first waiting line is the earliest; of equals the first.
    private static func earliest(_ lanes: [Int: Lane]) -> Int? {
        var best: (source: Int, time: Timestamp)?
        for (source, lane) in lanes where !lane.pieces.isEmpty {
            guard let known = best, (known.time, known.source) <= (lane.head, source) else {
                best = (source, lane.head)
                continue
            }
        }
        return best?.source
    }

    /// Until when the first line of a source waits for others that have none; nil for nobody.
    private func blocked(_ source: Int, _ lanes: [Int: Lane]) -> Duration? {
        let arrival = lanes[source]?.pieces.first?.arrival ?? .zero
        var until: Duration?
        for (other, lane) in lanes where other != source && lane.isOpen && lane.pieces.isEmpty {
            let end = lane.isCurrent ? arrival + window : lane.lastPush + Self.patience
            until = max(until ?? end, end)
        }
        return until
    }

    /// Moves the first piece of a source on, as far as it is earlier than what waits of the others. Returns its size.
    private static func take(_ source: Int, _ state: inout State, into batch: inout Batch) -> Int {
        var bound: (time: Timestamp, source: Int)?
        for (other, lane) in state.lanes where other != source && !lane.pieces.isEmpty {
            if bound.map({ (lane.head, other) < ($0.time, $0.source) }) ?? true { bound = (lane.head, other) }
        }
        guard var lane = state.lanes.removeValue(forKey: source) else { return 0 }
        defer { state.lanes[source] = lane }
        var piece = lane.pieces[0]
        let start = piece.next
        let end = Self.end(of: piece.chunk, from: start, before: bound, source)
        let size = add(start..<end, of: piece.chunk, to: &batch)
        piece.next = end
        if end < piece.chunk.count {
            lane.pieces[0] = piece
            lane.head = piece.chunk.timestamp(end) ?? lane.head
        } else {
            lane.pieces.removeFirst()
            lane.size -= piece.chunk.bytes.count
            if let next = lane.pieces.first { lane.head = next.chunk.timestamp(next.next) ?? lane.head }
            if lane.size < laneLimit { lane.room.yield() }
        }
        return size
    }

    /// One past the last line that comes before `bound`.
    private static func end(of chunk: LogChunk, from start: Int, before bound: (time: Timestamp, source: Int)?, _ source: Int) -> Int {
        guard let bound else { return chunk.count }
        func isBefore(_ time: Timestamp) -> Bool { (time, source) < (bound.time, bound.source) }
        if let last = chunk.timestamp(chunk.count - 1), isBefore(last) { return chunk.count }
        var end = start + 1
        while end < chunk.count, chunk.timestamp(end).map(isBefore) ?? true { end += 1 }
        return end
    }

    /// Adds lines to what goes on: whole chunks as they are, parts as copies.
    private static func add(_ lines: Range<Int>, of chunk: LogChunk, to batch: inout Batch) -> Int {
        let isWhole = lines.count == chunk.count
        if let last = batch.chunks.last, last.form == chunk.form, last.bytes.count < LogChunk.mergeSize {
            var open = batch.chunks.removeLast()
            let before = open.bytes.count
            open.append(lines, of: chunk)
            batch.chunks.append(open)
            return open.bytes.count - before
        }
        let part = isWhole ? chunk : LogChunk(lines, of: chunk)
        batch.chunks.append(part)
        return part.bytes.count
    }
}
