internal import CLinux
internal import Glibc

/// Unix-domain sockets: paths only (never the abstract namespace), messages with descriptors.
package enum UnixSocket {
    /// How a socket keeps message boundaries.
    package enum Kind: Sendable { case stream, sequencedPacket }

    /// Who is at the other end (SO_PEERCRED).
    package struct Peer: Sendable {
        package let pid: Int32
        package let uid: UInt32
        package let gid: UInt32
    }

    /// Listens at `path`, replacing a socket left behind there; the file has mode 0600.
    package static func listen(_ path: String, kind: Kind, backlog: CInt = 64) throws(SystemError) -> FileDescriptor {
        let socket = try make(kind)
        let raw = socket.raw
        if let info = try FileSystem.status(path), info.st_mode & S_IFMT == S_IFSOCK { try FileSystem.removeFile(path) }
        try SystemError.check("bind", path) { kd_unix_bind(raw, path) }
        try SystemError.check("chmod", path) { chmod(path, 0o600) }
        try SystemError.check("listen", path) { Glibc.listen(raw, backlog) }
        return socket
    }

    /// Connects to the listener at `path`.
    package static func connect(_ path: String, kind: Kind) throws(SystemError) -> FileDescriptor {
        let socket = try make(kind)
        let raw = socket.raw
        try SystemError.checkRetrying("connect", path) { kd_unix_connect(raw, path) }
        return socket
    }

    /// Takes one waiting connection.
    package static func accept(_ listener: borrowing FileDescriptor) throws(SystemError) -> FileDescriptor {
        let raw = listener.raw
        return FileDescriptor(try SystemError.checkRetrying("accept4") { kd_accept(raw) })
    }

    /// Two connected ends (raw numbers, CLOEXEC; wrap them at once).
    package static func pair(_ kind: Kind) throws(SystemError) -> (CInt, CInt) {
        var ends: [CInt] = [-1, -1]
        try SystemError.check("socketpair") { kd_unix_pair(type(kind), &ends) }
        return (ends[0], ends[1])
    }

    /// The credentials of the process at the other end when it connected.
    package static func peer(of socket: borrowing FileDescriptor) throws(SystemError) -> Peer {
        let raw = socket.raw
        var (pid, uid, gid): (Int32, UInt32, UInt32) = (0, 0, 0)
        try SystemError.check("getsockopt", "SO_PEERCRED") { kd_unix_peer(raw, &pid, &uid, &gid) }
        return Peer(pid: pid, uid: uid, gid: gid)
    }

    /// Sends one message with copies of `descriptors` (64 at most), which stay the caller's.
    package static func send(_ bytes: [UInt8], descriptors: [CInt] = [], to socket: CInt) throws(SystemError) {
        let sent = try SystemError.check("sendmsg", "fd \(socket)") {
            kd_send_fds(socket, bytes, bytes.count, descriptors, CInt(descriptors.count))
        }
        guard sent == bytes.count else { throw SystemError(call: "sendmsg", errno: EMSGSIZE, arguments: "\(bytes.count) bytes") }
    }

    /// One received message; the caller owns every descriptor in it.
    package struct Message: Sendable {
        package let bytes: [UInt8]
        package let descriptors: [CInt]
    }

    /// Receives one message; an empty one without descriptors means that the other end is gone.
    /// EMSGSIZE, with every descriptor closed, when it is larger than `maximum` or carries more than 64 descriptors.
    package static func receive(maximum: Int = 65536, from socket: CInt) throws(SystemError) -> Message {
        var descriptors = [CInt](repeating: -1, count: 64)
        var count: CInt = 64
        var number: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: maximum) { buffer, initialized in
            let got = kd_recv_fds(socket, buffer.baseAddress, maximum, &descriptors, &count)
            number = got < 0 ? Glibc.errno : 0
            initialized = max(0, got)
        }
        if number != 0 { throw SystemError(call: "recvmsg", errno: number, arguments: "fd \(socket)") }
        return Message(bytes: bytes, descriptors: Array(descriptors.prefix(Int(count))))
    }

    private static func make(_ kind: Kind) throws(SystemError) -> FileDescriptor {
        FileDescriptor(try SystemError.check("socket", "AF_UNIX") { kd_unix_socket(type(kind)) })
    }

    private static func type(_ kind: Kind) -> CInt {
        switch kind {
        case .stream: CInt(SOCK_STREAM.rawValue)
        case .sequencedPacket: CInt(SOCK_SEQPACKET.rawValue)
        }
    }
}
