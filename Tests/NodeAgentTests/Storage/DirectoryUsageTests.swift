import Glibc
import KubeClient
import LinuxKernel
import Testing

@testable import NodeAgent

struct DirectoryUsageTests {
    private static func with(_ body: (String) throws -> Void) throws {
        let path = "/tmp/kdash-test-\(SecureRandom.hex(12))"
        try FileSystem.makeDirectories(path + "/v/deep")
        defer { try? FileSystem.removeTree(path) }  // best effort: a leftover of a test
        try body(path)
    }

    private static func write(_ path: String, _ size: Int) throws {
        try FileDescriptor.open(path, O_WRONLY | O_CREAT).writeAll([UInt8](repeating: 1, count: size))
    }

    @Test func `blocks and files below a directory are counted, links are not followed`() throws {
        try Self.with { path in
            try Self.write(path + "/v/deep/file", 100_000)
            try Self.write(path + "/outside", 900_000)
            try #require(symlink(path + "/outside", path + "/v/link") == 0)
            let use = DirectoryUsage.measure("v", below: path)
            #expect((100_000..<200_000).contains(use.size.value) && use.files == 3)
            #expect(DirectoryUsage.measure("missing", below: path) == .init())
        }
    }

    @Test func `a file with several names counts once`() throws {
        try Self.with { path in
            try Self.write(path + "/v/file", 100_000)
            let before = DirectoryUsage.measure("v", below: path)
            for number in 0..<5 { try #require(link(path + "/v/file", path + "/v/deep/\(number)") == 0) }
            let after = DirectoryUsage.measure("v", below: path)
            #expect(after.files == before.files && after.size.value < before.size.value + 100_000)
        }
    }

    @Test func `a link that was planted on the way leads nowhere`() throws {
        try Self.with { path in
            try Self.write(path + "/v/deep/file", 100_000)
            try #require(symlink(path + "/v", path + "/planted") == 0)
            #expect(DirectoryUsage.measure("planted/deep", below: path) == .init())
        }
    }
}
