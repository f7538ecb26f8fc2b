internal import LinuxKernel

/// Somebody who waits for an answer.
struct DNSWaiter {
    /// Where the answer goes.
    enum Client: Hashable {
        case datagram(InternetSocketAddress)
        /// A connection's number.
        case stream(Int, IPv4Address)
    }

    let client: Client
    let query: DNSMessage
    /// When the question came, by either clock.
    let received: Duration
    let time: Timestamp
    /// What leads to the name that is asked for.
    var chain: [DNSRecord] = []

    var address: IPv4Address {
        switch client {
        case .datagram(let sender): sender.ipv4
        case .stream(_, let address): address
        }
    }
    var isTCP: Bool { if case .stream = client { true } else { false } }
}

/// One question to the host's resolvers: which of them is asked, until when, and what counts as its answer. Knows no sockets.
struct DNSExchange {
    /// Equal questions share an exchange.
    struct Key: Hashable {
        let cache: DNSCache.Key
        let isStream: Bool
    }

    enum Step: Equatable {
        /// Send the question to this server, from a new socket.
        case ask(InternetSocketAddress)
        case wait
        case answer(DNSMessage)
        case fail
    }

    let key: Key
    let query: DNSMessage
    var waiters: [DNSWaiter]
    private let servers: [InternetSocketAddress]
    private var attempt = 0
    private(set) var deadline: Duration
    /// The best of what was refused so far.
    private var refusal: DNSMessage?

    /// How long a server has for its answer. Three tries fit into the five seconds that clients wait.
    static let patience: Duration = .milliseconds(1500)
    static let attempts = 3
    static let waiterLimit = 64

    init(key: Key, query: DNSMessage, waiter: DNSWaiter, servers: [InternetSocketAddress], now: Duration) {
        self.key = key
        self.query = query
        waiters = [waiter]
        self.servers = servers
        deadline = now + Self.patience
    }

    /// What to do first.
    mutating func begin(now: Duration) -> Step { next(now: now) }

    /// The server asked cannot be reached.
    mutating func failed(now: Duration) -> Step { next(now: now) }

    /// Time has passed.
    mutating func passed(now: Duration) -> Step { now < deadline ? .wait : next(now: now) }

    /// Something arrived. What is no answer to the question is not heard.
    mutating func received(_ bytes: [UInt8], now: Duration) -> Step {
        guard let message = try? DNSMessage(parsing: bytes),  // best effort: what cannot be read is no answer
            message.isResponse, message.id == query.id, message.question.lowercased == query.question.lowercased
        else { return .wait }
        guard message.code == .noError || message.code == .nameError else {
            refusal = refusal ?? message
            return attempt < max(1, servers.count) ? next(now: now) : .answer(message)
        }
        return .answer(message)
    }

    private mutating func next(now: Duration) -> Step {
        guard attempt < Self.attempts, !servers.isEmpty else { return refusal.map { .answer($0) } ?? .fail }
        defer { attempt += 1 }
        deadline = now + Self.patience
        return .ask(servers[attempt % servers.count])
    }
}
