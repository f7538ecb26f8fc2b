internal import CLinux
internal import Glibc

/// Receives a copy of every packet that passes an interface, both ways, with its link-layer header; never sends.
package final class PacketSocket: Sendable {
    private let file: FileDescriptor

    /// - Parameter interface: index of an interface in `namespace`.
    package init(interface: Int32, in namespace: NetworkNamespace) throws(SystemError) {
        // Protocol 0 receives nothing until it is bound: no packet of another interface is ever seen.
        file = FileDescriptor(
            try SystemError.check("socket", "AF_PACKET") {
                withExtendedLifetime(namespace) {
                    kd_socket_in_namespace(namespace.raw, AF_PACKET, CInt(SOCK_RAW.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
                }
            })
        var size: CInt = 4 << 20
        setsockopt(file.raw, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
        // struct sockaddr_ll: family, protocol (ETH_P_ALL, network order), interface, and twelve bytes that bind(2) ignores.
        var address: [UInt8] = withUnsafeBytes(of: UInt16(AF_PACKET), Array.init) + [0, 3] + withUnsafeBytes(of: interface, Array.init)
        address += Array(repeating: 0, count: 12)
        let fd = file.raw
        try SystemError.check("bind", "AF_PACKET, interface \(interface)") {
            address.withUnsafeBytes { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) { bind(fd, $0.baseAddress, socklen_t(bytes.count)) }
            }
        }
    }

    /// For poll(2); owned by this object.
    package var raw: CInt { file.raw }

    /// The next packet, at most `maximum` bytes of it, and how long it was; nil when none waits.
    package func receive(maximum: Int) throws(SystemError) -> (bytes: [UInt8], length: Int)? {
        var got = 0
        let fd = file.raw
        let truncated: CInt = 0x20  // MSG_TRUNC: the packet's whole length is told
        let bytes = [UInt8](unsafeUninitializedCapacity: maximum) { buffer, count in
            repeat { got = recv(fd, buffer.baseAddress, buffer.count, truncated) } while got < 0 && errno == EINTR
            count = max(0, min(got, maximum))
        }
        if got >= 0 { return (bytes, got) }
        if errno == EAGAIN { return nil }
        throw .last("recv", "AF_PACKET")
    }
}
