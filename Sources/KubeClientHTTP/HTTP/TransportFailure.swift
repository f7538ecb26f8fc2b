import APIMachinery
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Why no answer came, in words that name the server and what to look at.
enum TransportFailure {
    static func status(_ error: any Error, server: String) -> APIStatus {
        switch error {
        case let status as APIStatus: status
        case let error as NIOConnectionError: connection(error, server)
        case let error as IOError: unreachable(server, errno: error.errnoCode)
        case let error as ChannelError: channel(error, server)
        // Whoever is killed says no goodbye: nothing is wrong with anybody's certificate.
        case let error as NIOSSLError where error == .uncleanShutdown: brokenOff(server)
        case let error as NIOSSLError: tls("\(error)", server)
        case let error as NIOSSLExtraError: tls(error.description, server)
        case let error as BoringSSLError: tls("\(error)", server)
        default: unavailable("the connection to \(server) failed: \(error)")
        }
    }

    static func lost(_ server: String) -> APIStatus {
        unavailable("\(server) closed the connection before it answered")
    }

    static func brokenOff(_ server: String) -> APIStatus {
        unavailable("the connection to \(server) broke off")
    }

    static func timeout(_ server: String, after seconds: Int64) -> APIStatus {
        APIStatus(code: 504, reason: .timeout, message: "\(server) did not answer within \(seconds) seconds")
    }

    private static func connection(_ error: NIOConnectionError, _ server: String) -> APIStatus {
        guard let failure = error.connectionErrors.first?.error else {
            return unavailable("cannot find \(server): the name \"\(error.host)\" has no address")
        }
        return status(failure, server: server)
    }

    private static func channel(_ error: ChannelError, _ server: String) -> APIStatus {
        switch error {
        case .connectTimeout(let limit):
            APIStatus(
                code: 504, reason: .timeout,
                message:
                    "cannot reach \(server): no connection within \(limit.nanoseconds / 1_000_000_000) seconds; check the address and the network"
            )
        case .ioOnClosedChannel, .alreadyClosed, .outputClosed, .inputClosed, .eof: lost(server)
        default: unavailable("the connection to \(server) failed: \(error)")
        }
    }

    private static func unreachable(_ server: String, errno: CInt) -> APIStatus {
        switch errno {
        case ECONNREFUSED: unavailable("cannot reach \(server): connection refused; is the cluster running?")
        case ECONNRESET, EPIPE: brokenOff(server)
        case EHOSTUNREACH, ENETUNREACH: unavailable("cannot reach \(server): there is no route to it; check the network")
        case ETIMEDOUT: APIStatus(code: 504, reason: .timeout, message: "cannot reach \(server): it does not respond; check the network")
        default: unavailable("cannot reach \(server): \(String(cString: strerror(errno)))")
        }
    }

    private static func tls(_ detail: String, _ server: String) -> APIStatus {
        let remedy =
            if detail.contains("CERTIFICATE_VERIFY_FAILED") || detail.contains("unableToValidateCertificate") {
                "its certificate is not signed by the certificate authority of the kubeconfig, or has expired"
            } else if detail.contains("WRONG_VERSION_NUMBER") {
                "it does not speak TLS; is the port right?"
            } else if detail.lowercased().contains("hostname") {
                "its certificate is for another name; see tls-server-name"
            } else if detail.contains("CERTIFICATE_REQUIRED") || detail.contains("BAD_CERTIFICATE") || detail.contains("UNKNOWN_CA") {
                "it does not accept the client certificate of the kubeconfig"
            } else {
                "check the certificates of the kubeconfig"
            }
        return unavailable("no trusted connection to \(server): \(remedy) (\(detail))")
    }

    private static func unavailable(_ message: String) -> APIStatus {
        APIStatus.serviceUnavailable(message)
    }
}
