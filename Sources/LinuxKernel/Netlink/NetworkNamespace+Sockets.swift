internal import CLinux
internal import Glibc

extension NetworkNamespace {
    /// A TCP connection made inside this namespace, for a process that has no route into it; non-blocking, CLOEXEC. Throws what refused it,
    /// ETIMEDOUT when it does not stand within `patience`.
    package func dial(_ address: IPv4Address, port: UInt16, within patience: Duration) async throws(SystemError) -> FileDescriptor {
        let socket = try makeSocket()
        let raw = socket.raw
        try await KernelThread.run("kdash-dial") { () throws(SystemError) in
            do throws(SystemError) {
                try SystemError.check("connect", "\(address):\(port)") { InternetSocketAddress(address, port).use { connect(raw, $0, $1) } }
            } catch {
                guard error.errno == EINPROGRESS else { throw error }
            }
            guard try pollWritable(raw, timeout: patience) else { throw SystemError(call: "connect", errno: ETIMEDOUT, arguments: "\(address):\(port)") }
            var problem: CInt = 0
            var size = socklen_t(MemoryLayout<CInt>.size)
            try SystemError.check("getsockopt", "SO_ERROR") { getsockopt(raw, SOL_SOCKET, SO_ERROR, &problem, &size) }
            if problem != 0 { throw SystemError(call: "connect", errno: problem, arguments: "\(address):\(port)") }
        }
        return socket
    }

    /// A TCP socket that listens inside this namespace; non-blocking, CLOEXEC.
    package func listen(_ address: IPv4Address, port: UInt16, backlog: Int32) throws(SystemError) -> FileDescriptor {
        let socket = try makeSocket()
        let raw = socket.raw
        var yes: CInt = 1
        setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        try SystemError.check("bind", "\(address):\(port)") { InternetSocketAddress(address, port).use { bind(raw, $0, $1) } }
        try SystemError.check("listen", "\(address):\(port)") { Glibc.listen(raw, backlog) }
        return socket
    }

    private func makeSocket() throws(SystemError) -> FileDescriptor {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        return FileDescriptor(try SystemError.check("socket", "TCP") { kd_socket_in_namespace(raw, AF_INET, type, 0) })
    }
}
