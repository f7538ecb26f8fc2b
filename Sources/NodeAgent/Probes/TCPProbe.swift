import Glibc
import LinuxKernel
import NIOCore
import NIOPosix

/// Opens a connection and closes it. Source: the kubelet's tcp prober.
enum TCPProbe {
    static func run(host: String, port: Int, from network: NetworkNamespace? = nil, timeout: Duration) async -> ProbeOutcome {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        do {
            let channel = try await ProbeDialing.connect(host, port, from: network, on: loop, timeout: timeout) { ClientBootstrap(group: loop) }.get()
            channel.close(promise: nil)
            return .success
        } catch {
            return .failure(ProbeConnection.describe(error, host, port, whenLate: "dial tcp \(host):\(port): i/o timeout"))
        }
    }
}

/// How failed connections are told, in the words that people know from other clusters.
enum ProbeConnection {
    /// The time was over.
    struct Late: Error {}
    /// The other side closed before it had answered.
    struct Ended: Error {}

    static func describe(_ error: any Error, _ host: String, _ port: Int, whenLate: String) -> String {
        switch error {
        case is Late: return whenLate
        case is Ended: return "EOF"
        case ChannelError.connectTimeout: return "dial tcp \(host):\(port): i/o timeout"
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return describe(first.error, host, port, whenLate: whenLate) }
            return "dial tcp: lookup \(host): no such host"
        case let error as IOError: return "dial tcp \(host):\(port): connect: \(reason(error.errnoCode))"
        default: return "\(error)"
        }
    }

    private static func reason(_ number: CInt) -> String {
        switch number {
        case ECONNREFUSED: "connection refused"
        case EHOSTUNREACH: "no route to host"
        case ENETUNREACH: "network is unreachable"
        case ECONNRESET: "connection reset by peer"
        default: String(cString: strerror(number)).lowercased()
        }
    }
}
