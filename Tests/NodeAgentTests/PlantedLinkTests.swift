import Glibc
import LinuxKernel
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

    @Test func `nobody in the node changes images, and pods and logs are where the daemon writes them`() {
        let binds = NodePaths(data: "/d").binds
        #expect(binds.map(\.host) == ["/d/images", "/d/pods", "/d/logs"])
        #expect(binds.map(\.isReadOnly) == [true, false, false])
        let paths = NodePaths(data: "/d")
        #expect(paths.relative(paths.instance("u", "c", 4)) == "pods/u/containers/c/4")
    }
}
