import APIMachinery
import Glibc
import KubeClient
import LinuxKernel
import Testing

@testable import NodeAgent

/// A tree in place of a container's root, and what lies outside of it.
private struct Tree {
    let base = "/tmp/kdash-files-\(SecureRandom.hex(6))"
    var root: String { "\(base)/root" }

    static func with(_ body: (Tree) throws -> Void) throws {
        let tree = Tree()
        try FileSystem.makeDirectories("\(tree.root)/etc")
        defer { try? FileSystem.removeTree(tree.base) }  // best effort: a temporary folder
        try FileSystem.writeAtomically("\(tree.base)/secret", Array("outside".utf8))
        try FileSystem.writeAtomically("\(tree.root)/etc/app.conf", Array("inside".utf8), mode: 0o640)
        try body(tree)
    }

    func opened(isRunning: Bool = true) throws -> ContainerRoot {
        ContainerRoot(descriptor: try FileDescriptor.open(root, O_RDONLY | O_DIRECTORY), isRunning: isRunning)
    }

    func read(_ path: String, offset: Int64 = 0, limit: Int = 1000) throws -> String {
        String(decoding: try ContainerFiles.read(try opened(), FilePath(path)!, offset: offset, limit: limit).bytes, as: UTF8.self)
    }

    @discardableResult
    func write(_ path: String, _ text: String, ifVersion: String? = nil) throws -> ContainerFile {
        let content = try FileDescriptor.memory(named: "content")
        try content.writeAll(Array(text.utf8))
        return try ContainerFiles.write(try opened(), .init(path: FilePath(path)!, ifVersion: ifVersion, isExecutable: false), from: content)
    }
}

@Suite struct ContainerFilesTests {
    @Test(
        arguments: [
            ("../secret", "/l"), ("../../../../secret", "/l"), ("/secret", "/l"), ("../../secret", "/etc/l"),
        ]) func `a link that leads out of the root leads nowhere`(target: String, place: String) throws
    {
        try Tree.with { tree in
            #expect(symlink(target, "\(tree.root)\(place)") == 0)
            let error = #expect(throws: APIStatus.self) { _ = try tree.read(place) }
            #expect(error?.code == 404)
            #expect(throws: APIStatus.self) { _ = try tree.read("/../secret") }
            // Writing through it makes a file inside.
            try tree.write(place, "mine")
            #expect(try FileSystem.readText("\(tree.base)/secret") == "outside")
            #expect(try tree.read(place) == "mine")
        }
    }

    @Test func `an absolute link inside leads to the file inside`() throws {
        try Tree.with { tree in
            #expect(symlink("/etc/app.conf", "\(tree.root)/l") == 0)
            #expect(try tree.read("/l") == "inside")
            try tree.write("/l", "changed")
            #expect(try FileSystem.readText("\(tree.root)/etc/app.conf") == "changed")
            var status = stat()
            #expect(lstat("\(tree.root)/l", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK, "the link stays a link")
        }
    }

    @Test func `links in a circle are refused`() throws {
        try Tree.with { tree in
            #expect(symlink("/b", "\(tree.root)/a") == 0 && symlink("/a", "\(tree.root)/b") == 0)
            for work in [{ _ = try tree.read("/a") }, { try tree.write("/a", "x") }] as [() throws -> Void] {
                let error = #expect(throws: APIStatus.self) { try work() }
                #expect(error?.code == 400)
            }
        }
    }

    @Test func `what may never end, or would take from others, is not read`() throws {
        try Tree.with { tree in
            #expect(mkfifo("\(tree.root)/pipe", 0o600) == 0)
            for (path, word) in [("/pipe", "pipe"), ("/etc", "directory")] {
                let error = #expect(throws: APIStatus.self) { _ = try tree.read(path) }
                #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
                #expect(throws: APIStatus.self) { try tree.write(path, "x") }
            }
        }
    }

    @Test func `parts are read from any place, and only so much at once`() throws {
        try Tree.with { tree in
            let middle = try tree.read("/etc/app.conf", offset: 2, limit: 3)
            let beyond = try tree.read("/etc/app.conf", offset: 100)
            #expect(middle == "sid" && beyond == "")
            for (offset, limit) in [(Int64(-1), 1), (0, -1), (0, ContainerFilePart.maximumBytes + 1)] {
                #expect(throws: APIStatus.self) { _ = try tree.read("/etc/app.conf", offset: offset, limit: limit) }
            }
        }
    }

    @Test func `names of any bytes are listed and found again`() throws {
        try Tree.with { tree in
            let names: [[UInt8]] = [
                Array("a\nb".utf8), Array("\u{1b}[2J".utf8), [0x66, 0xff, 0xfe], Array("back\\slash".utf8), Array("ü 文".utf8), Array("-rf".utf8),
            ]
            for name in names {
                let path = (Array("\(tree.root)/".utf8) + name).map { CChar(bitPattern: $0) } + [0]
                let raw = open(path, O_CREAT | O_WRONLY, 0o600)
                #expect(raw >= 0)
                close(raw)
            }
            let listing = try ContainerFiles.list(try tree.opened(), .root)
            #expect(Set(listing.files.map(\.name.bytes)) == Set(names + [Array("etc".utf8)]))
            for file in listing.files where file.kind == .file {
                let text = file.name.description
                #expect(text.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 })
                let path = FilePath("/\(text)")
                #expect(path?.name == file.name)
                if let path { #expect(try ContainerFiles.read(try tree.opened(), path, offset: 0, limit: 10).bytes == []) }
            }
        }
    }

    @Test func `a huge directory is cut`() throws {
        try Tree.with { tree in
            for number in 0...ContainerListing.maximumEntries { close(open("\(tree.root)/etc/\(number)", O_CREAT | O_WRONLY, 0o600)) }
            let listing = try ContainerFiles.list(try tree.opened(), FilePath("/etc")!)
            #expect(listing.isCut && listing.files.count == ContainerListing.maximumEntries)
        }
    }

    @Test func `writing keeps the mode, leaves nothing behind and refuses what others changed`() throws {
        try Tree.with { tree in
            let before = try ContainerFiles.read(try tree.opened(), FilePath("/etc/app.conf")!, offset: 0, limit: 10).file
            let after = try tree.write("/etc/app.conf", "second", ifVersion: before.version)
            #expect(after.mode == 0o640 && after.size == ByteCount(6) && after.version != before.version)
            let error = #expect(throws: APIStatus.self) { try tree.write("/etc/app.conf", "third", ifVersion: before.version) }
            #expect(error?.code == 409)
            #expect(try tree.read("/etc/app.conf") == "second")
            #expect(throws: APIStatus.self) { try tree.write("/etc/app.conf", "x", ifVersion: "") }
            try tree.write("/etc/new", "fresh", ifVersion: "")
            #expect(try FileSystem.names(in: "\(tree.root)/etc").sorted() == ["app.conf", "new"])
            #expect(throws: APIStatus.self) { try tree.write("/missing/new", "x") }
            for path in ["/", "/..", "/etc/."] { #expect(throws: APIStatus.self) { try tree.write(path, "x") } }
        }
    }

    @Test func `files of a container that has ended are only read`() throws {
        try Tree.with { tree in
            let content = try FileDescriptor.memory(named: "content")
            let error = #expect(throws: APIStatus.self) {
                _ = try ContainerFiles.write(
                    try tree.opened(isRunning: false), .init(path: FilePath("/etc/app.conf")!, ifVersion: nil, isExecutable: false), from: content)
            }
            #expect(error?.message.contains("only be read") == true)
        }
    }
}
