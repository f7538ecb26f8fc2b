import APIServer
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import NIOSSL
import ObjectStore

/// An API server that listens on a free port of 127.0.0.1, and the administrator's way to it. Ends with the process.
struct ListeningServer: Sendable {
    private let server: APIServer
    private let context: NIOSSLContext

    /// Starts one. `protocols` are what the client says it speaks, as ALPN has it.
    static func start(protocols: [String] = []) async throws -> ListeningServer {
        let directory = "\(FileSystem.directory(of: FuzzPlan.variable("SLOT") ?? "/tmp/kdash-fuzz/slot"))/server"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        let store = try ObjectStore.open(directory: directory, time: SystemTimeSource(), options: ObjectStore.Options())
        let configuration = APIServerConfiguration(
            pkiDirectory: "\(directory)/pki", clusterID: "0badcafe", schemas: builtinSchemas,
            logger: Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() }))
        let server = APIServer(configuration: configuration, store: store, nodes: NodeDirectory())
        try await server.start()
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file("\(directory)/pki/ca.crt")
        tls.certificateVerification = .noHostnameVerification
        tls.certificateChain = try NIOSSLCertificate.fromPEMFile("\(directory)/pki/admin.crt").map { .certificate($0) }
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: "\(directory)/pki/admin.key", format: .pem))
        tls.applicationProtocols = protocols
        return ListeningServer(server: server, context: try NIOSSLContext(configuration: tls))
    }

    /// Sends bytes on a connection of their own and waits for what is expected.
    func exchange<Answers: ConnectionAnswers>(_ input: [UInt8], _ expected: Answers) throws -> Answers {
        try ServerConversation(port: server.boundPorts[0], context: context).run(input, expected)
    }

    /// Throws unless the server is still there for everybody else.
    func goesOn() throws {
        let health = try exchange(Array("GET /livez HTTP/1.1\r\n\r\n".utf8), ServerAnswers(methods: ["GET"], count: 1))
        try Violation.unless(health.list.first?.status == 200, "the server goes on", "\(health)")
    }
}
