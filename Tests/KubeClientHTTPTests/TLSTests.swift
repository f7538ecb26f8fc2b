import APIMachinery
import KubeClient
import KubeClientHTTP
import LinuxKernel
import NIOHTTP1
import NIOSSL
import Testing

/// Certificates made by openssl, the tool users have.
private struct TestPKI {
    let directory: String

    static func with(_ body: (TestPKI) async throws -> Void) async throws {
        let directory = "/tmp/kdash-client-tls-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: it is under /tmp
        let pki = TestPKI(directory: directory)
        try await pki.authority("ca")
        try await pki.certificate("server", signer: "ca", names: "IP:127.0.0.1,DNS:kdash.test")
        try await pki.certificate("client", signer: "ca", names: "DNS:client")
        try await body(pki)
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    func authority(_ name: String) async throws {
        try await openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)", "-days", "2",
            "-keyout",
            path("\(name).key"), "-out", path("\(name).crt"))
    }

    func certificate(_ name: String, signer: String, names: String) async throws {
        try await openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)", "-keyout",
            path("\(name).key"), "-out",
            path("\(name).csr"))
        try FileSystem.writeAtomically(path("\(name).ext"), Array("subjectAltName=\(names)\n".utf8))
        try await openssl(
            "x509", "-req", "-in", path("\(name).csr"), "-CA", path("\(signer).crt"), "-CAkey", path("\(signer).key"), "-CAcreateserial",
            "-days", "2",
            "-extfile", path("\(name).ext"), "-out", path("\(name).crt"))
    }

    func serverContext(requiresClient: Bool) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(path("server.crt")).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: path("server.key"), format: .pem)))
        if requiresClient {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .file(path("ca.crt"))
        }
        return try NIOSSLContext(configuration: configuration)
    }

    private func openssl(_ arguments: String...) async throws {
        let child = try ChildProcess.start("/usr/bin/openssl", arguments: ["openssl"] + arguments)
        #expect(try await child.waitUntilExit() == .code(0), "openssl \(arguments.joined(separator: " "))")
    }
}

@Suite(.timeLimit(.minutes(5))) struct TLSTests {
    private func send(_ server: TestServer, _ cluster: KubeconfigCluster, _ user: KubeconfigUser = KubeconfigUser()) async throws -> Int {
        var cluster = cluster
        cluster.server = "https://127.0.0.1:\(server.port)"
        let transport = try HTTPTransport(
            context: KubeconfigContext(name: "test", cluster: cluster, user: user), runsPlugins: false,
            timeouts: HTTPTransport.Timeouts(response: 10))
        defer { transport.close() }
        return try await transport.send(APIRequest(path: "/version")).status
    }

    @Test func `the authority counts, by file and by data, and can be waived`() async throws {
        try await TestPKI.with { pki in
            let server = try await TestServer.start(tls: try pki.serverContext(requiresClient: false)) { _ in .whole(200, [], "{}") }
            #expect(try await send(server, KubeconfigCluster(server: "", certificateAuthority: .file(pki.path("ca.crt")))) == 200)
            let data = try FileSystem.readFile(pki.path("ca.crt"))
            #expect(try await send(server, KubeconfigCluster(server: "", certificateAuthority: .data(data))) == 200)
            #expect(try await send(server, KubeconfigCluster(server: "", skipsTLSVerification: true)) == 200)
            #expect(
                try await send(server, KubeconfigCluster(server: "", certificateAuthority: .data(data), tlsServerName: "kdash.test")) == 200
            )
            try await pki.authority("other")
            for cluster in [
                KubeconfigCluster(server: ""), KubeconfigCluster(server: "", certificateAuthority: .file(pki.path("other.crt"))),
            ] {
                let error = await #expect(throws: APIStatus.self) { _ = try await send(server, cluster) }
                #expect(
                    error?.message.hasPrefix("no trusted connection to https://127.0.0.1:\(server.port)") == true, "\(error?.message ?? "")"
                )
            }
            await server.stop()
        }
    }

    @Test func `a certificate must be for the server's name`() async throws {
        try await TestPKI.with { pki in
            try await pki.certificate("server", signer: "ca", names: "DNS:kdash.test")
            let server = try await TestServer.start(tls: try pki.serverContext(requiresClient: false)) { _ in .whole(200, [], "{}") }
            var cluster = KubeconfigCluster(server: "", certificateAuthority: .file(pki.path("ca.crt")), tlsServerName: "kdash.test")
            #expect(try await send(server, cluster) == 200)
            for name in [nil, "wrong.test"] {
                cluster.tlsServerName = name
                let wrong = cluster
                let error = await #expect(throws: APIStatus.self) { _ = try await send(server, wrong) }
                #expect(error?.message.contains("for another name") == true, "\(name ?? "no name"): \(error?.message ?? "")")
            }
            await server.stop()
        }
    }

    @Test func `a client certificate is shown, and read again when its file changed`() async throws {
        try await TestPKI.with { pki in
            let server = try await TestServer.start(tls: try pki.serverContext(requiresClient: true)) { _ in .whole(200, [], "{}") }
            let cluster = KubeconfigCluster(server: "https://127.0.0.1:\(server.port)", certificateAuthority: .file(pki.path("ca.crt")))
            #expect(
                try await send(
                    server, cluster,
                    KubeconfigUser(clientCertificate: .file(pki.path("client.crt")), clientKey: .file(pki.path("client.key")))) == 200)
            await #expect(throws: APIStatus.self) { _ = try await send(server, cluster) }

            // One transport, whose first certificate is of a foreign authority until its files are replaced.
            try await pki.authority("other")
            try await pki.certificate("renewed", signer: "other", names: "DNS:client")
            let user = KubeconfigUser(clientCertificate: .file(pki.path("renewed.crt")), clientKey: .file(pki.path("renewed.key")))
            let transport = try HTTPTransport(context: KubeconfigContext(name: "test", cluster: cluster, user: user), runsPlugins: false)
            await #expect(throws: APIStatus.self) { _ = try await transport.send(APIRequest(path: "/version")) }
            try await pki.certificate("renewed", signer: "ca", names: "DNS:client")
            #expect(try await transport.send(APIRequest(path: "/version")).status == 200)
            transport.close()
            await server.stop()
        }
    }

    @Test func `missing and broken certificates are named`() async throws {
        try await TestPKI.with { pki in
            let server = try await TestServer.start { _ in .whole(200, [], "{}") }
            let missing = await #expect(throws: APIStatus.self) {
                _ = try await send(server, KubeconfigCluster(server: "", certificateAuthority: .file(pki.path("none.crt"))))
            }
            #expect(missing?.message.contains(pki.path("none.crt")) == true)
            let broken = await #expect(throws: APIStatus.self) {
                _ = try await send(server, KubeconfigCluster(server: "", certificateAuthority: .data(Array("x".utf8))))
            }
            #expect(broken?.message.contains("no PEM certificate") == true, "\(broken?.message ?? "")")
            let keyless = await #expect(throws: APIStatus.self) {
                _ = try await send(server, KubeconfigCluster(server: ""), KubeconfigUser(clientCertificate: .file(pki.path("client.crt"))))
            }
            #expect(keyless?.message.contains("client-key") == true)
            await server.stop()
        }
    }
}
