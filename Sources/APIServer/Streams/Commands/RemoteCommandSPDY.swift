internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import NIOCore

/// One exec or attach session over SPDY: a stream each for input, output, errors, the terminal's size and the end.
/// Source: cri-streaming `remotecommand/httpstream.go`.
final class RemoteCommandSPDY: SPDYApplication, OutputSink, @unchecked Sendable {
    // Safe because its state is touched on its event loop only.
    /// How long a client may take to open its streams. Source: cri-streaming `remotecommand/constants.go` DefaultStreamCreationTimeout.
    static let creationTimeout: TimeAmount = .seconds(30)
    /// How long a client may take to close after the end.
    static let closePatience: TimeAmount = .seconds(10)
    /// What of a terminal's sizes may wait for its end.
    private static let largestSize = 4 << 10
    /// Streams of outputs that the client does not want; what comes there is dropped.
    private static let dropped: (output: UInt32, errors: UInt32) = (0, 2)

    private let session: any StreamSession
    private let options: RemoteCommandOptions
    private let version: RemoteCommandProtocol
    private let service: any HTTPService
    private let input = InputQueue()
    private weak var connection: SPDYHandler?
    private var pump: OutputPump?
    private var gate: ReadGate?
    /// The stream of each kind.
    private var streams: [String: UInt32] = [:]
    private var sizes: [UInt8] = []
    private var openOutputs: Int
    private var unacknowledged = 0
    private var result: APIStatus?
    private var isOver = false

    init(_ session: any StreamSession, _ options: RemoteCommandOptions, _ version: RemoteCommandProtocol, service: any HTTPService) {
        self.session = session
        self.options = options
        self.version = version
        self.service = service
        openOutputs = session.errorOutput == nil ? 1 : 2
    }

    func start(_ connection: SPDYHandler) {
        guard let channel = connection.channel else { return }
        self.connection = connection
        gate = ReadGate(channel)
        let pump = OutputPump(channel: channel, sink: self)
        self.pump = pump
        if !options.stdout { pump.add(session.output, as: Self.dropped.output) }
        if !options.stderr, let errors = session.errorOutput { pump.add(errors, as: Self.dropped.errors) }
        let loop = channel.eventLoop
        loop.scheduleTask(in: Self.creationTimeout) { [weak self] in self?.closeIfIncomplete() }
        let (session, input) = (session, input)
        service.perform { await input.feed(session) }
        service.perform { [weak self] in
            let status = await session.result()
            guard let self else { return }
            loop.execute {
                self.result = status
                self.finishIfComplete()
            }
        }
    }

    /// The kinds of stream the client must open.
    private var expected: [String] {
        ["error"] + (options.stdin ? ["stdin"] : []) + (options.stdout ? ["stdout"] : []) + (options.stderr ? ["stderr"] : [])
            + (wantsSizes ? ["resize"] : [])
    }

    private var wantsSizes: Bool { options.tty && version != .v1 && version != .v2 }

    private func closeIfIncomplete() {
        if !isOver, expected.contains(where: { streams[$0] == nil }) { connection?.close() }
    }

    // MARK: From the client

    func opened(_ stream: UInt32, _ headers: SPDYHeaders) {
        guard let connection else { return }
        let kind = headers["streamtype"] ?? ""
        guard expected.contains(kind), streams[kind] == nil else { return connection.reset(stream, .refused) }
        streams[kind] = stream
        connection.reply(stream)
        if expected.allSatisfy({ streams[$0] != nil }) { beginOutput() }
    }

    /// Clients read nothing of a stream before they have opened all of them: output that came earlier could fill their queues,
    /// and they would never see the reply to the next stream.
    private func beginOutput() {
        if let stream = streams["stdout"] { pump?.add(session.output, as: stream) }
        if let stream = streams["stderr"], let errors = session.errorOutput { pump?.add(errors, as: stream) }
        finishIfComplete()
    }

    func received(_ bytes: [UInt8], on stream: UInt32) {
        if stream == streams["stdin"] {
            forward(.bytes(bytes), count: bytes.count, stream)
        } else {
            if stream == streams["resize"] { resize(bytes) }
            connection?.acknowledge(stream, bytes.count)
        }
    }

    private func forward(_ item: InputQueue.Item, count: Int, _ stream: UInt32) {
        guard let loop = connection?.channel?.eventLoop else { return }
        unacknowledged += count
        let isWelcome = input.add(item) { [weak self] in
            guard let self else { return }
            loop.execute { self.inputDrained(stream) }
        }
        if isWelcome { inputDrained(stream) } else { gate?.close(stream) }
    }

    private func inputDrained(_ stream: UInt32) {
        connection?.acknowledge(stream, unacknowledged)
        connection?.flush()
        unacknowledged = 0
        gate?.open(stream)
    }

    /// Sizes are JSON objects one after the other, without anything between them.
    private func resize(_ bytes: [UInt8]) {
        sizes += bytes
        while let end = sizes.firstIndex(of: UInt8(ascii: "}")) {
            if let size = TerminalSize.parse(Array(sizes[...end])) { session.resize(columns: size.columns, rows: size.rows) }
            sizes.removeSubrange(...end)
        }
        if sizes.count > Self.largestSize { sizes = [] }
    }

    func ended(_ stream: UInt32) {
        if stream == streams["stdin"] { forward(.end, count: 0, stream) }
    }

    func wasReset(_ stream: UInt32) {
        guard let kind = streams.first(where: { $0.value == stream })?.key else { return }
        switch kind {
        case "stdin": forward(.end, count: 0, stream)
        case "error": connection?.close()
        default: break  // What a program says to a stream that nobody reads is dropped.
        }
    }

    func roomAppeared() { pump?.run() }

    func stop() {
        guard !isOver else { return }
        isOver = true
        input.finish()
        pump?.removeAll()
        session.cancel()
    }

    // MARK: To the client

    func room(_ stream: UInt32) -> Int { connection?.room(stream) ?? .max }
    func send(_ bytes: [UInt8], on stream: UInt32) { connection?.send(bytes, on: stream) }
    func flushOutput() { connection?.flush() }

    func outputEnded(_ stream: UInt32, failure: APIStatus?) {
        connection?.finish(stream)
        openOutputs -= 1
        finishIfComplete()
    }

    /// Once all output is through and the client listens, reports how the process ended.
    private func finishIfComplete() {
        guard openOutputs == 0, let result, let error = streams["error"], !isOver, let connection else { return }
        connection.send(version.report(result), on: error)
        for stream in streams.values { connection.finish(stream) }
        connection.flush()
        connection.closeAfterClient(within: Self.closePatience)
    }
}

extension RemoteCommandProtocol {
    /// What the error channel says about an end; empty for a success in the old protocols.
    func report(_ result: APIStatus) -> [UInt8] {
        if reportsStatus { return JSON.encode(result.value) }
        return result.isFailure ? Array(result.message.utf8) : []
    }
}
