import ClusterOperations
import KubeClient
import LinuxKernel
import Testing

@testable import TerminalUI
@testable import ViewModels

/// Connections and captures, as they look.
@MainActor @Suite struct NetworkGoldenTests {
    private func show(_ title: String, _ kind: DetailKind, _ text: DetailText, _ hints: [(id: String, title: String)]) -> AppModel {
        let app = FakeCluster.app()
        let model = DetailModel(title: title, kind: kind, binding: nil)
        for action in [DetailAction.order, .narrow, .capture] { model.actions[action] = {} }
        model.onStop = {}
        model.onOpen = { _ in }
        model.hints = hints
        model.show(text)
        app.detail = model
        return app
    }

    private static func end(_ address: String, _ port: Int, _ name: String = "") -> NetworkConnection.End { .init(address: address, port: port, name: name) }

    static let found = NetworkConnections(
        connections: [
            NetworkConnection(
                source: end("10.42.0.9", 0, "tools/scan"), destination: end("10.42.0.2", 22, "shop/web-1"), service: nil, transport: "TCP", state: "DENIED",
                sent: .init(packets: 3, bytes: 0), received: nil, egress: .init(.open), ingress: .init(.denied, policies: ["shop/closed"]), deniedAgo: 12),
            NetworkConnection(
                source: end("10.42.0.2", 41000, "shop/web-1"), destination: end("10.42.0.3", 5432, "shop/db-0"), service: "shop/db:5432", transport: "TCP",
                state: "ESTABLISHED", sent: .init(packets: 40, bytes: 5210), received: .init(packets: 60, bytes: 9_400_000),
                egress: .init(.allowed, policies: ["shop/web-out"], rule: 1), ingress: .init(.allowed, policies: ["shop/db"], rule: 2)),
            NetworkConnection(
                source: end("10.96.0.1", 50000, "node"), destination: end("10.42.0.2", 8080, "shop/web-1"), service: nil, transport: "TCP", state: "TIME_WAIT",
                sent: .init(packets: 5, bytes: 420), received: .init(packets: 4, bytes: 980), egress: .init(.open), ingress: .init(.exempt)),
            NetworkConnection(
                source: end("10.42.0.7", 33000, "shop/old"), destination: end("10.42.0.2", 8080, "shop/web-1"), service: nil, transport: "TCP",
                state: "ESTABLISHED", sent: .init(packets: 9, bytes: 999), received: .init(packets: 4, bytes: 980), egress: .init(.open),
                ingress: .init(.denied, policies: ["shop/closed"])),
            NetworkConnection(
                source: end("10.42.0.2", 5353, "shop/web-1"), destination: end("192.0.2.53", 53), service: nil, transport: "UDP", state: "UNREPLIED",
                sent: .init(packets: 1, bytes: 60), received: .init(packets: 0, bytes: 0), egress: .init(.open), ingress: .init(.open)),
        ], isCut: false)

    private static let hints = [
        ("network.narrow", "narrow"), ("processes.order", "order"), ("network.capture", "capture"), ("detail.copy", "copy the address"),
    ]

    @Test(arguments: [(60, 15), (80, 24), (120, 40), (200, 50)])
    func `connections of a pod at every size`(size: (Int, Int)) {
        let text = NetworkText.connections(Self.found, of: "shop/web-1", order: .denied, filter: "")
        let app = show("Connections of shop/web-1", .connections, text, Self.hints)
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "connections-\(size.0)x\(size.1)")
    }

    @Test(arguments: [ColorDepth.truecolor, .mono])
    func `connections of a namespace that are narrowed`(depth: ColorDepth) {
        let text = NetworkText.connections(Self.found, of: nil, order: .bytes, filter: "WEB tcp")
        let app = show("Connections of namespace shop", .connections, text, Self.hints)
        GoldenScreen.check(FakeCluster.screen(app, depth: depth).render(width: 120, height: 24).surface, "connections-namespace-\(depth.rawValue)")
    }

    @Test func `a network that carries nothing says so`() {
        let app = show(
            "Connections of shop/web-1", .connections,
            NetworkText.connections(.init(connections: [], isCut: false), of: "shop/web-1", order: .denied, filter: ""),
            Self.hints)
        GoldenScreen.check(FakeCluster.screen(app).render(width: 80, height: 24).surface, "connections-none")
    }

    @Test(arguments: [(80, 24), (120, 40)])
    func `names that were asked for`(size: (Int, Int)) {
        func question(_ ago: Int64, _ name: String, _ type: String, _ code: String, _ answers: [String], _ took: Int64, _ source: String) -> NameQuestion {
            NameQuestion(
                time: Timestamp(seconds: FakeCluster.now.seconds - ago), client: "shop/web-1", name: name, type: type, code: code, answers: answers,
                microseconds: took,
                source: source)
        }
        let questions = [
            question(2, "db.shop.svc.cluster.local", "A", "NOERROR", ["10.96.0.20"], 84, "cluster"),
            question(2, "db.shop.svc.cluster.local", "AAAA", "NOERROR", [], 60, "cluster"),
            question(90, "example.com.shop.svc.cluster.local", "A", "NXDOMAIN", [], 70, "cluster"),
            question(90, "example.com", "A", "NOERROR", ["192.0.2.10", "192.0.2.11"], 14_300, "forwarded"),
        ]
        #expect(questions.allSatisfy { NameQuestion($0.value) == $0 })
        let app = show(
            "Names asked by shop/web-1", .names, NameText.make(questions, hasClients: false, filter: "", now: FakeCluster.now),
            [("network.narrow", "narrow"), ("detail.copy", "copy the name")])
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "names-\(size.0)x\(size.1)")
    }

    @Test(arguments: [(80, 24), (120, 40)])
    func `packets while they come`(size: (Int, Int)) {
        func packet(_ at: UInt32, _ transport: UInt8, _ rest: [UInt8]) -> PacketStream.Packet {
            let ip: [UInt8] = [0x45, 0, 0, UInt8(20 + rest.count), 0, 0, 0, 0, 64, transport, 0, 0, 10, 42, 0, 2, 10, 42, 0, 3]
            let bytes = Array(repeating: UInt8(0), count: 12) + [8, 0] + ip + rest
            let numbers: [UInt32] = [
                0xa1b2_c3d4, 4 << 16 | 2, 0, 0, 65535, 1, 1_772_355_600 + at / 1_000_000, at % 1_000_000, UInt32(bytes.count), UInt32(bytes.count),
            ]
            var stream = PacketStream()
            return stream.feed(numbers.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) } + bytes)[0]
        }
        func tcp(_ flags: UInt8, _ data: Int = 0) -> [UInt8] {
            [0x9c, 0x40, 0x1f, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0] + Array(repeating: 65, count: data)
        }
        let packets = [
            packet(1, 6, tcp(2)), packet(120, 6, tcp(24, 40)), packet(2_000_345, 17, [0, 53, 0, 99, 0, 12, 0, 0, 1, 2, 3, 4]),
            packet(3_000_000, 1, [3, 3, 0, 0]),
        ]
        let standing = PacketText.Standing(count: 1204, bytes: 350_000, path: "/root/.local/state/kdash/captures/shop-web-1-20260301T090000Z-1a2b3c4d.pcap")
        let text = PacketText.make(packets.enumerated().map { (1201 + $0.offset, $0.element) }, standing, filter: "")
        let app = show(
            "Packets of shop/web-1", .packets, text, [("detail.stop", "stop"), ("network.narrow", "narrow"), ("detail.copy", "copy the line")])
        GoldenScreen.check(FakeCluster.screen(app).render(width: size.0, height: size.1).surface, "packets-\(size.0)x\(size.1)")
    }
}
