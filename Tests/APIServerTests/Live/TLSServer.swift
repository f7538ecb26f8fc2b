import APIMachinery
import Glibc
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ObjectStore

@testable import APIServer

/// An API server that listens on a free port of 127.0.0.1, with a kubeconfig beside it.
struct TLSServer {
    let directory: String
    let server: APIServer
    let nodes: NodeDirectory
    var port: Int { server.boundPorts[0] }

    static func with<Result>(extensions: [any ExtensionEndpoint] = [], _ body: (TLSServer) async throws -> Result) async throws -> Result {
        let directory = "/tmp/kdash-tls-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        let store = try ObjectStore.open(directory: directory, time: SystemTimeSource(), options: ObjectStore.Options())
        defer { store.close() }
        let configuration = APIServerConfiguration(
            pkiDirectory: "\(directory)/pki", clusterID: "0badcafe", schemas: builtinSchemas,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let nodes = NodeDirectory()
        let server = APIServer(configuration: configuration, store: store, nodes: nodes, extensions: extensions)
        try await server.start()
        let fixture = TLSServer(directory: directory, server: server, nodes: nodes)
        do {
            try fixture.writeKubeconfig()
            let result = try await body(fixture)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    private func writeKubeconfig() throws {
        guard let pki = server.pki else { return }
        let text = """
            apiVersion: v1
            kind: Config
            clusters:
            - {name: k, cluster: {server: "https://127.0.0.1:\(port)", certificate-authority: \(pki.authorityPath)}}
            users:
            - {name: k, user: {client-certificate: \(pki.adminCertificatePath), client-key: \(pki.adminKeyPath)}}
            contexts:
            - {name: k, context: {cluster: k, user: k}}
            current-context: k
            """
        try FileSystem.writeAtomically("\(directory)/kubeconfig", Array(text.utf8))
    }

    /// What a client needs to shake hands: the authority to trust, and the administrator's certificate if it has one.
    func clientContext(withCertificate: Bool = true, protocols: [String] = []) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file("\(directory)/pki/ca.crt")
        configuration.certificateVerification = .noHostnameVerification
        configuration.applicationProtocols = protocols
        if withCertificate {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile("\(directory)/pki/admin.crt").map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: "\(directory)/pki/admin.key", format: .pem))
        }
        return try NIOSSLContext(configuration: configuration)
    }

    /// Sends bytes over a fresh TLS connection and returns everything that comes back until the server closes, or `until` is seen.
    func exchange(_ text: String, withCertificate: Bool = true, until: String? = nil) async throws -> String {
        let context = try clientContext(withCertificate: withCertificate)
        let group = MultiThreadedEventLoopGroup.singleton
        let promise = group.any().makePromise(of: String.self)
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
                    try channel.pipeline.syncOperations.addHandler(Collector(promise: promise, until: until))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.writeAndFlush(ByteBuffer(string: text))
        let answer = try await promise.futureResult.get()
        try? await channel.close()  // best effort: it is usually closed already
        return answer
    }

    private final class Collector: ChannelInboundHandler, @unchecked Sendable {
        // Safe because it is used on its event loop only.
        typealias InboundIn = ByteBuffer
        private let promise: EventLoopPromise<String>
        private let until: String?
        private var text = ""

        init(promise: EventLoopPromise<String>, until: String?) {
            self.promise = promise
            self.until = until
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(decoding: unwrapInboundIn(data).readableBytesView, as: UTF8.self)
            if let until, text.contains(until) { promise.succeed(text) }
        }

        func channelInactive(context: ChannelHandlerContext) { promise.succeed(text) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            promise.succeed(text)
            context.close(promise: nil)
        }
    }
}

/// A kubectl run against a `TLSServer`, with a home, cache and kubeconfig of its own.
struct Kubectl {
    /// The programs to test with: `KDASH_KUBECTL`, else 1.32 and 1.33 of the cloud SDK.
    static let programs: [String] = {
        if let named = getenv("KDASH_KUBECTL") { return [String(cString: named)] }
        return ["1.32", "1.33"].map { "/usr/lib/google-cloud-sdk/bin/kubectl.\($0)" }.filter { FileSystem.exists($0) }
    }()

    let program: String
    let directory: String

    /// Runs to the end; both streams together, and the exit code.
    func callAsFunction(_ arguments: String..., stdin: String? = nil, editor: String? = nil) async throws -> (text: String, code: Int32) {
        try await run(arguments, stdin: stdin, editor: editor)
    }

    func run(_ arguments: [String], stdin: String? = nil, editor: String? = nil) async throws -> (text: String, code: Int32) {
        let output = "\(directory)/out-\(SecureRandom.hex(6))"
        let input = "\(directory)/in-\(SecureRandom.hex(6))"
        try FileSystem.writeAtomically(input, Array((stdin ?? "").utf8))
        let outFD = open(output, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        let inFD = open(input, O_RDONLY | O_CLOEXEC)
        defer {
            close(outFD)
            close(inFD)
        }
        var environment = ["HOME=\(directory)", "KUBECONFIG=\(directory)/kubeconfig", "PATH=/usr/bin:/bin"]
        if let editor { environment.append("EDITOR=\(editor)") }
        let child = try ChildProcess.start(
            program, arguments: [program, "--cache-dir", "\(directory)/cache"] + arguments, environment: environment,
            standardStreams: (inFD, outFD, outFD))
        let exit = try await child.waitUntilExit()
        return (String(decoding: try FileSystem.readFile(output), as: UTF8.self), exit.status)
    }
}
