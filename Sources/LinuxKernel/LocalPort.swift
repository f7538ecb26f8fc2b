import Glibc

/// TCP ports of 127.0.0.1.
package enum LocalPort {
    /// Whether something accepts connections on a port now; false for numbers that are no port.
    package static func isListening(_ port: Int) -> Bool {
        guard let number = in_port_t(exactly: port) else { return false }
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0 else { return false }
        defer { close(raw) }
        return InternetSocketAddress(IPv4Address(127, 0, 0, 1), number).use { connect(raw, $0, $1) } == 0
    }
}
