internal import APIMachinery
internal import KubeClient
internal import NIOCore

/// Port-forwarding over SPDY: any number of connections, each a stream for its data and one for what goes wrong.
/// Source: cri-streaming `portforward/httpstream.go`.
final class PortForwardSPDY: SPDYApplication, OutputSink, @unchecked Sendable {
    // Safe because its state is touched on its event loop only.
    /// The protocol's only version.
    static let version = "portforward.k8s.io"
    /// How long the second stream of a pair may take.
    static let pairTimeout: TimeAmount = .seconds(30)

    private struct Pair {
        let connection: ForwardedConnection
        var data: UInt32?
        var error: UInt32?
    }

    private let ports: PodPorts
    private let service: any HTTPService
    private weak var connection: SPDYHandler?
    private var pump: OutputPump?
    private var gate: ReadGate?
    private var pairs: [String: Pair] = [:]
    /// The pair of each data stream.
    private var owners: [UInt32: String] = [:]
    private var unacknowledged: [UInt32: Int] = [:]
    private var isOver = false

    init(_ ports: PodPorts, service: any HTTPService) {
        self.ports = ports
        self.service = service
    }

    func start(_ connection: SPDYHandler) {
        guard let channel = connection.channel else { return }
        self.connection = connection
        gate = ReadGate(channel)
        pump = OutputPump(channel: channel, sink: self)
    }

    func stop() {
        guard !isOver else { return }
        isOver = true
        pump?.removeAll()
        for pair in pairs.values { pair.connection.cancel() }
        pairs = [:]
        owners = [:]
    }

    // MARK: From the client

    func opened(_ stream: UInt32, _ headers: SPDYHeaders) {
        guard let connection else { return }
        let isData = headers["streamtype"] == "data"
        guard isData || headers["streamtype"] == "error", let port = headers["port"].flatMap(PodPorts.parse) else {
            return connection.reset(stream, .refused)
        }
        // Clients before requestID open the error stream first and the data stream right after it.
        let id = headers["requestid"] ?? String(isData ? Int(stream) - 2 : Int(stream))
        var pair = pairs[id] ?? Pair(connection: ForwardedConnection(port: port))
        guard pair.connection.port == port, isData ? pair.data == nil : pair.error == nil else {
            return connection.reset(stream, .refused)
        }
        if isData { pair.data = stream } else { pair.error = stream }
        if isData { owners[stream] = id }
        pairs[id] = pair
        connection.reply(stream)
        if pair.data != nil, pair.error != nil { return open(id, pair) }
        connection.channel?.eventLoop.scheduleTask(in: Self.pairTimeout) { [weak self] in self?.dropIfIncomplete(id, stream) }
    }

    private func dropIfIncomplete(_ id: String, _ stream: UInt32) {
        guard let pair = pairs[id], pair.data == stream || pair.error == stream, pair.data == nil || pair.error == nil else { return }
        connection?.reset(stream, .cancelled)
        connection?.flush()
        forget(id)
    }

    private func open(_ id: String, _ pair: Pair) {
        guard let loop = connection?.channel?.eventLoop else { return }
        let (ports, port) = (ports, pair.connection.port)
        service.perform { [weak self] in
            let opened: Result<any StreamSession, APIStatus>
            do throws(APIStatus) {
                opened = .success(try await ports.open(port))
            } catch {
                opened = .failure(error)
            }
            guard let self else { return opened.cancel() }
            loop.execute {
                guard !self.isOver, let pair = self.pairs[id], let data = pair.data else { return opened.cancel() }
                switch opened {
                case .success(let session): self.join(session, id, pair, data)
                case .failure(let status): self.fail(id, pair, data, status)
                }
            }
        }
    }

    private func join(_ session: any StreamSession, _ id: String, _ pair: Pair, _ data: UInt32) {
        guard let loop = connection?.channel?.eventLoop else { return session.cancel() }
        pair.connection.session = session
        let input = pair.connection.input
        service.perform { [weak self] in
            await input.feed(session)
            guard let self else { return }
            loop.execute {
                guard let pair = self.pairs[id], pair.data == data else { return }
                pair.connection.isInputOver = true
                self.forgetIfOver(id)
            }
        }
        pump?.add(session.output, as: data)
    }

    private func fail(_ id: String, _ pair: Pair, _ data: UInt32, _ status: APIStatus) {
        guard let connection else { return }
        if let error = pair.error {
            connection.send(Array(status.message.utf8), on: error)
            connection.finish(error)
        }
        connection.finish(data)
        connection.flush()
        forget(id)
    }

    func received(_ bytes: [UInt8], on stream: UInt32) {
        guard let pair = owners[stream].flatMap({ pairs[$0] }) else { return }
        forward(.bytes(bytes), count: bytes.count, stream, pair.connection)
    }

    private func forward(_ item: InputQueue.Item, count: Int, _ stream: UInt32, _ target: ForwardedConnection) {
        guard let loop = connection?.channel?.eventLoop else { return }
        unacknowledged[stream, default: 0] += count
        let isWelcome = target.input.add(item) { [weak self] in
            guard let self else { return }
            loop.execute { self.drained(stream) }
        }
        if isWelcome { drained(stream) } else { gate?.close(stream) }
    }

    private func drained(_ stream: UInt32) {
        if let count = unacknowledged.removeValue(forKey: stream) { connection?.acknowledge(stream, count) }
        connection?.flush()
        gate?.open(stream)
    }

    func ended(_ stream: UInt32) {
        guard let pair = owners[stream].flatMap({ pairs[$0] }) else { return }
        forward(.end, count: 0, stream, pair.connection)
    }

    func wasReset(_ stream: UInt32) {
        guard let id = owners[stream] else { return }
        if let error = pairs[id]?.error { connection?.finish(error) }
        forget(id)
    }

    func roomAppeared() { pump?.run() }

    /// Drops a connection whose both directions are through.
    private func forgetIfOver(_ id: String) {
        if let pair = pairs[id], pair.connection.isInputOver, pair.connection.isOutputOver { forget(id) }
    }

    private func forget(_ id: String) {
        guard let pair = pairs.removeValue(forKey: id) else { return }
        if let data = pair.data {
            owners[data] = nil
            unacknowledged[data] = nil
            pump?.remove(data)
            gate?.open(data)
        }
        pair.connection.cancel()
    }

    // MARK: To the client

    func room(_ stream: UInt32) -> Int { connection?.room(stream) ?? .max }
    func send(_ bytes: [UInt8], on stream: UInt32) { connection?.send(bytes, on: stream) }
    func flushOutput() { connection?.flush() }

    func outputEnded(_ stream: UInt32, failure: APIStatus?) {
        guard let connection, let id = owners[stream], let pair = pairs[id] else { return }
        if let failure, let error = pair.error {
            connection.send(Array(ports.failure(pair.connection.port, failure).message.utf8), on: error)
        }
        connection.finish(stream)
        if let error = pair.error { connection.finish(error) }
        pair.connection.isOutputOver = true
        forgetIfOver(id)
    }
}
