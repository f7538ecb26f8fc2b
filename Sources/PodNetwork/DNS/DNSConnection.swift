internal import LinuxKernel

/// Messages on a stream, each behind its length in two bytes.
struct DNSStreamBuffer {
    private(set) var input: [UInt8] = []
    private(set) var output: [UInt8] = []

    mutating func receive(_ bytes: [UInt8]) { input += bytes }

    mutating func send(_ message: [UInt8]) {
        output += [UInt8(message.count >> 8 & 255), UInt8(message.count & 255)] + message
    }

    mutating func sent(_ count: Int) { output.removeFirst(count) }

    /// The next whole message; nil when more has to arrive. Throws for one that is longer than `limit`.
    mutating func next(limit: Int) throws(DNSMessageError) -> [UInt8]? {
        guard input.count >= 2 else { return nil }
        let length = Int(input[0]) << 8 | Int(input[1])
        guard length <= limit else { throw DNSMessageError("a message of \(length) bytes is no question") }
        guard input.count >= 2 + length else { return nil }
        defer { input.removeFirst(2 + length) }
        return Array(input[2..<(2 + length)])
    }
}

/// A client's connection.
final class DNSConnection {
    let file: FileDescriptor
    let peer: IPv4Address
    var buffer = DNSStreamBuffer()
    /// Questions whose answers are still to come.
    var waiting = 0
    /// When it is closed if nothing happens.
    var deadline: Duration
    var hasEnded = false

    static let patience: Duration = .seconds(10)
    /// In bytes.
    static let questionLimit = 4096
    static let waitingLimit = 8

    init(_ file: consuming FileDescriptor, peer: IPv4Address, deadline: Duration) {
        self.file = file
        self.peer = peer
        self.deadline = deadline
    }

    /// Whether more questions are read: not while too much has not been answered or not been taken.
    var wantsInput: Bool { !hasEnded && hasRoom }
    var hasRoom: Bool { waiting < Self.waitingLimit && buffer.output.count < 1 << 16 }
    var isOver: Bool { hasEnded && waiting == 0 && buffer.output.isEmpty }
}

/// A question that is with one of the host's resolvers.
final class DNSCall {
    var exchange: DNSExchange
    var buffer = DNSStreamBuffer()
    private var socket: Socket?

    /// An owned descriptor that can be replaced.
    private final class Socket {
        let file: FileDescriptor
        init(_ file: consuming FileDescriptor) { self.file = file }
    }

    init(_ exchange: DNSExchange) { self.exchange = exchange }

    var isStream: Bool { exchange.key.isStream }
    /// The descriptor to wait for; nil between two servers.
    var raw: CInt? { socket?.file.raw }

    /// Asks a server, from a socket of its own at an unpredictable port, which hears only that server. Throws when it cannot be reached.
    func ask(_ server: InternetSocketAddress) throws(SystemError) {
        socket = nil
        buffer = DNSStreamBuffer()
        let made = Socket(try DNSSocket.open(server.family, isStream: isStream))
        try DNSSocket.connect(made.file.raw, server)
        let question = exchange.query.encoded()
        if isStream {
            buffer.send(question)
        } else {
            _ = try DNSSocket.write(made.file.raw, question)
        }
        socket = made
    }

    /// What arrived, message by message. Throws when the server is lost.
    func read() throws(SystemError) -> [UInt8]? {
        guard let raw else { return nil }
        guard isStream else { return try DNSSocket.read(raw, maximum: 65535) }
        if !buffer.output.isEmpty { buffer.sent(try DNSSocket.write(raw, buffer.output)) }
        guard let bytes = try DNSSocket.read(raw, maximum: 65535) else { return nil }
        guard !bytes.isEmpty else { throw SystemError(call: "recv", errno: 0, arguments: "the resolver closed the connection") }
        buffer.receive(bytes)
        do throws(DNSMessageError) {
            return try buffer.next(limit: 65535)
        } catch {
            preconditionFailure("two bytes hold no larger length")
        }
    }
}
