import APIMachinery
import Glibc
import KubeClient
import LinuxKernel
import Synchronization
import Testing

@testable import ViewModels

/// Files of a container in memory.
private final class FakeInside: ContainerAccess {
    enum Entry {
        case directory([String: Entry])
        case file([UInt8])
        case link(String)
        case device
    }
    let files: [String: Entry]
    let written = Mutex<[String: [UInt8]]>([:])
    let made = Mutex<[String]>([])
    var opensSessions: Bool { false }

    init(_ files: [String: Entry] = [:]) { self.files = files }

    private func find(_ path: FilePath) -> Entry? {
        var entry = Entry.directory(files)
        for part in path.description.split(separator: "/") {
            guard case .directory(let entries) = entry, let next = entries[String(part)] else { return nil }
            entry = next
        }
        return entry
    }

    private static func file(_ name: String, _ entry: Entry) -> ContainerFile {
        let kind: ContainerFile.Kind
        var (size, link) = (Int64(0), FilePath?.none)
        switch entry {
        case .directory: kind = .directory
        case .file(let bytes): (kind, size) = (.file, Int64(bytes.count))
        case .link(let target): (kind, link) = (.link, FilePath(bytes: target.utf8))
        case .device: kind = .block
        }
        return ContainerFile(
            name: FilePath(bytes: name.utf8), kind: kind, size: ByteCount(size), mode: 0o755, owner: 0, group: 0, modified: Timestamp(seconds: 0), link: link,
            version: "1")
    }

    func list(_ target: ContainerTarget, path: FilePath) async throws(APIStatus) -> ContainerListing {
        guard case .directory(let entries)? = find(path) else { throw APIStatus(code: 404, reason: .notFound, message: "\(path) is no directory") }
        return ContainerListing(files: entries.map { Self.file($0.key, $0.value) }, isCut: false, isRunning: true)
    }

    func read(_ target: ContainerTarget, path: FilePath, offset: Int64, limit: Int) async throws(APIStatus) -> ContainerFilePart {
        guard case .file(let bytes)? = find(path) else { throw APIStatus(code: 404, reason: .notFound, message: "\(path) is no file") }
        return ContainerFilePart(
            file: Self.file(path.name.description, .file(bytes)), bytes: Array(bytes.dropFirst(Int(offset)).prefix(limit)), isRunning: true)
    }

    func write(
        _ target: ContainerTarget, path: FilePath, _ bytes: [UInt8], ifVersion: String?, isExecutable: Bool
    ) async throws(APIStatus) -> ContainerFile {
        written.withLock { $0[path.description] = bytes }
        return Self.file(path.name.description, .file(bytes))
    }

    func makeDirectory(_ target: ContainerTarget, path: FilePath) async throws(APIStatus) { made.withLock { $0.append(path.description) } }
    func processes(_ target: ContainerTarget) async throws(APIStatus) -> ContainerProcesses { throw .badRequest("no") }
    func signal(_ target: ContainerTarget, _ process: ContainerProcess, signal: Int32) async throws(APIStatus) { throw .badRequest("no") }
    func sockets(_ target: ContainerTarget) async throws(APIStatus) -> ContainerSockets { throw .badRequest("no") }
}

struct FolderCopyTests {
    private static let target = ContainerTarget(namespace: "default", pod: "web", podUID: nil, container: "app")

    private func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = "/tmp/kdash-copy-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(folder, mode: 0o700)
        defer { try? FileSystem.removeTree(folder) }  // best effort: the test has said what it had to say
        return try await body(folder)
    }

    private func text(_ path: String) throws -> String { try FileSystem.readText(path) }

    @Test func `a directory comes out of a container whole, with its links and without what leads out`() async throws {
        let inside = FakeInside([
            "etc": .directory([
                "app": .directory([
                    "a.conf": .file(Array("one".utf8)), "deep": .directory(["b": .file(Array("two".utf8)), "up": .link("../a.conf")]),
                    "here": .link("deep/b"), "out": .link("/etc/passwd"), "up": .link("../other"), "sly": .link("deep/../../x"), "disk": .device,
                    "..": .file([1]), "a/b": .file([2]), "empty": .directory([:]),
                ])
            ])
        ])
        try await withFolder { folder in
            let local = "\(folder)/copy"
            let done = try await FolderCopy.out(inside, Self.target, FilePath(bytes: "/etc/app".utf8), to: local) { _ in }
            #expect(try text("\(local)/a.conf") == "one" && text("\(local)/deep/b") == "two" && text("\(local)/here") == "two")
            #expect(try text("\(local)/deep/up") == "one")
            #expect(FileSystem.isDirectory("\(local)/empty"))
            for name in ["out", "up", "sly", "disk"] { #expect(try FileSystem.status("\(local)/\(name)") == nil, "\(name)") }
            // Nothing was written beside the copy, whatever the names were.
            #expect(try FileSystem.names(in: folder) == ["copy"])
            #expect(done.directories == 2 && done.leftOutCount >= 4)
            let again = await #expect(throws: APIStatus.self) {
                _ = try await FolderCopy.out(inside, Self.target, FilePath(bytes: "/etc/app".utf8), to: local) { _ in }
            }
            #expect(again?.message.contains("by now") == true)
            #expect(try FileSystem.names(in: folder) == ["copy"])
        }
    }

    @Test func `what fails or is stopped leaves nothing behind`() async throws {
        var many: [String: FakeInside.Entry] = [:]
        for index in 0...FolderCopy.maximumEntries { many["\(index)"] = .device }
        let inside = FakeInside(["many": .directory(many), "some": .directory(["a": .file([1]), "b": .file([2])])])
        try await withFolder { folder in
            let failure = await #expect(throws: APIStatus.self) {
                _ = try await FolderCopy.out(inside, Self.target, FilePath(bytes: "/many".utf8), to: "\(folder)/x") { _ in }
            }
            #expect(failure?.message.contains("more than 10000") == true)
            let task = Task {
                try await FolderCopy.out(inside, Self.target, FilePath(bytes: "/some".utf8), to: "\(folder)/y") { _ in withUnsafeCurrentTask { $0?.cancel() } }
            }
            let stopped = await #expect(throws: APIStatus.self) { _ = try await task.value }
            #expect(stopped?.message == "it was stopped")
            let left = try FileSystem.names(in: folder)
            #expect(left.isEmpty)
        }
    }

    @Test func `a directory of this machine goes in, its links stay out`() async throws {
        let inside = FakeInside()
        try await withFolder { folder in
            try FileSystem.makeDirectories("\(folder)/sub/deep", mode: 0o700)
            try FileSystem.writeAtomically("\(folder)/a", Array("one".utf8))
            try FileSystem.writeAtomically("\(folder)/sub/deep/b", Array("two".utf8))
            #expect(symlink("/etc/passwd", "\(folder)/link") == 0)
            let plan = try FolderCopy.plan(folder)
            #expect(plan.files.count == 2 && plan.directories.count == 2 && plan.progress.leftOut == ["link: a link"] && plan.progress.total == 6)
            let done = try await FolderCopy.into(inside, Self.target, plan, from: folder, to: FilePath(bytes: "/data".utf8)) { _ in }
            #expect(inside.made.withLock { $0 } == ["/data", "/data/sub", "/data/sub/deep"])
            #expect(inside.written.withLock { $0 } == ["/data/a": Array("one".utf8), "/data/sub/deep/b": Array("two".utf8)])
            #expect(done.files == 2 && done.bytes == 6)
        }
    }

    @Test(arguments: [
        ("b", 0, true), ("./a/b", 0, true), ("../a", 1, true), ("../../a/b", 2, true), ("../a", 0, false), ("../../a", 1, false), ("/etc", 3, false),
        ("a/../b", 0, false), ("..", 0, false), ("..", 1, true), ("a/../../x", 5, false), ("", 0, false), ("../a/..", 1, false),
    ])
    func `a link stays when no way through it leads out`(target: String, depth: Int, stays: Bool) {
        #expect(FolderCopy.staysInside(FilePath(bytes: target.utf8), depth: depth) == stays)
    }
}
