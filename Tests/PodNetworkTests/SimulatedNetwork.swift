import Glibc
import LinuxKernel
import Testing

@testable import PodNetwork

/// A host with a way out to one machine, all in network namespaces of their own, so that the real host never changes.
struct SimulatedNetwork {
    static let isPossible = getuid() == 0

    let host: NetworkNamespace
    let outside: NetworkNamespace
    let node: NetworkNamespace
    let folder: String
    let configuration: NodeLink.Configuration

    static func with(_ body: (SimulatedNetwork) throws -> Void) throws {
        let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        defer { try? FileSystem.removeTree(folder) }  // best effort: the test's own result matters more
        try body(SimulatedNetwork(folder: folder))
    }

    private init(folder: String) throws {
        self.folder = folder
        host = try .create()
        outside = try .create()
        node = try .create()
        let inner = try NetlinkSocket.open(.route, in: host)
        let outer = try NetlinkSocket.open(.route, in: outside)
        try inner.send([
            RouteRequest.createVeth(
                .init(name: "eth0", index: 2, hardwareAddress: [2, 0, 0, 0, 0, 1]),
                peer: .init(name: "eth0", index: 2, hardwareAddress: [2, 0, 0, 0, 0, 2], namespace: outside.raw), mtu: 1400),
            RouteRequest.setUp(1), RouteRequest.setUp(2),
            RouteRequest.addAddress(IPv4Address(192, 0, 2, 2), to: 2),
            RouteRequest.addRoute(to: IPv4Network("192.0.2.0/24")!, through: 2),
            RouteRequest.addRoute(to: IPv4Network("0.0.0.0/0")!, through: 2, gateway: IPv4Address(192, 0, 2, 1)),
        ])
        try outer.send([
            RouteRequest.setUp(1), RouteRequest.setUp(2),
            RouteRequest.addAddress(IPv4Address(192, 0, 2, 1), to: 2),
            RouteRequest.addRoute(to: IPv4Network("192.0.2.0/24")!, through: 2),
        ])
        try host.run { () throws(SystemError) in try FileSystem.write("0", to: "/proc/sys/net/ipv4/ip_forward") }
        let taken = try ClusterRanges.hostObstacles(inner, ownPrefix: "kd")
        configuration = NodeLink.Configuration(
            clusterID: "0badcafe", nodeIndex: 0, ranges: try ClusterRanges.choose(avoiding: taken), node: node, host: host,
            shared: SharedDirectory(folder))
    }

    /// A pod's namespace with its address, attached to a node that has its own.
    func pod(_ address: IPv4Address, mtu: UInt32 = 1400) throws -> NetworkNamespace {
        let pod = try NetworkNamespace.create()
        try PodLink.attach(
            address: address, node: try .open(.route, in: node), pod: try .open(.route, in: pod), podNamespace: pod.raw,
            mtu: mtu, nodeAddress: configuration.ranges.address(ofNode: 0))
        return pod
    }
}

/// A TCP listener inside a namespace; the kernel completes connections without anybody accepting.
final class Listener {
    let file: FileDescriptor

    init(in namespace: NetworkNamespace, port: UInt16) throws {
        file = try namespace.run { () throws(SystemError) in
            let file = FileDescriptor(try SystemError.check("socket") { socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0) })
            var address = socketAddress(IPv4Address(0), port)
            try SystemError.check("bind") {
                withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(file.raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
                }
            }
            try SystemError.check("listen") { listen(file.raw, 128) }
            return file.release()
        }.owned
    }

    /// Takes every connection that waits.
    func drain() throws {
        while try pollReadable([file.raw], timeout: .zero)[0] { _ = try acceptPeer() }
    }

    /// Who connected, as the listener sees it.
    func acceptPeer() throws -> IPv4Address {
        guard try pollReadable([file.raw], timeout: .seconds(5))[0] else { throw SystemError(call: "accept", errno: ETIMEDOUT) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let fd = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept(file.raw, $0, &size) }
        }
        close(fd)
        return IPv4Address(UInt32(bigEndian: address.sin_addr.s_addr))
    }
}

/// A UDP socket inside a namespace.
final class DatagramSocket {
    let file: FileDescriptor

    init(in namespace: NetworkNamespace, port: UInt16) throws {
        file = try namespace.run { () throws(SystemError) in
            let file = FileDescriptor(try SystemError.check("socket") { socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0) })
            var address = socketAddress(IPv4Address(0), port)
            try SystemError.check("bind") {
                withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(file.raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
                }
            }
            return file.release()
        }.owned
    }

    /// Its own port, also when the kernel chose it.
    func port() throws -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try SystemError.check("getsockname") {
            withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(file.raw, $0, &size) } }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    func send(_ bytes: [UInt8], to target: IPv4Address, port: UInt16) throws {
        var address = socketAddress(target, port)
        try SystemError.check("sendto") {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(file.raw, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }

    /// The next datagram, at the latest after five seconds.
    func receive() throws -> [UInt8] {
        guard try pollReadable([file.raw], timeout: .seconds(5))[0] else { throw SystemError(call: "recv", errno: ETIMEDOUT) }
        return [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in count = max(0, recv(file.raw, buffer.baseAddress, buffer.count, 0)) }
    }

    /// The next datagram and who sent it; the answer goes back with `reply`.
    func answer(_ reply: ([UInt8]) -> [UInt8]) throws {
        guard try pollReadable([file.raw], timeout: .seconds(5))[0] else { throw SystemError(call: "recv", errno: ETIMEDOUT) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bytes = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
            count = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { max(0, recvfrom(file.raw, buffer.baseAddress, buffer.count, 0, $0, &size)) }
            }
        }
        try send(reply(bytes), to: IPv4Address(UInt32(bigEndian: address.sin_addr.s_addr)), port: UInt16(bigEndian: address.sin_port))
    }
}

/// Connects from inside a namespace; throws what connect(2) says, at the latest after two seconds.
func connectTCP(from namespace: NetworkNamespace, to target: IPv4Address, port: UInt16) throws {
    try namespace.run { () throws(SystemError) in
        let file = FileDescriptor(try SystemError.check("socket") { socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0) })
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(file.raw, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = socketAddress(target, port)
        try SystemError.check("connect", "\(target):\(port)") {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(file.raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
        }
    }
}

/// A TCP connection from inside a namespace.
final class StreamSocket {
    let file: FileDescriptor

    init(from namespace: NetworkNamespace, to target: IPv4Address, port: UInt16) throws {
        file = try namespace.run { () throws(SystemError) in
            let file = FileDescriptor(try SystemError.check("socket") { socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0) })
            var address = socketAddress(target, port)
            try SystemError.check("connect", "\(target):\(port)") {
                withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(file.raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
                }
            }
            return file.release()
        }.owned
    }
}

/// Sends a datagram with any addresses out of a pod's interface, past the kernel's routing.
func sendForged(from pod: NetworkNamespace, _ source: IPv4Address, to target: IPv4Address, port: UInt16, _ payload: [UInt8]) throws {
    let length = UInt16(28 + payload.count)
    var header: [UInt8] = [0x45, 0, UInt8(length >> 8), UInt8(length & 255), 0, 0, 0, 0, 64, 17, 0, 0] + source.bytes + target.bytes
    var sum = stride(from: 0, to: 20, by: 2).reduce(UInt32(0)) { $0 + UInt32(header[$1]) << 8 + UInt32(header[$1 + 1]) }
    while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
    (header[10], header[11]) = (UInt8(~sum >> 8 & 255), UInt8(~sum & 255))
    let datagram: [UInt8] = [0x30, 0x39, UInt8(port >> 8), UInt8(port & 255), 0, UInt8(8 + payload.count), 0, 0]
    let packet = header + datagram + payload
    try pod.run { () throws(SystemError) in
        let file = FileDescriptor(try SystemError.check("socket") { socket(AF_PACKET, CInt(SOCK_DGRAM.rawValue), 0) })
        // struct sockaddr_ll: family, protocol, interface, type of hardware, type of packet, length and the address of the node's end of the pair.
        var address: [UInt8] = withUnsafeBytes(of: UInt16(AF_PACKET), Array.init) + [0x08, 0x00] + withUnsafeBytes(of: Int32(2), Array.init)
        address += [0, 0, 0, 6, 0x0e, 0x58] + [10, 42, 0, 2] + [0, 0]
        try SystemError.check("sendto") {
            address.withUnsafeBytes { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) { sendto(file.raw, packet, packet.count, 0, $0.baseAddress, socklen_t(bytes.count)) }
            }
        }
    }
}

private func socketAddress(_ address: IPv4Address, _ port: UInt16) -> sockaddr_in {
    var result = sockaddr_in()
    result.sin_family = sa_family_t(AF_INET)
    result.sin_port = port.bigEndian
    result.sin_addr.s_addr = address.value.bigEndian
    return result
}

extension CInt {
    fileprivate var owned: FileDescriptor { FileDescriptor(self) }
}
