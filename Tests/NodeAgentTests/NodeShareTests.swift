import LinuxKernel
import TestSupport
import Testing

@testable import NodeAgent

@Suite struct NodeShareTests {
    @Test(arguments: [
        ("/src", "/src", false), ("/src:ro", "/src", true), ("/src:rw", "/src", false), ("a:b", "a:b", false), ("/a:b:ro", "/a:b", true), (":ro", "", true),
    ]) func `an argument is a folder and how it is shared`(argument: String, path: String, isReadOnly: Bool) {
        #expect(NodeShare(argument: argument) == NodeShare(path: path, isReadOnly: isReadOnly))
    }

    @Test(arguments: [
        ("/", "the whole machine"), ("/proc", "its own /proc"), ("/dev/shm", "its own /dev"), ("/var", "holds the cluster's keys"),
        ("/var/kd", "holds the cluster's keys"), ("/var/kd/images", "part of the cluster's own data"), ("/var/lib", "would hide the node's own"),
        ("/var/lib/kdash/pods", "its own /var/lib/kdash"),
    ]) func `what would harm the node or show its keys is refused`(path: String, reason: String) {
        let data = path == "/var" || path.hasPrefix("/var/kd") ? "/var/kd" : "/elsewhere"
        #expect(NodeShare(path: path, isReadOnly: true).refusal(data: data)?.contains(reason) == true)
    }

    @Test(arguments: ["/home/me/src", "/processes", "/srv", "/var/kdx", "/tmp"]) func `other folders can be shared`(path: String) {
        #expect(NodeShare(path: path, isReadOnly: false).refusal(data: "/var/kd") == nil)
    }

    @Test func `shares are kept in a file, by their true paths`() async throws {
        let folder = ScratchFolder.path("shares")
        let real = FileSystem.truePath(folder)
        for name in ["data", "src/deep", "other"] { try FileSystem.makeDirectories("\(folder)/\(name)") }
        let file = "\(folder)/data/shares"
        let shares = try NodeShares(file: file, data: "\(folder)/data")
        let added = try await shares.add(NodeShare(path: "\(folder)/other/../src", isReadOnly: false))
        #expect(added == NodeShare(path: "\(real)/src", isReadOnly: false))
        // Said again, it changes how.
        _ = try await shares.add(NodeShare(path: "\(folder)/src", isReadOnly: true))
        #expect(shares.all == [NodeShare(path: "\(real)/src", isReadOnly: true)])
        await #expect(throws: NodeShares.Problem.self) { try await shares.add(NodeShare(path: "\(folder)/src/deep", isReadOnly: false)) }
        await #expect(throws: NodeShares.Problem.self) { try await shares.add(NodeShare(path: folder, isReadOnly: false)) }
        await #expect(throws: NodeShares.Problem.self) { try await shares.add(NodeShare(path: "src", isReadOnly: false)) }
        #expect(try NodeShares(file: file, data: "\(folder)/data").all == shares.all)
        _ = try await shares.add(NodeShare(path: "\(folder)/other", isReadOnly: false))
        try FileSystem.removeDirectory("\(folder)/other")
        #expect(shares.atStart.binds.map(\.path) == ["\(real)/src"])
        #expect(shares.atStart.notes.count == 1)
        #expect(try await shares.remove("\(folder)/src").path == "\(real)/src")
        await #expect(throws: NodeShares.Problem.self) { try await shares.remove("\(folder)/src") }
    }

    @Test(arguments: [("/a b", true), ("/a", false), ("/a b/c", false), ("/x", false)])
    func `mounts below a folder are found`(path: String, isFound: Bool) {
        let text = "36 35 98:0 / / rw - ext4 /dev/a rw\n37 36 98:1 /sub /a\\040b/c rw,noatime shared:1 - ext4 /dev/b rw\n"
        #expect(NodeShares.hasMounts(below: path, text) == isFound)
    }

    @Test(arguments: ["{}", "[1]", "[{\"path\":\"src\",\"mode\":\"ro\"}]", "[{\"path\":\"/src\",\"mode\":\"x\"}]", "["])
    func `a broken file says what to do`(text: String) throws {
        let folder = ScratchFolder.path("broken-shares")
        try FileSystem.makeDirectories(folder)
        try FileSystem.writeAtomically("\(folder)/shares", Array(text.utf8))
        let problem = #expect(throws: NodeShares.Problem.self) { try NodeShares(file: "\(folder)/shares", data: folder) }
        #expect(problem?.description.contains("remove the file and share them again") == true)
    }
}
