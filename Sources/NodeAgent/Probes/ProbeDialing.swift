import Glibc
import LinuxKernel
import NIOCore
import NIOPosix

/// Connections of probes and hooks.
enum ProbeDialing {
    /// Connects what `make` returns from `network`, or from this process's own where that is nil or `host` is a name: names are the machine's to
    /// look up.
    static func connect(
        _ host: String, _ port: Int, from network: NetworkNamespace?, on loop: any EventLoop, timeout: Duration,
        _ make: @escaping @Sendable () -> ClientBootstrap
    ) -> EventLoopFuture<any Channel> {
        guard let network, let address = IPv4Address(host == "localhost" ? "127.0.0.1" : host) else {
            return make().connectTimeout(timeout.timeAmount).connect(host: host, port: port)
        }
        return loop.makeFutureWithTask { () -> CInt in
            do throws(SystemError) {
                return try await network.dial(address, port: UInt16(port), within: timeout).release()
            } catch {
                if error.errno == ETIMEDOUT { throw ChannelError.connectTimeout(timeout.timeAmount) }
                throw IOError(errnoCode: error.errno, reason: error.call)
            }
        }.flatMap { make().withConnectedSocket($0) }
    }
}
