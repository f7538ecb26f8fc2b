internal import CLinux
internal import Glibc
internal import LinuxKernel

/// The sockets of cluster DNS; all of them never wait.
enum DNSSocket {
    /// For send(2): MSG_DONTWAIT and MSG_NOSIGNAL.
    static let neverWaits = CInt(0x40 | 0x4000)

    /// A socket that is open, in a namespace or in the caller's own.
    static func open(_ family: CInt, isStream: Bool, in namespace: NetworkNamespace? = nil) throws(SystemError) -> FileDescriptor {
        let type = (isStream ? CInt(SOCK_STREAM.rawValue) : CInt(SOCK_DGRAM.rawValue)) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        return FileDescriptor(
            try SystemError.check("socket", isStream ? "TCP" : "UDP") {
                withExtendedLifetime(namespace) {
                    guard let namespace else { return socket(family, type, 0) }
                    return kd_socket_in_namespace(namespace.raw, family, type, 0)
                }
            })
    }

    /// A socket that clients reach.
    static func bound(_ address: IPv4Address, _ port: UInt16, isStream: Bool, in namespace: NetworkNamespace?) throws(SystemError) -> FileDescriptor {
        let file = try open(AF_INET, isStream: isStream, in: namespace)
        var yes: CInt = 1
        if isStream { setsockopt(file.raw, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size)) }
        let raw = file.raw
        try SystemError.check("bind", "\(address):\(port)") { InternetSocketAddress(address, port).use { bind(raw, $0, $1) } }
        if isStream { try SystemError.check("listen", "\(address):\(port)") { listen(raw, 64) } }
        return file
    }

    /// Begins to connect; a stream may be on its way when this returns, and then says by its first read or write whether it arrived.
    static func connect(_ raw: CInt, _ server: InternetSocketAddress) throws(SystemError) {
        do throws(SystemError) {
            try SystemError.check("connect", "a resolver") { server.use { Glibc.connect(raw, $0, $1) } }
        } catch {
            guard error.errno == EINPROGRESS else { throw error }
        }
    }

    /// The descriptor of a client that has connected, which the caller owns; nil when nobody has. Throws when there is no room for it.
    static func accept(_ raw: CInt) throws(SystemError) -> (raw: CInt, peer: IPv4Address)? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let fd = kd_accept(raw)
        let number = Glibc.errno
        guard fd >= 0 else {
            if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(number) { throw SystemError(call: "accept", errno: number) }
            return nil
        }
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(fd, $0, &size) }
        }
        _ = fcntl(fd, F_SETFL, O_NONBLOCK)
        return (fd, IPv4Address(UInt32(bigEndian: address.sin_addr.s_addr)))
    }

    /// One datagram and who sent it; nil when there is none. At most 4096 bytes: more is no question.
    static func receive(_ raw: CInt) -> (bytes: [UInt8], sender: InternetSocketAddress)? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        var length = -1
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            length = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(raw, buffer.baseAddress, buffer.count, 0, $0, &size) }
            }
            count = max(0, length)
        }
        guard length >= 0 else { return nil }
        return (bytes, InternetSocketAddress(bytes: withUnsafeBytes(of: address) { Array($0) }))
    }

    /// What a connected socket has to read, `maximum` bytes at most; nil when nothing yet, empty at its end. Throws what broke it.
    static func read(_ raw: CInt, maximum: Int) throws(SystemError) -> [UInt8]? {
        var length = -1
        var number: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: maximum) { buffer, count in
            length = recv(raw, buffer.baseAddress, buffer.count, 0)
            number = Glibc.errno
            count = max(0, length)
        }
        if length >= 0 { return bytes }
        if number == EAGAIN || number == EINTR { return nil }
        throw SystemError(call: "recv", errno: number)
    }

    /// Sends what a connected socket takes now and returns how much that was. Throws what broke it.
    static func write(_ raw: CInt, _ bytes: [UInt8]) throws(SystemError) -> Int {
        let sent = send(raw, bytes, bytes.count, neverWaits)
        let number = Glibc.errno
        if sent >= 0 { return sent }
        if number == EAGAIN || number == EINTR { return 0 }
        throw SystemError(call: "send", errno: number)
    }
}
