import CLinux
import Glibc
import LinuxKernel
import Testing

@testable import ContainerImages

@Suite struct LayerUnpackerTests {
    @Test(.enabled(if: SystemFacts.isRoot, "needs root: sets owners"))
    func `kinds, owners, modes, times and attributes arrive`() throws {
        try Workspace.with { work in
            var tar = TarBuilder()
            tar.add("bin/", type: "5", mode: 0o755, mtime: 1000)
            tar.pax([("SCHILY.xattr.security.capability", [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])])
            tar.add("bin/ping", content: Array("x".utf8), mode: 0o4755, uid: 10, gid: 20, mtime: 2000)
            tar.add("bin/pong", type: "1", link: "bin/ping")
            tar.add("bin/link", type: "2", link: "/bin/ping", uid: 5)
            tar.add("fifo", type: "6")
            tar.add("null", type: "3", mode: 0o666, major: 1, minor: 3)
            let root = try work.unpack(tar.finished)
            let ping = try #require(try FileSystem.status("\(root)/bin/ping"))
            #expect(
                ping.st_mode & 0o7777 == 0o4755 && ping.st_uid == 10 && ping.st_gid == 20 && ping.st_mtim.tv_sec == 2000
                    && ping.st_nlink == 2)
            #expect(try FileSystem.readLink("\(root)/bin/link") == "/bin/ping")
            #expect(try #require(try FileSystem.status("\(root)/bin/link")).st_uid == 5)
            #expect(try #require(try FileSystem.status("\(root)/bin")).st_mtim.tv_sec == 1000)
            #expect(try #require(try FileSystem.status("\(root)/null")).st_rdev == 0x103)
            var value = [UInt8](repeating: 0, count: 64)
            #expect(kd_lgetxattr("\(root)/bin/ping", "security.capability", &value, 64) == 20)
        }
    }

    @Test(.enabled(if: SystemFacts.isRoot, "needs root: makes whiteouts"))
    func `whiteouts hide what lies below and only that`() throws {
        try Workspace.with { work in
            var base = TarBuilder()
            base.add("d/", type: "5", mode: 0o700, uid: 7)
            base.add("d/old", content: [1])
            base.add("gone", content: [1])
            let lower = try work.unpack(base.finished, as: "lower")
            var tar = TarBuilder()
            tar.add(".wh.gone")
            tar.add("d/new", content: [2])
            tar.add("o/x", content: [1])
            tar.add("o/.wh..wh..opq")
            tar.add(".wh.again")
            tar.add("again/", type: "5")
            tar.add("d/.wh..wh.plnk")
            let root = try work.unpack(tar.finished, as: "upper", over: [lower])
            let gone = try #require(try FileSystem.status("\(root)/gone"))
            #expect(gone.st_mode & S_IFMT == S_IFCHR && gone.st_rdev == 0)
            let folder = try #require(try FileSystem.status("\(root)/d"))
            #expect(folder.st_mode & 0o7777 == 0o700 && folder.st_uid == 7, "a folder the layer does not mention is as below")
            #expect(opaque("\(root)/o") && opaque("\(root)/again") && !opaque("\(root)/d"))
            #expect(try FileSystem.names(in: "\(root)/d") == ["new"])
        }
    }

    @Test func `a later member replaces an earlier one of another kind`() throws {
        try Workspace.with { work in
            var tar = TarBuilder()
            tar.add("a/b/c", content: [1])
            tar.add("a", content: [2])
            tar.add("x", type: "2", link: "a")
            tar.add("x/", type: "5", mode: 0o755)
            tar.add("x/y", content: [3])
            let root = try work.unpack(tar.finished)
            #expect(try FileSystem.readFile("\(root)/a") == [2])
            #expect(try FileSystem.readFile("\(root)/x/y") == [3])
        }
    }

    @Test func `links lead through the layers and never out of them`() throws {
        try Workspace.with { work in
            try FileSystem.makeDirectories("\(work.folder)/outside")
            try FileSystem.writeAtomically("\(work.folder)/outside/kept", [1])
            var base = TarBuilder()
            base.add("usr/lib/", type: "5", mode: 0o755)
            base.add("lib", type: "2", link: "usr/lib")
            let lower = try work.unpack(base.finished, as: "lower")
            var tar = TarBuilder()
            tar.add("lib/module", content: [4])
            tar.add("up", type: "2", link: "../../../../..\(work.folder)/outside")
            tar.add("up/evil", content: [5])
            tar.add("abs", type: "2", link: "\(work.folder)/outside")
            tar.add("abs/evil", content: [6])
            tar.add("swap", type: "2", link: "/")
            tar.add("swap/etc/passwd", content: [7])
            let root = try work.unpack(tar.finished, as: "upper", over: [lower])
            #expect(try FileSystem.readFile("\(root)/usr/lib/module") == [4])
            #expect(try FileSystem.readFile("\(root)/etc/passwd") == [7])
            #expect(try FileSystem.names(in: "\(work.folder)/outside") == ["kept"])
            #expect(try FileSystem.readFile("\(root)\(work.folder)/outside/evil") == [6])
        }
    }

    @Test func `a hard link into a lower layer copies the file up`() throws {
        try Workspace.with { work in
            var base = TarBuilder()
            base.add("data/file", content: [9], mode: 0o640)
            let lower = try work.unpack(base.finished, as: "lower")
            var tar = TarBuilder()
            tar.add("other", type: "1", link: "data/file")
            let root = try work.unpack(tar.finished, as: "upper", over: [lower])
            #expect(try FileSystem.readFile("\(root)/other") == [9])
            #expect(try #require(try FileSystem.status("\(root)/data/file")).st_nlink == 2)
        }
    }

    static let hostile: [(String, @Sendable (inout TarBuilder, String) -> Void)] = [
        ("dot dot", { tar, _ in tar.add("../evil", content: [1]) }),
        ("dot dot inside", { tar, _ in tar.add("a/../../evil", content: [1]) }),
        ("hard link out", { tar, _ in tar.add("evil", type: "1", link: "../../etc/passwd") }),
        ("hard link to nothing", { tar, _ in tar.add("evil", type: "1", link: "/etc/passwd") }),
        (
            "hard link through a link",
            { tar, folder in
                tar.add("s", type: "2", link: folder)
                tar.add("evil", type: "1", link: "s/secret")
            }
        ),
        (
            "file as a folder",
            { tar, _ in
                tar.add("f", content: [1])
                tar.add("f/evil", content: [1])
            }
        ),
        (
            "a circle of links",
            { tar, _ in
                tar.add("a", type: "2", link: "b")
                tar.add("b", type: "2", link: "a")
                tar.add("a/evil", content: [1])
            }
        ),
        ("a whiteout as a device", { tar, _ in tar.add("evil", type: "3") }),
        ("a whiteout of the folder itself", { tar, _ in tar.add("d/.wh...") }),
        ("an empty whiteout", { tar, _ in tar.add(".wh.") }),
        ("an unknown kind", { tar, _ in tar.add("evil", type: "Z") }),
    ]

    @Test(arguments: 0..<11)
    func `hostile members are refused and touch nothing outside`(index: Int) throws {
        let (name, make) = Self.hostile[index]
        try Workspace.with { work in
            try FileSystem.writeAtomically("\(work.folder)/secret", [1])
            var tar = TarBuilder()
            make(&tar, work.folder)
            #expect(throws: ImageError.self, "\(name)") { try work.unpack(tar.finished) }
            #expect(try FileSystem.names(in: work.folder) == ["layer", "secret"])
            #expect(try #require(try FileSystem.status("\(work.folder)/secret")).st_nlink == 1)
        }
    }

    @Test func `overlay attributes of an archive are ignored`() throws {
        try Workspace.with { work in
            var tar = TarBuilder()
            tar.pax([("SCHILY.xattr.trusted.overlay.opaque", [121]), ("SCHILY.xattr.user.overlay.opaque", [121])])
            tar.add("d/", type: "5", mode: 0o755)
            let root = try work.unpack(tar.finished)
            #expect(!opaque("\(root)/d"))
        }
    }

    @Test func `limits end a bomb`() throws {
        try Workspace.with { work in
            var tar = TarBuilder()
            for index in 0..<20 { tar.add("f\(index)", content: [UInt8](repeating: 0, count: 1000)) }
            let error = #expect(throws: ImageError.self) { try work.unpack(tar.finished, limits: .init(entries: 10)) }
            #expect(error?.code == .tooLarge)
            #expect(throws: ImageError.self) { try work.unpack(tar.finished, as: "b", limits: .init(bytes: 5000)) }
        }
    }

    @Test func `a size beyond all numbers is an error in a layer and in an archive`() throws {
        try Workspace.with { work in
            var tar = TarBuilder()
            tar.add("a", content: [1])
            tar.pax([("size", Array("\(Int64.max)".utf8))])
            tar.add("b", content: [1])
            let layer = #expect(throws: ImageError.self) { try work.unpack(tar.finished) }
            #expect(layer?.code == .tooLarge)
            try FileSystem.writeAtomically("\(work.folder)/archive.tar", tar.finished)
            let store = try work.store()
            let archive = #expect(throws: ImageError.self) { () throws in
                let file = try FileDescriptor.open("\(work.folder)/archive.tar", O_RDONLY)
                _ = try store.load(file: file)
            }
            #expect(archive?.code == .corrupt)
        }
    }

    @Test func `random members never write outside their layer`() throws {
        try Workspace.with { work in
            var generator = SystemRandomNumberGenerator()
            let names = ["a", "b", "a/b", "b/a", "a/b/c", ".wh.a", "a/.wh.b", "b/.wh..wh..opq", "./", "a/", "/b/"]
            let links = ["a", "b", "..", "../..", "/", "/a", "a/b", "../../../tmp", "b/../a"]
            for round in 0..<300 {
                var tar = TarBuilder()
                for _ in 0..<12 {
                    tar.add(
                        names.randomElement(using: &generator)!, type: ["0", "1", "2", "5", "6"].randomElement(using: &generator)!,
                        content: [], link: links.randomElement(using: &generator)!, mode: 0o755)
                }
                _ = try? work.unpack(tar.finished, as: "r/\(round)")
            }
            let left = try FileSystem.names(in: work.folder)
            #expect(left == ["r"])
        }
    }

    private func opaque(_ path: String) -> Bool {
        var value: UInt8 = 0
        let name = SystemFacts.isRoot ? "trusted.overlay.opaque" : "user.overlay.opaque"
        return kd_lgetxattr(path, name, &value, 1) == 1 && value == UInt8(ascii: "y")
    }
}
