internal import APIMachinery
internal import KubeClient
internal import NIOCore

/// Where an ``OutputPump`` puts things. Called on the event loop.
protocol OutputSink: AnyObject {
    /// How many bytes of a stream are taken now.
    func room(_ stream: UInt32) -> Int
    func send(_ bytes: [UInt8], on stream: UInt32)
    func flushOutput()
    /// A source is over; `failure` is nil at its proper end.
    func outputEnded(_ stream: UInt32, failure: APIStatus?)
}

/// Moves what sources have to one connection, in turns, no faster than the connection takes it. For use on its event loop.
final class OutputPump: @unchecked Sendable {
    // Safe because its state is touched on its event loop only.
    private static let piece = 32 << 10

    private let channel: any Channel
    private weak var sink: (any OutputSink)?
    private var sources: [UInt32: any ByteSource] = [:]
    /// Streams whose source has something, in the order of their turns.
    private var ready: [UInt32] = []
    /// Streams whose reader has no room.
    private var waiting: Set<UInt32> = []
    private var isRunning = false

    init(channel: any Channel, sink: any OutputSink) {
        self.channel = channel
        self.sink = sink
    }

    /// Begins with one more source.
    func add(_ source: any ByteSource, as stream: UInt32) {
        sources[stream] = source
        ready.append(stream)
        run()
    }

    /// Gives a source up without a word.
    func remove(_ stream: UInt32) {
        waiting.remove(stream)
        ready.removeAll { $0 == stream }
        sources.removeValue(forKey: stream)?.cancel()
    }

    /// Gives all sources up.
    func removeAll() {
        let all = sources.values
        sources = [:]
        ready = []
        waiting = []
        for source in all { source.cancel() }
    }

    /// Goes on after the connection or a stream had no room.
    func run() {
        guard !isRunning else { return }
        isRunning = true
        defer { isRunning = false }
        if !waiting.isEmpty {
            let roomy = waiting.filter { (sink?.room($0) ?? 0) > 0 }
            waiting.subtract(roomy)
            ready += roomy
        }
        while channel.isWritable, !ready.isEmpty, let sink {
            let stream = ready.removeFirst()
            guard let source = sources[stream] else { continue }
            let room = sink.room(stream)
            guard room > 0 else {
                waiting.insert(stream)
                continue
            }
            switch source.poll(maximum: min(room, Self.piece)) {
            case .bytes(let bytes):
                sink.send(bytes, on: stream)
                // At once: TLS holds back what is not flushed, and a connection that shows no load would be given everything.
                sink.flushOutput()
                ready.append(stream)
            case .pending: wait(for: source, stream)
            case .end: end(stream, nil)
            case .failed(let status): end(stream, status)
            }
        }
    }

    private func wait(for source: any ByteSource, _ stream: UInt32) {
        let loop = channel.eventLoop
        source.onReady { [weak self] in
            guard let self else { return }
            loop.execute {
                guard self.sources[stream] === source, !self.ready.contains(stream) else { return }
                self.ready.append(stream)
                self.run()
            }
        }
    }

    private func end(_ stream: UInt32, _ failure: APIStatus?) {
        sources[stream] = nil
        sink?.outputEnded(stream, failure: failure)
        sink?.flushOutput()
    }
}
