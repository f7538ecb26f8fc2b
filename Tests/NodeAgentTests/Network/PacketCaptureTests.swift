import Glibc
import KubeClient
import LinuxKernel
import PodNetwork
import Testing

@testable import NodeAgent

@Suite(.enabled(if: getuid() == 0, "needs root: makes network namespaces"))
struct PacketCaptureTests {
    /// A namespace with nothing but its loopback interface.
    private func loopback() throws -> NetworkNamespace {
        let namespace = try NetworkNamespace.create()
        try PodLink.loopbackOnly(try NetlinkSocket.open(.route, in: namespace))
        return namespace
    }

    private func send(_ bytes: [UInt8], to port: UInt16, in namespace: NetworkNamespace) throws {
        try namespace.run { () throws(SystemError) in
            let file = FileDescriptor(try SystemError.check("socket") { socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0) })
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let fd = file.raw
            try SystemError.check("sendto") {
                withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        sendto(fd, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
            }
        }
    }

    @Test func `packets of the wanted port arrive as a pcap file, until it is cancelled`() async throws {
        let namespace = try loopback()
        let ended = try EventFD()
        let capture = PacketCapture(
            try PacketSocket(interface: 1, in: namespace), port: 7777, poller: try DescriptorPoller(), time: SystemTimeSource(), onEnd: { ended.signal() })
        try send([1, 2, 3], to: 8888, in: namespace)
        try send([4, 5, 6, 7], to: 7777, in: namespace)
        let header = try #require(try await capture.next())
        #expect(header == PacketCapture.header)
        let record = try #require(try await capture.next())
        #expect(Array(record.suffix(4)) == [4, 5, 6, 7])
        #expect(record.count == 2 * (16 + Int(record[8])), "the loopback interface shows it going out and coming in")
        #expect(PacketPorts(Array(record.dropFirst(16))).contains(7777))
        capture.cancel()
        capture.cancel()
        #expect(ended.drain() == 1)
        #expect(try await capture.next() == nil)
    }

    @Test func `a capture that waits ends when it is cancelled`() async throws {
        let namespace = try loopback()
        let capture = PacketCapture(
            try PacketSocket(interface: 1, in: namespace), port: nil, poller: try DescriptorPoller(), time: SystemTimeSource(), onEnd: {})
        _ = try await capture.next()
        let waiting = Task { try await capture.next() }
        waiting.cancel()
        #expect(try await waiting.value == nil)
    }

    @Test func `ports of what is no packet are none`() {
        for count in [0, 13, 14, 33, 34, 37] { #expect(!PacketPorts(Array(repeating: 8, count: count)).contains(2056)) }
    }
}
