import Glibc
import Testing

@testable import LinuxKernel

@Suite struct NetlinkTests {
    @Test func `a route request has exactly these bytes`() {
        let message = RouteRequest.addRoute(to: IPv4Network("10.42.0.0/24")!, through: 7, gateway: IPv4Address(10, 42, 0, 1))
        #expect(
            message.encoded(sequence: 9) == [
                52, 0, 0, 0, 24, 0, 0x01, 0x05, 9, 0, 0, 0, 0, 0, 0, 0,
                2, 24, 0, 0, 254, 4, 0, 1, 4, 0, 0, 0,
                8, 0, 1, 0, 10, 42, 0, 0, 8, 0, 4, 0, 7, 0, 0, 0, 8, 0, 5, 0, 10, 42, 0, 1,
            ])
    }

    @Test func `a masquerade rule has exactly these bytes`() {
        let message = NFTable(.ipv4, "t").appendRule(to: "c", [.compare(.equal, [10, 42, 0, 0]), .masquerade()])
        #expect(
            message.payload.bytes == [
                2, 0, 0, 0, 6, 0, 1, 0, 116, 0, 0, 0, 6, 0, 2, 0, 99, 0, 0, 0, 76, 0, 4, 128,
                44, 0, 1, 128, 8, 0, 1, 0, 99, 109, 112, 0, 32, 0, 2, 128, 8, 0, 1, 0, 0, 0, 0, 8,
                8, 0, 2, 0, 0, 0, 0, 0, 12, 0, 3, 128, 8, 0, 1, 0, 10, 42, 0, 0, 28, 0, 1, 128,
                9, 0, 1, 0, 109, 97, 115, 113, 0, 0, 0, 0, 12, 0, 2, 128, 8, 0, 1, 0, 0, 0, 0, 16,
            ])
        #expect(NetlinkAttributes(message.payload.bytes.dropFirst(4)).nested(4)?.ordered.count == 2)
    }

    @Test func `malformed replies are cut short and never read beyond their end`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0..<80, using: &generator)).map { _ in UInt8.random(in: 0...40, using: &generator) }
            for reply in NetlinkReply.all(in: bytes) {
                _ = reply.attributes(after: 4).nested(1)?.ordered.count
                _ = reply.field(UInt32.self, at: 60)
            }
        }
    }

    @Test(.enabled(if: getuid() == 0, "needs root: makes a network namespace"))
    func `a refusal names the request and carries the kernel's words`() throws {
        let socket = try NetlinkSocket.open(.route, in: NetworkNamespace.create())
        let error = #expect(throws: SystemError.self) {
            try socket.send([RouteRequest.addRoute(to: IPv4Network("10.0.0.0/8")!, through: 1, gateway: IPv4Address(1, 2, 3, 4))])
        }
        #expect(error?.arguments == "RTM_NEWROUTE 10.0.0.0/8")
        #expect(error?.detail.isEmpty == false)
        try socket.send([RouteRequest.deleteLink(named: "none").tolerating(ENODEV)])
    }

    @Test(.enabled(if: getuid() == 0, "needs root: makes a network namespace"))
    func `a failing transaction changes nothing`() throws {
        let socket = try NetlinkSocket.open(.netfilter, in: NetworkNamespace.create())
        let table = NFTable(.ipv4, "whole")
        let error = #expect(throws: SystemError.self) {
            try socket.commit([table.create(), table.appendRule(to: "missing", [.counter()]), table.createChain("late")])
        }
        #expect(error?.arguments == "NFT_MSG_NEWRULE missing in whole")
        #expect(try socket.tables(.ipv4).isEmpty)
    }

    @Test(.enabled(if: getuid() == 0 && FileSystem.exists("/usr/sbin/nft"), "needs root and nft, which reads our rules back"))
    func `nft reads every expression as it was meant`() throws {
        let namespace = try NetworkNamespace.create()
        let table = NFTable(.ipv4, "golden")
        try NetlinkSocket.open(.netfilter, in: namespace).commit([
            table.create(), table.createBaseChain("c", .nat, .prerouting, priority: -100), table.createChain("d"),
            table.appendRule(
                to: "c",
                [
                    .sourceAddress(), .bitwise(mask: [255, 255, 0, 0], xor: [0, 0, 0, 0]), .compare(.equal, [10, 42, 0, 0]),
                    .meta(.transportProtocol), .compare(.equal, [6]), .destinationPort(), .compare(.equal, [0, 80]), .counter(),
                    .immediate([10, 42, 0, 7]), .immediate([31, 144], into: 1), .destinationNAT(address: 0, port: 1),
                ]),
            table.appendRule(
                to: "c", [.destinationType(), .compare(.equal, withUnsafeBytes(of: UInt32(2), Array.init)), .verdict(.goto("d"))]),
        ])
        let output = try FileDescriptor.memory(named: "nft")
        let child = try namespace.run { () throws(SystemError) in
            try ChildProcess.start("/usr/sbin/nft", arguments: ["nft", "list", "table", "golden"], standardStreams: (nil, output.raw, nil))
        }
        #expect(try child.wait() == .code(0))
        lseek(output.raw, 0, SEEK_SET)
        let text = String(decoding: try output.read(maximum: 4096), as: UTF8.self)
        #expect(text.contains("ip saddr 10.42.0.0/16 tcp dport 80 counter packets 0 bytes 0 dnat to 10.42.0.7:8080"), "\(text)")
        #expect(text.contains("fib daddr type local goto d"), "\(text)")
    }
}
