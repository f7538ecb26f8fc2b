import ContainerRuntime
import Glibc
import LinuxKernel
import Logging
import Testing

@testable import NodeAgent

/// Which of the machine's users pods get, and that each daemon gives them the same.
struct PodUsersTests {
    private static func withData(_ body: (NodePaths) throws -> Void) throws {
        let folder = "/tmp/kdusers-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories("\(folder)/pods")
        defer { try? FileSystem.removeTree(folder) }
        try body(NodePaths(data: folder))
    }

    private static func users(_ paths: NodePaths, _ others: [ClosedRange<UInt32>] = [], cluster: UInt32 = 0) -> PodUsers {
        PodUsers(paths: paths, block: UserBlock(cluster: cluster, node: 0), others: others, logger: Logger(label: "test"))
    }

    @Test func `pods get ranges of their own, keep them through a restart and give them back`() throws {
        try Self.withData { paths in
            let users = Self.users(paths)
            #expect(try users.reserve(for: "a") == HostIDRange(first: 65536))
            #expect(try users.reserve(for: "b") == HostIDRange(first: 131072))
            #expect(try users.reserve(for: "a") == HostIDRange(first: 65536))
            let text = try FileSystem.readText("\(paths.data)/pods/b/userns")
            let map = #"[{"hostId":131072,"containerId":0,"length":65536}]"#
            #expect(text == "{\"uidMappings\":\(map),\"gidMappings\":\(map)}")
            let next = Self.users(paths)
            #expect(try next.reserve(for: "c") == HostIDRange(first: 196608))
            #expect(try next.reserve(for: "b") == HostIDRange(first: 131072))
            try FileSystem.removeTree("\(paths.data)/pods/a")
            next.release("a")
            #expect(try next.reserve(for: "d") == HostIDRange(first: 65536))
            #expect(try Self.users(paths).reserve(for: "e") == HostIDRange(first: 262144))
        }
    }

    @Test func `a pod that has ended gives its users back, for this daemon and the next`() throws {
        try Self.withData { paths in
            let users = Self.users(paths)
            let first = try users.reserve(for: "a")
            #expect(try users.reserve(for: "b") != first)
            users.giveBack("a")
            #expect(try users.reserve(for: "c") == first)
            #expect(try FileSystem.names(in: paths.pod("c")) == ["userns"] && FileSystem.names(in: paths.pod("a")).isEmpty)
            #expect(try Self.users(paths).reserve(for: "d") != first)
        }
    }

    @Test func `a range that could not be written down is nobody's`() throws {
        try Self.withData { paths in
            let users = Self.users(paths)
            let first = try users.reserve(for: "a")
            users.giveBack("a")
            try FileSystem.makeDirectories(paths.pod("b") + "/userns.new")
            #expect(throws: ConfigurationError.self) { try users.reserve(for: "b") }
            #expect(try users.reserve(for: "c") == first)
        }
    }

    @Test func `ids that are somebody's are left out`() throws {
        try Self.withData { paths in
            #expect(try Self.users(paths, [100_000...165_535]).reserve(for: "a") == HostIDRange(first: 196608))
            let etc = "\(paths.data)/etc"
            try FileSystem.makeDirectories(etc)
            try FileSystem.write("me:100000:65536\nmad:4294967295:65536\nbroken\nnone:7:0\n", to: Self.touch("\(etc)/subuid"))
            try FileSystem.write("root:x:0:0::/:/bin/sh\nme:x:1000:1000::/:/bin/sh\nfar:x:200000:1::/:/bin/sh\n", to: Self.touch("\(etc)/passwd"))
            #expect(MachineUsers.promised(in: etc) == [100_000...165_535, UInt32.max...UInt32.max, 200_000...200_000])
        }
    }

    private static func touch(_ path: String) throws -> String {
        try FileSystem.writeAtomically(path, [], mode: 0o644)
        return path
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"uidMappings":[],"gidMappings":[]}"#,
        #"{"uidMappings":[{"hostId":0,"containerId":0,"length":65536}],"gidMappings":[{"hostId":0,"containerId":0,"length":65536}]}"#,
        #"{"uidMappings":[{"hostId":65537,"containerId":0,"length":65536}],"gidMappings":[{"hostId":65537,"containerId":0,"length":65536}]}"#,
        #"{"uidMappings":[{"hostId":65536,"containerId":0,"length":65536}],"gidMappings":[{"hostId":131072,"containerId":0,"length":65536}]}"#,
        #"{"uidMappings":[{"hostId":65536,"containerId":0,"length":1}],"gidMappings":[{"hostId":65536,"containerId":0,"length":1}]}"#,
        #"{"uidMappings":[{"hostId":4294901760,"containerId":0,"length":65536}],"gidMappings":[{"hostId":4294901760,"containerId":0,"length":65536}]}"#,
    ])
    func `a record that gives anything else is none`(_ text: String) {
        #expect(PodUsersRecord.parse(text) == nil)
    }

    @Test func `a link in the record's place is not followed`() throws {
        try Self.withData { paths in
            try FileSystem.makeDirectories("\(paths.data)/pods/a")
            try FileSystem.writeAtomically("\(paths.data)/elsewhere", Array(PodUsersRecord.text(HostIDRange(first: 65536 * 9)).utf8), mode: 0o644)
            try #require(symlink("\(paths.data)/elsewhere", "\(paths.data)/pods/a/userns") == 0)
            // Neither read nor written through, but replaced.
            #expect(try Self.users(paths).reserve(for: "a") == HostIDRange(first: 65536))
            #expect(try FileSystem.readText("\(paths.data)/pods/a/userns").contains("65536"))
            #expect(try FileSystem.readText("\(paths.data)/elsewhere").contains("589824"))
        }
    }

    @Test func `a node that has given everything says so`() throws {
        try Self.withData { paths in
            let users = Self.users(paths, [0...UInt32.max])
            let error = #expect(throws: ConfigurationError.self) { _ = try users.reserve(for: "a") }
            #expect(error?.message.contains("delete pods") == true)
        }
    }

    @Test func `ids of the machine are told as the pod has them`() {
        #expect(HostIDRange(map: "         0     131072      65536\n") == HostIDRange(first: 131072))
        for map in ["0 0 4294967295\n", "0 1000 1\n1 100000 65536\n", "1 131072 65536\n", "0 131072 10\n", ""] {
            #expect(HostIDRange(map: map) == nil, "\(map)")
        }
        let range = HostIDRange(first: 131072)
        #expect([131072, 132072, 196607, 196608, 0].map(range.inside) == [0, 1000, 65535, 65534, 65534])
    }

    @Test func `nodes of a cluster have ranges of their own, none beyond what an id can be`() {
        let blocks = (0..<127).map { UserBlock(cluster: 0xffff_ffff, node: $0).numbers }
        #expect(Set(blocks.map(\.lowerBound)).count == 127)
        #expect(blocks.allSatisfy { $0.lowerBound >= 1 && $0.upperBound <= 65535 && $0.count == 512 })
    }
}
