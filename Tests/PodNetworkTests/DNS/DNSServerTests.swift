import Glibc
import LinuxKernel
import TestSupport
import Testing

@testable import PodNetwork

@Suite(.enabled(if: SimulatedNetwork.isPossible, "needs root: makes network namespaces"))
struct DNSServerTests {
    private static let ranges = ClusterRanges(podCIDR: IPv4Network("10.42.0.0/16")!, serviceCIDR: IPv4Network("10.96.0.0/12")!)

    /// A server in a namespace of its own, and a client there; resolvers are asked at 127.0.0.1 of this process's own network.
    private struct World {
        let log = DNSQueryLog()
        let resolver: DatagramSocket
        let client: DatagramSocket
        let namespace: NetworkNamespace

        static func with(_ body: (World) async throws -> Void) async throws {
            let namespace = try NetworkNamespace.create()
            try NetlinkSocket.open(.route, in: namespace).send([RouteRequest.setUp(1)])
            let resolver = try DatagramSocket(in: try .ofProcess(getpid()), port: 0)
            let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
            try FileSystem.makeDirectories(folder)
            defer { try? FileSystem.removeTree(folder) }  // best effort: the test's own result matters more
            try FileSystem.writeAtomically("\(folder)/resolv.conf", Array("nameserver 127.0.0.1\n".utf8))
            let world = World(resolver: resolver, client: try DatagramSocket(in: namespace, port: 0), namespace: namespace)
            let zone = DNSZone(ranges: ranges)
            zone.set(DNSService(namespace: "default", name: "web", kind: .address(IPv4Address(10, 97, 0, 1))), namespace: "default", name: "web")
            zone.set(DNSService(namespace: "default", name: "out", kind: .alias("example.org")), namespace: "default", name: "out")
            let server = DNSServer(
                .init(
                    address: ranges.dnsAddress, namespace: namespace, zone: zone, log: world.log, resolverFile: "\(folder)/resolv.conf",
                    resolverPort: try resolver.port()))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                try await body(world)
                group.cancelAll()
                try await group.waitForAll()
            }
        }

        /// Asks until the server is there to hear it.
        func ask(_ name: String, _ type: DNSType = .a, id: UInt16 = 7) throws -> DNSMessage {
            try send(name, type, id: id)
            return try DNSMessage(parsing: try client.receive())
        }

        func send(_ name: String, _ type: DNSType = .a, id: UInt16 = 7) throws {
            try client.send(DNSMessage(id: id, asking: DNSQuestion(DNSName(name)!, type)).encoded(), to: ranges.dnsAddress, port: 53)
        }

        /// Returns once the server is there: before, packets to its address are lost or refused.
        func ready() async throws {
            try await eventually("the server answers") {
                do { try connectTCP(from: namespace, to: ranges.dnsAddress, port: 53) } catch { return false }
                return true
            }
        }
    }

    @Test func `names of the cluster are answered over UDP and TCP, and noted`() async throws {
        try await World.with { world in
            try await world.ready()
            let answer = try world.ask("web.default.svc.cluster.local")
            #expect(answer.id == 7 && answer.isResponse && answer.isAuthoritative)
            #expect(answer.answers.map(\.text) == ["10.97.0.1"])
            #expect(try world.ask("nope.default.svc.cluster.local").code == .nameError)
            let questions = ["web.default.svc.cluster.local", "web.default.svc.cluster.local"].enumerated().flatMap { number, name -> [UInt8] in
                let bytes = DNSMessage(id: UInt16(number), asking: DNSQuestion(DNSName(name)!, .a)).encoded()
                return [0, UInt8(bytes.count)] + bytes
            }
            let stream = try StreamSocket(from: world.namespace, to: Self.ranges.dnsAddress, port: 53)
            try stream.file.writeAll(questions)
            var buffer = DNSStreamBuffer()
            for number in 0..<2 as Range<UInt16> {
                var message = try buffer.next(limit: 65535)
                while message == nil {
                    buffer.receive(try stream.file.read(maximum: 4096))
                    message = try buffer.next(limit: 65535)
                }
                #expect(try DNSMessage(parsing: try #require(message)).id == number)
            }
            let log = world.log.recent()
            #expect(log.map(\.code) == ["NOERROR", "NOERROR", "NXDOMAIN", "NOERROR"])
            #expect(log.map(\.isTCP) == [true, true, false, false])
            #expect(log.last?.answers == ["10.97.0.1"] && log.last?.source == .cluster)
        }
    }

    @Test func `other names are asked on, once while the answer holds, with the alias that led there`() async throws {
        try await World.with { world in
            try await world.ready()
            func respond(_ bytes: [UInt8]) -> [UInt8] {
                guard let query = try? DNSMessage(parsing: bytes) else { return [] }
                var answer = query.answer()
                answer.answers = [DNSRecord(query.question.name, .a, timeToLive: 60, .address(IPv4Address(192, 0, 2, 9)))]
                return answer.encoded()
            }
            try world.send("example.org")
            // The same question, while the first is on its way, is not asked again.
            try world.send("Example.org", id: 8)
            try world.resolver.answer(respond)
            let answers = [try DNSMessage(parsing: try world.client.receive()), try DNSMessage(parsing: try world.client.receive())]
            #expect(answers.map(\.id) == [7, 8])
            #expect(answers.map { $0.answers.map(\.text) } == [["192.0.2.9"], ["192.0.2.9"]])
            let alias = try world.ask("out.default.svc.cluster.local")
            #expect(alias.answers.map(\.text) == ["example.org", "192.0.2.9"])
            #expect(world.log.recent().map(\.source) == [.cache, .forwarded, .forwarded])
        }
    }

    @Test func `rubbish is refused or dropped`() async throws {
        try await World.with { world in
            try await world.ready()
            try world.client.send([0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], to: Self.ranges.dnsAddress, port: 53)
            #expect(try world.client.receive().prefix(4) == [0, 9, 0x81, 0x81])
            try world.client.send([1, 2, 3], to: Self.ranges.dnsAddress, port: 53)
            #expect(try world.ask("web.default.svc.cluster.local", .axfr).code == .refused)
        }
    }
}
