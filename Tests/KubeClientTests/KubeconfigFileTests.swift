import Glibc
import KubeClient
import LinuxKernel
import Testing

struct KubeconfigFileTests {
    private static func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = "/tmp/kdash-kubeconfig-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: it is under /tmp
        try await body(directory)
    }

    private static func write(_ text: String, to path: String) throws {
        try FileSystem.writeAtomically(path, Array(text.utf8))
    }

    private let entry = KubeconfigEntry(
        name: "kdash", server: "https://127.0.0.1:6443", certificateAuthority: "/d/ca.crt", clientCertificate: "/d/admin.crt",
        clientKey: "/d/admin.key")

    @Test func `a file that was not there is made for its owner alone and removed again`() async throws {
        try await Self.withDirectory { directory in
            let file = KubeconfigFile(path: "\(directory)/.kube/config")
            #expect(try await file.add(entry) == .created)
            #expect(try FileSystem.status(file.path)?.st_mode == S_IFREG | 0o600)
            #expect(try await file.add(entry) == .unchanged)
            let config = try Kubeconfig.load([file.path])
            #expect(config.currentContext == "kdash")
            #expect(try config.context().cluster.certificateAuthority == .file("/d/ca.crt"))
            #expect(try await file.remove(entry) == .removed)
            #expect(!FileSystem.exists(file.path))
            #expect(try await file.remove(entry) == .unchanged)
            #expect(try FileSystem.names(in: "\(directory)/.kube").isEmpty)
        }
    }

    @Test func `a symbolic link stays one, and mode and other bytes stay`() async throws {
        try await Self.withDirectory { directory in
            let text = "# mine\nclusters: []\ncurrent-context: x\n"
            try FileSystem.makeDirectories("\(directory)/dotfiles", mode: 0o755)
            try Self.write(text, to: "\(directory)/dotfiles/kube")
            chmod("\(directory)/dotfiles/kube", 0o640)
            symlink("dotfiles/kube", "\(directory)/config")
            let file = KubeconfigFile(path: "\(directory)/config")
            #expect(try await file.add(entry) == .changed)
            #expect(try FileSystem.readLink(file.path) == "dotfiles/kube")
            #expect(try FileSystem.status("\(directory)/dotfiles/kube")?.st_mode == S_IFREG | 0o640)
            #expect(try FileSystem.readText(file.path).contains("name\": \"kdash\""))
            #expect(try await file.remove(entry) == .changed)
            #expect(try FileSystem.readFile(file.path) == Array(text.utf8))
            #expect(try FileSystem.names(in: "\(directory)/dotfiles") == ["kube"])
            #expect(try FileSystem.names(in: directory) == ["config", "dotfiles"])
        }
    }

    @Test func `an empty file stays there, empty`() async throws {
        try await Self.withDirectory { directory in
            try FileSystem.writeAtomically("\(directory)/config", [])
            let file = KubeconfigFile(path: "\(directory)/config")
            #expect(try await file.add(entry) == .changed)
            #expect(try await file.remove(entry) == .changed)
            #expect(try FileSystem.readText(file.path).isEmpty)
        }
    }

    @Test func `a lock that stays is named after five seconds`() async throws {
        try await Self.withDirectory { directory in
            try FileSystem.writeAtomically("\(directory)/config.lock", [])
            let time = ManualTimeSource()
            let file = KubeconfigFile(path: "\(directory)/config", time: time)
            let entry = entry
            let adding = Task { try await file.add(entry) }
            for _ in 0..<100 {
                await time.waitForSleepers(1)
                time.advance(by: .milliseconds(50))
            }
            let error = await #expect(throws: KubeconfigError.self) { try await adding.value }
            #expect(error?.code == .locked)
            #expect(error?.message.contains("config.lock") == true)
            #expect(FileSystem.exists("\(directory)/config.lock"))
        }
    }

    @Test func `the first file with an entry wins, and relative paths count from its directory`() async throws {
        try await Self.withDirectory { directory in
            try FileSystem.makeDirectories("\(directory)/b", mode: 0o755)
            try Self.write(
                "contexts:\n- name: one\n  context: {cluster: c, user: u}\nclusters:\n- name: c\n  cluster: {server: first, certificate-authority: ca.crt}\n",
                to: "\(directory)/a")
            try Self.write(
                """
                current-context: two
                contexts: [{name: two, context: {cluster: c, user: u, namespace: web}}, {name: one, context: {cluster: zzz}}]
                clusters: [{name: c, cluster: {server: second}}]
                users:
                - name: u
                  user:
                    client-certificate: u.crt
                    client-key-data: \("S0VZ")
                    exec: {command: ./login, args: [a, b], env: [{name: X, value: "1"}], apiVersion: client.authentication.k8s.io/v1beta1}
                """, to: "\(directory)/b/config")
            let config = try Kubeconfig.load(["\(directory)/missing", "\(directory)/a", "\(directory)/b/config"])
            #expect(config.contextNames == ["one", "two"])
            let context = try config.context()
            #expect(context.name == "two")
            #expect(context.namespace == "web")
            #expect(context.cluster.server == "first")
            #expect(context.cluster.certificateAuthority == .file("\(directory)/ca.crt"))
            #expect(context.user.clientCertificate == .file("\(directory)/b/u.crt"))
            #expect(context.user.clientKey == .data(Array("KEY".utf8)))
            #expect(context.user.exec?.command == "\(directory)/b/./login")
            #expect(context.user.exec?.environment == [ExecCredentialPlugin.Variable(name: "X", value: "1")])
            #expect(throws: KubeconfigError.self) { try config.context(named: "three") }
        }
    }

    @Test(arguments: [
        ("- a", "is no map"), ("kind: Pod", "kind \"Pod\""), ("clusters: 1", "no list"), ("clusters: [{}]", "without a name"),
        ("users: [{name: a, user: 1}]", "no map"),
        ("a: [", "line 1"), ("users: [{name: a, user: {client-key-data: '!'}}]", "not base64"),
        ("users: [{name: a, user: {exec: {}}}]", "without a command"),
    ])
    func `a broken file is refused with its path and the fault`(text: String, message: String) async throws {
        try await Self.withDirectory { directory in
            try Self.write(text, to: "\(directory)/config")
            let error = #expect(throws: KubeconfigError.self) { try Kubeconfig.load(["\(directory)/config"]) }
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("\(directory)/config") == true)
        }
    }

    @Test func `a file that was named must be there`() async throws {
        try await Self.withDirectory { directory in
            let error = #expect(throws: KubeconfigError.self) { try Kubeconfig.load(["\(directory)/nope"], mustExist: true) }
            #expect(error?.message.contains("\(directory)/nope") == true)
            let none = try Kubeconfig.load(["\(directory)/nope"])
            #expect(none.contextNames.isEmpty)
        }
    }

    @Test func `KUBECONFIG names the files, and the home directory is used without it`() {
        #expect(Kubeconfig.paths(environment: { _ in "/a::/b:/a" }, home: "/home/me") == ["/a", "/b"])
        #expect(Kubeconfig.paths(environment: { _ in nil }, home: "/home/me") == ["/home/me/.kube/config"])
        #expect(Kubeconfig.paths(explicit: "/x", environment: { _ in "/a" }, home: nil) == ["/x"])
    }
}
