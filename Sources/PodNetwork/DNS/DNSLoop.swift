internal import Glibc
internal import LinuxKernel

/// Serves cluster DNS on one thread, which owns everything in here: questions from clients, and those that are asked on.
final class DNSLoop {
    let configuration: DNSServer.Configuration
    let datagrams: FileDescriptor
    private let listener: FileDescriptor
    private let wake: EventFD
    let time: any TimeSource

    var resolvers: DNSResolvers
    var cache = DNSCache()
    var calls: [Int: DNSCall] = [:]
    var callsByKey: [DNSExchange.Key: Int] = [:]
    /// Answers that each client waits for.
    var waiting: [IPv4Address: Int] = [:]
    private var connections: [Int: DNSConnection] = [:]
    private var nextNumber = 1
    /// No connection is accepted before: there was no room for one.
    private var acceptsAgain: Duration?

    static let connectionLimit = 64
    static let connectionsOfOneClient = 16
    static let callLimit = 512
    static let waitingOfOneClient = 128

    init(_ configuration: DNSServer.Configuration, datagrams: consuming FileDescriptor, listener: consuming FileDescriptor, wake: EventFD) {
        self.configuration = configuration
        self.datagrams = datagrams
        self.listener = listener
        self.wake = wake
        time = configuration.time
        resolvers = DNSResolvers(
            path: configuration.resolverFile, port: configuration.resolverPort, excluded: [configuration.address])
    }

    func number() -> Int {
        defer { nextNumber += 1 }
        return nextNumber
    }

    /// Works until `wake` is signalled. Throws when the kernel refuses to wait.
    func run() throws(SystemError) {
        while true {
            var list = [Self.watch(wake.raw), Self.watch(datagrams.raw)]
            let accepts = acceptsAgain.map { $0 <= time.monotonic() } ?? true
            list.append(Self.watch(accepts ? listener.raw : -1))
            let (clients, running) = (Array(connections), Array(calls))
            for (_, client) in clients {
                list.append(Self.watch(client.file.raw, input: client.wantsInput, output: !client.buffer.output.isEmpty))
            }
            for (_, call) in running { list.append(Self.watch(call.raw ?? -1, output: !call.buffer.output.isEmpty)) }
            let count = poll(&list, nfds_t(list.count), timeout())
            guard count >= 0 || errno == EINTR else { throw .last("poll", "\(list.count) descriptors") }
            if list[0].revents != 0 { return }
            if count > 0 {
                if list[1].revents != 0 { receiveDatagrams() }
                if list[2].revents != 0 { accept() }
                for (place, (number, client)) in clients.enumerated() where list[3 + place].revents != 0 {
                    serve(number, client, isBroken: list[3 + place].revents & Int16(POLLERR | POLLHUP) != 0)
                }
                for (place, (number, call)) in running.enumerated() where list[3 + clients.count + place].revents != 0 { hear(number, call) }
            }
            expire()
            resume()
        }
    }

    private static func watch(_ fd: CInt, input: Bool = true, output: Bool = false) -> pollfd {
        pollfd(fd: fd, events: (input ? Int16(POLLIN) : 0) | (output ? Int16(POLLOUT) : 0), revents: 0)
    }

    /// Until something is due, in milliseconds; -1 when nothing is.
    private func timeout() -> CInt {
        let due = calls.values.map(\.exchange.deadline) + connections.values.map(\.deadline) + [acceptsAgain].compactMap { $0 }
        guard let next = due.min() else { return -1 }
        let parts = max(.zero, next - time.monotonic()).components
        return CInt(clamping: parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000 + 1)
    }

    private func expire() {
        let now = time.monotonic()
        if let again = acceptsAgain, again <= now { acceptsAgain = nil }
        for (number, call) in calls where call.exchange.deadline <= now { carryOut(call.exchange.passed(now: now), number, call) }
        for (number, client) in connections where client.isOver || client.deadline <= now { connections[number] = nil }
    }

    // MARK: Clients

    private func receiveDatagrams() {
        // Others have their turn after so many.
        for _ in 0..<64 {
            guard let (bytes, sender) = DNSSocket.receive(datagrams.raw) else { return }
            answer(bytes, .datagram(sender))
        }
    }

    private func accept() {
        do throws(SystemError) {
            while let (raw, peer) = try DNSSocket.accept(listener.raw) {
                let file = FileDescriptor(raw)
                let ofPeer = connections.values.count { $0.peer == peer }
                guard ofPeer < Self.connectionsOfOneClient else { continue }
                // The one that has been quiet for longest makes room.
                if connections.count >= Self.connectionLimit, let oldest = connections.min(by: { $0.value.deadline < $1.value.deadline })?.key {
                    connections[oldest] = nil
                }
                connections[number()] = DNSConnection(file, peer: peer, deadline: time.monotonic() + DNSConnection.patience)
            }
        } catch {
            acceptsAgain = time.monotonic() + .milliseconds(200)
        }
    }

    private func serve(_ number: Int, _ client: DNSConnection, isBroken: Bool) {
        guard !isBroken else {
            connections[number] = nil
            return
        }
        do {
            if client.wantsInput, let bytes = try DNSSocket.read(client.file.raw, maximum: DNSConnection.questionLimit) {
                if bytes.isEmpty { client.hasEnded = true }
                client.buffer.receive(bytes)
            }
            try serveBuffered(number, client)
            try flush(client)
        } catch {
            connections[number] = nil
        }
    }

    private func serveBuffered(_ number: Int, _ client: DNSConnection) throws(DNSMessageError) {
        while client.hasRoom, let bytes = try client.buffer.next(limit: DNSConnection.questionLimit) {
            client.deadline = time.monotonic() + DNSConnection.patience
            client.waiting += 1
            answer(bytes, .stream(number, client.peer))
        }
    }

    private func flush(_ client: DNSConnection) throws(SystemError) {
        guard !client.buffer.output.isEmpty else { return }
        client.buffer.sent(try DNSSocket.write(client.file.raw, client.buffer.output))
    }

    /// Sends an answer where it belongs; nil only ends the waiting.
    func send(_ message: [UInt8]?, to client: DNSWaiter.Client) {
        switch client {
        case .datagram(let sender):
            guard let message else { return }
            // Lost like any datagram when there is no room for it.
            _ = sender.use { sendto(datagrams.raw, message, message.count, DNSSocket.neverWaits, $0, $1) }
        case .stream(let number, _):
            guard let connection = connections[number] else { return }
            connection.waiting -= 1
            guard let message else {
                connections[number] = nil
                return
            }
            connection.buffer.send(message)
            do {
                try flush(connection)
            } catch {
                connections[number] = nil
            }
        }
    }

    /// Reads on where a connection had to wait for answers first.
    private func resume() {
        for (number, client) in connections where client.hasRoom && !client.buffer.input.isEmpty {
            do {
                try serveBuffered(number, client)
            } catch {
                connections[number] = nil
            }
        }
    }
}
