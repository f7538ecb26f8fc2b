import Glibc
import LinuxKernel
import Testing

@testable import NodeAgent

@Suite struct InstanceDirectoryTests {
    @Test func `what a start that was cut short left is gone for the next`() throws {
        let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        defer { try? FileSystem.removeTree(folder) }  // best effort: it is under /tmp
        let instance = "\(folder)/pods/u/containers/main/0"
        for name in ["work/work/incompat/volatile", "upper/tmp"] { try FileSystem.makeDirectories("\(instance)/\(name)") }
        try FileSystem.writeAtomically("\(instance)/upper/tmp/half", Array("half".utf8))
        // As overlay leaves its own folder.
        #expect(chmod("\(instance)/work/work", 0) == 0)
        _ = try InstanceDirectory.make("pods/u/containers/main/0", below: folder)
        #expect(try FileSystem.names(in: instance) == ["upper", "work"])
        for name in ["upper", "work"] { #expect(try FileSystem.names(in: "\(instance)/\(name)").isEmpty) }
    }

    @Test func `a link in a folder's place leads nowhere`() throws {
        let folder = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        defer { try? FileSystem.removeTree(folder) }  // best effort: it is under /tmp
        for name in ["pods", "outside"] { try FileSystem.makeDirectories("\(folder)/\(name)") }
        try FileSystem.writeAtomically("\(folder)/outside/kept", Array("kept".utf8))
        #expect(symlink("../outside", "\(folder)/pods/upper") == 0)
        _ = try InstanceDirectory.make("pods", below: folder)
        #expect(try FileSystem.names(in: "\(folder)/outside") == ["kept"])
        #expect(FileSystem.isDirectory("\(folder)/pods/upper"))
    }
}
