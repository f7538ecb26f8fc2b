package import Glibc

/// An address and port of a socket, of either family.
package struct InternetSocketAddress: Sendable, Hashable {
    /// As the kernel takes it.
    package let bytes: [UInt8]

    /// Of IPv4.
    package init(_ address: IPv4Address, _ port: UInt16) {
        var value = sockaddr_in()
        value.sin_family = sa_family_t(AF_INET)
        value.sin_port = port.bigEndian
        value.sin_addr.s_addr = address.value.bigEndian
        self.init(bytes: withUnsafeBytes(of: value) { Array($0) })
    }

    /// From a numeric address of either family; nil for anything else.
    package init?(_ text: String, port: UInt16) {
        if let address = IPv4Address(text) {
            self.init(address, port)
            return
        }
        var value = sockaddr_in6()
        let parts = text.split(separator: "%", maxSplits: 1)
        guard let address = parts.first, inet_pton(AF_INET6, String(address), &value.sin6_addr) == 1 else { return nil }
        if parts.count == 2 { value.sin6_scope_id = UInt32(parts[1]) ?? if_nametoindex(String(parts[1])) }
        value.sin6_family = sa_family_t(AF_INET6)
        value.sin6_port = port.bigEndian
        self.init(bytes: withUnsafeBytes(of: value) { Array($0) })
    }

    /// As the kernel gave it.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// AF_INET or AF_INET6.
    package var family: CInt { bytes.count == MemoryLayout<sockaddr_in>.size ? AF_INET : AF_INET6 }

    /// The address; 0.0.0.0 for one of the other family.
    package var ipv4: IPv4Address { (family == AF_INET ? IPv4Address(bytes: bytes[4..<8]) : nil) ?? IPv4Address(0) }

    /// Calls `body` with what connect(2), bind(2) and sendto(2) take; valid for the call only.
    package func use<T>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
        bytes.withUnsafeBytes { raw in
            withUnsafeTemporaryAllocation(byteCount: raw.count, alignment: 8) { copy in
                copy.copyMemory(from: raw)
                return body(copy.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
            }
        }
    }
}
