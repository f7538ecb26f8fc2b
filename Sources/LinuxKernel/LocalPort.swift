import Glibc

/// TCP ports of 127.0.0.1.
package enum LocalPort {
    /// Whether something accepts connections on a port now; false for numbers that are no port.
    package static func isListening(_ port: Int) -> Bool {
        guard let number = in_port_t(exactly: port) else { return false }
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0 else { return false }
        defer { close(raw) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = number.bigEndian
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        } == 0
    }
}
