import Glibc
import KubeClient
import LinuxKernel
import Logging
import Testing

@testable import NodeAgent

/// Pods that see the node's directories can plant anything in them, which on the host must lead nowhere.
@Suite struct PlantedLinkTests {
    private static func withData(_ body: (NodePaths, String) throws -> Void) throws {
        let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        for name in ["data/pods/u", "data/logs", "outside"] { try FileSystem.makeDirectories("\(folder)/\(name)") }
        defer { try? FileSystem.removeTree(folder) }  // best effort: it is under /tmp
        try body(NodePaths(data: "\(folder)/data"), "\(folder)/outside")
    }

    @Test func `a pod's files are not written through a link`() throws {
        try Self.withData { paths, outside in
            #expect(symlink(outside, paths.pod("u") + "/etc") == 0)
            let etc = paths.relative(paths.pod("u") + "/etc")
            let error = #expect(throws: SystemError.self) { _ = try SafeDirectory.make(etc, below: paths.data, mode: 0o755) }
            #expect(error?.errno == ELOOP)
            #expect(throws: SystemError.self) { _ = try SafeDirectory.open(etc, below: paths.data) }
            unlink(paths.pod("u") + "/etc")
            let files = PodFiles(pod: .sample(), podIP: "10.0.0.1", resolver: ResolverConfiguration())
            try files.write(to: try SafeDirectory.make(etc, below: paths.data, mode: 0o755))
            #expect(try FileSystem.names(in: paths.pod("u") + "/etc") == ["hostname", "hosts", "resolv.conf"])
            #expect(try FileSystem.names(in: outside).isEmpty)
        }
    }

    @Test func `a link or a FIFO in a file's place is an error and is not waited for`() throws {
        try Self.withData { paths, outside in
            try FileSystem.writeAtomically("\(outside)/kept", Array("kept".utf8))
            let directory = try SafeDirectory.open("pods/u", below: paths.data)
            #expect(symlink("\(outside)/kept", paths.pod("u") + "/link") == 0)
            #expect(mkfifo(paths.pod("u") + "/fifo", 0o600) == 0)
            for name in ["link", "fifo"] {
                #expect(throws: SystemError.self) { try VolatileFile.write("x", to: name, in: directory, mode: 0o644) }
            }
            #expect(try FileSystem.readText("\(outside)/kept") == "kept")
        }
    }

    @Test func `users are looked up in layers, and not where a link in a layer's place leads`() throws {
        try Self.withData { paths, outside in
            for folder in ["\(paths.data)/images/layers/real/fs/etc", "\(outside)/fs/etc"] { try FileSystem.makeDirectories(folder) }
            try FileSystem.writeAtomically("\(paths.data)/images/layers/real/fs/etc/passwd", Array("app:x:7:8::/srv:\n".utf8))
            try FileSystem.writeAtomically("\(outside)/fs/etc/passwd", Array("somebody:x:1000:1000::/home:\n".utf8))
            #expect(symlink(outside, "\(paths.data)/images/layers/planted") == 0)
            func user(_ name: String, _ layer: String) throws -> ImageUser.Resolved {
                try ImageUser.resolve(name, uid: nil, gid: nil, layers: ["images/layers/\(layer)/fs"], below: paths.data)
            }
            #expect(try user("app", "real") == ImageUser.Resolved(uid: 7, gid: 8, groups: [], home: "/srv"))
            let failure = #expect(throws: ImageUser.Failure.self) { try user("somebody", "planted") }
            #expect(failure?.message.contains("has no user somebody") == true)
        }
    }

    @Test(arguments: ["4294967296", "2147483648", "4294967295", "99999999999999999999", "0:4294967296", "1000:99999999999999999999"])
    func `a number that is no user is an error and never a name`(user: String) throws {
        try Self.withData { paths, _ in
            let folder = "\(paths.data)/images/layers/real/fs/etc"
            try FileSystem.makeDirectories(folder)
            try FileSystem.writeAtomically("\(folder)/passwd", Array("\(user):x:0:0::/:\n".utf8))
            #expect(throws: ImageUser.Failure.self) {
                try ImageUser.resolve(user, uid: nil, gid: nil, layers: ["images/layers/real/fs"], below: paths.data)
            }
        }
    }

    /// What the supervisor is told must be where the binds show what the daemon wrote.
    @Test(arguments: [
        (NodePaths(data: "/d").instance("u", "c", 4), false), (NodePaths(data: "/d").volume("u", "v"), false),
        (NodePaths(data: "/d").logs.path(namespace: "n", pod: "p", uid: "u", container: "c"), false), ("/d/images/layers/a/fs", true),
    ])
    func `the node sees what the daemon writes, and images only to read`(host: String, isReadOnly: Bool) throws {
        let paths = NodePaths(data: "/d")
        let bind = try #require(paths.binds.first { host.hasPrefix("\($0.host)/") })
        #expect(paths.node(host) == bind.node + host.dropFirst(bind.host.count))
        #expect("\(paths.data)/\(paths.relative(host))" == host)
        #expect(bind.isReadOnly == isReadOnly)
    }

    @Test func `a living container keeps the logs of five instances, and what a link leads to is left alone`() throws {
        try Self.withData { paths, outside in
            try FileSystem.writeAtomically("\(outside)/kept", Array("kept".utf8))
            let folder = "\(paths.logs.root)/n_p_u/main"
            try FileSystem.makeDirectories(folder)
            for name in ["0.log.1", "1.log", "1.log.1", "3.log", "3.log.1", "4.log", "5.log", "6.log", "7.log", "other", "2.txt"] {
                try FileSystem.writeAtomically("\(folder)/\(name)", Array("x".utf8))
            }
            #expect(symlink("\(outside)/kept", "\(folder)/0.log") == 0)
            try LogAttempts.removeEarlier(in: "n_p_u/main", below: paths.logs.root)
            #expect(try FileSystem.names(in: folder).sorted() == ["2.txt", "3.log", "3.log.1", "4.log", "5.log", "6.log", "7.log", "other"])
            #expect(try FileSystem.readText("\(outside)/kept") == "kept")
            try LogAttempts.removeEarlier(in: "n_p_u/main", below: paths.logs.root)
            #expect(try FileSystem.names(in: folder).count == 8)
            #expect(symlink(outside, "\(paths.logs.root)/n_p_u/planted") == 0)
            #expect(throws: SystemError.self) { try LogAttempts.removeEarlier(in: "n_p_u/planted", below: paths.logs.root) }
        }
    }

    @Test func `kept logs are measured without what a link leads to`() throws {
        try Self.withData { paths, outside in
            try FileSystem.writeAtomically("\(outside)/large", [UInt8](repeating: 1, count: 1 << 20))
            let retention = LogRetention(directory: paths.logs, budget: .zero, logger: Logger(label: "test"))
            let pod = "\(paths.logs.root)/n_p_u"
            try FileSystem.makeDirectories("\(pod)/main")
            try FileSystem.writeAtomically("\(pod)/main/0.log", [UInt8](repeating: 1, count: 5000))
            #expect(symlink(outside, "\(pod)/linked") == 0)
            #expect(symlink("\(outside)/large", "\(pod)/main/1.log") == 0)
            let kept = try #require(retention.kept(livePods: []).first)
            #expect(kept.containers == ["main"] && kept.size >= ByteCount(4096) && kept.size < .kibibytes(64), "\(kept)")
            #expect(retention.kept(livePods: ["u"]).isEmpty)
            retention.enforce(livePods: [])
            #expect(try FileSystem.names(in: paths.logs.root).isEmpty)
            #expect(try FileSystem.names(in: outside) == ["large"])
        }
    }
}
