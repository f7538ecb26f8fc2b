import LinuxKernel
import Testing

@testable import PodNetwork

struct DNSForwardingTests {
    private static let servers = [InternetSocketAddress(IPv4Address(192, 0, 2, 1), 53), InternetSocketAddress(IPv4Address(192, 0, 2, 2), 53)]
    private static let question = DNSQuestion(DNSName("example.org")!, .a)

    private static func exchange(_ servers: [InternetSocketAddress] = servers) -> DNSExchange {
        let query = DNSMessage(id: 5, asking: question)
        let waiter = DNSWaiter(client: .datagram(servers.first ?? Self.servers[0]), query: query, received: .zero, time: Timestamp(seconds: 0))
        return DNSExchange(key: .init(cache: .init(query), isStream: false), query: query, waiter: waiter, servers: servers, now: .zero)
    }

    private static func answer(_ code: DNSCode = .noError, id: UInt16 = 5, to question: DNSQuestion = question, seconds: UInt32 = 9) -> DNSMessage {
        var answer = DNSMessage(id: id, asking: question).answer(code)
        if code == .noError { answer.answers = [DNSRecord(question.name, .a, timeToLive: seconds, .address(IPv4Address(1, 2, 3, 4)))] }
        return answer
    }

    @Test func `servers are asked one after the other, three times in all`() {
        var exchange = Self.exchange()
        #expect(exchange.begin(now: .zero) == .ask(Self.servers[0]))
        #expect(exchange.passed(now: .seconds(1)) == .wait)
        #expect(exchange.passed(now: .milliseconds(1500)) == .ask(Self.servers[1]))
        #expect(exchange.failed(now: .milliseconds(1600)) == .ask(Self.servers[0]))
        #expect(exchange.passed(now: .seconds(9)) == .fail)
        var nobody = Self.exchange([])
        #expect(nobody.begin(now: .zero) == .fail)
    }

    @Test func `only the answer to the question counts`() {
        var exchange = Self.exchange()
        _ = exchange.begin(now: .zero)
        let others = [Self.answer(id: 6), Self.answer(to: DNSQuestion(DNSName("example.com")!, .a)), DNSMessage(id: 5, asking: Self.question)]
        for other in others { #expect(exchange.received(other.encoded(), now: .zero) == .wait) }
        #expect(exchange.received([1, 2, 3], now: .zero) == .wait)
        #expect(exchange.received(Self.answer().encoded(), now: .zero) == .answer(Self.answer()))
    }

    @Test func `a server that refuses is not the last word while there is another`() {
        var exchange = Self.exchange()
        _ = exchange.begin(now: .zero)
        #expect(exchange.received(Self.answer(.serverFailure).encoded(), now: .zero) == .ask(Self.servers[1]))
        #expect(exchange.received(Self.answer(.refused).encoded(), now: .zero) == .answer(Self.answer(.refused)))
    }

    @Test func `answers are kept as long as they hold, and age`() {
        var cache = DNSCache(capacity: 2)
        let key = DNSCache.Key(DNSMessage(id: 0, asking: DNSQuestion(DNSName("EXAMPLE.org")!, .a)))
        cache.keep(Self.answer(), key, now: .seconds(100))
        let same = DNSCache.Key(DNSMessage(id: 1, asking: Self.question))
        #expect(cache.message(same, now: .seconds(104))?.answers.first?.timeToLive == 5)
        #expect(cache.message(same, now: .seconds(109)) == nil)
        for name in ["a", "b", "c", "d"] { cache.keep(Self.answer(), .init(DNSMessage(id: 0, asking: DNSQuestion(DNSName(name)!, .a))), now: .zero) }
        #expect(cache.count == 2)
    }

    @Test func `what says nothing about its time is not kept`() {
        #expect(DNSCache.lifetime(Self.answer(seconds: 9999)) == 30)
        #expect(DNSCache.lifetime(Self.answer(.nameError)) == nil)
        #expect(DNSCache.lifetime(Self.answer(.serverFailure)) == nil)
        var gone = Self.answer(.nameError)
        gone.authorities = [DNSRecord(.root, .soa, timeToLive: 20, .authority(.root, .root, [UInt8](repeating: 0, count: 19) + [7]))]
        #expect(DNSCache.lifetime(gone) == 7)
    }

    @Test func `the host's resolvers are those of its file, without the server itself`() {
        let text = "# c\nnameserver 10.96.0.10\nnameserver 127.0.0.53\nnameserver\t::1\nnameserver bogus\nsearch x\nnameserver 9.9.9.9\nnameserver 8.8.8.8\n"
        let servers = DNSResolvers.servers(text, port: 53, excluded: [IPv4Address(10, 96, 0, 10)])
        #expect(servers == [InternetSocketAddress("127.0.0.53", port: 53), InternetSocketAddress("::1", port: 53), InternetSocketAddress("9.9.9.9", port: 53)])
    }

    @Test func `messages on a stream are cut out whatever pieces they come in`() throws {
        var buffer = DNSStreamBuffer()
        for byte in [0, 2, 7, 8, 0, 1] as [UInt8] { buffer.receive([byte]) }
        #expect(try buffer.next(limit: 10) == [7, 8])
        #expect(try buffer.next(limit: 10) == nil)
        buffer.receive([9, 255, 255])
        #expect(try buffer.next(limit: 10) == [9])
        #expect(throws: DNSMessageError.self) { try buffer.next(limit: 10) }
    }

    @Test func `the log keeps the last questions, the newest first`() {
        let log = DNSQueryLog(capacity: 3)
        func query(_ name: String) -> DNSQuery {
            DNSQuery(time: Timestamp(seconds: 0), client: IPv4Address(0), name: name, type: "A", code: "NOERROR", duration: .zero, source: .cluster)
        }
        #expect(log.recent().isEmpty)
        for name in ["a", "b"] { log.note(query(name)) }
        #expect(log.recent().map(\.name) == ["b", "a"])
        for name in ["c", "d", "e"] { log.note(query(name)) }
        #expect(log.recent().map(\.name) == ["e", "d", "c"])
        #expect(log.recent(limit: 1).map(\.name) == ["e"])
        #expect(log.total == 5)
    }
}
