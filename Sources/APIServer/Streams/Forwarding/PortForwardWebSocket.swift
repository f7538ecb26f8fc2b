internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import NIOCore
internal import NIOWebSocket

/// Port-forwarding over plain WebSocket messages: one connection to each of the ports in the query, on two channels of its own.
/// Source: cri-streaming `portforward/websocket.go`.
final class PortForwardWebSocket: WebSocketApplication, OutputSink, @unchecked Sendable {
    // Safe because its state is touched on its event loop only.
    /// The most ports of one request: a channel is one byte, in base 64 one digit.
    static func maximumPorts(_ chosen: RemoteCommandProtocol) -> Int { chosen.isBase64 ? 5 : 127 }

    /// kdash's own name for `v4` in which the client may tell the end of what it sends to a port: channel 255 with the number of the data channel, as
    /// `v5` of exec has it. A client that offers no such name must close the whole to say that it is through.
    static let closing = "portforward.kdash.dev"

    private let ports: PodPorts
    private let tellsEnds: Bool
    private let connections: [ForwardedConnection]
    private let framing: RemoteCommandProtocol
    private let service: any HTTPService
    private weak var socket: WebSocketMessageHandler?
    private var pump: OutputPump?
    private var gate: ReadGate?
    private var open: Int
    private var isOver = false

    init(_ ports: PodPorts, _ wanted: [UInt16], _ framing: RemoteCommandProtocol, tellsEnds: Bool, service: any HTTPService) {
        self.ports = ports
        self.tellsEnds = tellsEnds
        self.framing = framing
        self.service = service
        connections = wanted.map { ForwardedConnection(port: $0) }
        open = wanted.count
    }

    /// The ports of a request: `ports=80,443` or repeated. Throws BadRequest.
    static func wanted(_ request: APIRequest, _ chosen: RemoteCommandProtocol, _ query: StreamQuery = .api) throws(APIStatus) -> [UInt16] {
        var ports: [UInt16] = []
        for text in request.queryValues(query.ports).flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            guard let port = PodPorts.parse(String(text)) else { throw .badRequest("\(query.ports): \(String(text).goQuoted) is not a port from 1 to 65535") }
            ports.append(port)
        }
        guard !ports.isEmpty else { throw .badRequest("query parameter \(query.ports.goQuoted) is required: for example \(query.ports)=80,443") }
        guard ports.count <= maximumPorts(chosen) else {
            throw .badRequest("one connection forwards at most \(maximumPorts(chosen)) ports; open several")
        }
        return ports
    }

    func start(_ socket: WebSocketMessageHandler) {
        guard let channel = socket.channel else { return }
        self.socket = socket
        gate = ReadGate(channel)
        pump = OutputPump(channel: channel, sink: self)
        for (index, connection) in connections.enumerated() {
            let port = [UInt8(connection.port & 255), UInt8(connection.port >> 8)]
            say(port, data(index))
            say(port, data(index) + 1)
            open(index, connection, channel.eventLoop)
        }
        socket.flush()
    }

    private func data(_ index: Int) -> UInt8 { UInt8(index * 2) }

    private func say(_ bytes: [UInt8], _ channel: UInt8) { socket?.send(framing.message(channel, bytes), isText: framing.isBase64) }

    private func open(_ index: Int, _ connection: ForwardedConnection, _ loop: any EventLoop) {
        let (ports, port, input) = (ports, connection.port, connection.input)
        service.perform { [weak self] in
            let opened: Result<any StreamSession, APIStatus>
            do throws(APIStatus) {
                opened = .success(try await ports.open(port))
            } catch {
                opened = .failure(error)
            }
            guard let self else { return opened.cancel() }
            loop.execute {
                guard !self.isOver else { return opened.cancel() }
                switch opened {
                case .success(let session):
                    self.connections[index].session = session
                    self.service.perform { await input.feed(session) }
                    self.pump?.add(session.output, as: UInt32(index))
                case .failure(let status):
                    self.say(Array(status.message.utf8), self.data(index) + 1)
                    self.end(index)
                }
            }
        }
    }

    func received(_ message: [UInt8]) {
        if tellsEnds, message.count == 2, message[0] == RemoteCommandProtocol.Channel.close, message[1] % 2 == 0, Int(message[1] / 2) < connections.count {
            _ = connections[Int(message[1] / 2)].input.add(.end) {}
            return
        }
        guard let (channel, bytes) = framing.parse(message), channel % 2 == 0, Int(channel / 2) < connections.count, !bytes.isEmpty,
            let loop = socket?.channel?.eventLoop
        else { return }
        let index = UInt32(channel / 2)
        let isWelcome = connections[Int(index)].input.add(.bytes(bytes)) { [weak self] in
            guard let self else { return }
            loop.execute { self.gate?.open(index) }
        }
        if !isWelcome { gate?.close(index) }
    }

    func roomAppeared() { pump?.run() }

    func stop() {
        guard !isOver else { return }
        isOver = true
        pump?.removeAll()
        for connection in connections { connection.cancel() }
    }

    /// One connection is through; with the last one the whole is, as nothing else can tell the client.
    private func end(_ index: Int) {
        connections[index].cancel()
        open -= 1
        socket?.flush()
        if open == 0 { socket?.close(.normalClosure) }
    }

    // MARK: To the client

    func room(_ stream: UInt32) -> Int { .max }
    func send(_ bytes: [UInt8], on stream: UInt32) { say(bytes, data(Int(stream))) }
    func flushOutput() { socket?.flush() }

    func outputEnded(_ stream: UInt32, failure: APIStatus?) {
        if let failure {
            say(Array(ports.failure(connections[Int(stream)].port, failure).message.utf8), data(Int(stream)) + 1)
        }
        end(Int(stream))
    }
}
