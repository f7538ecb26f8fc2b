import Glibc
import LinuxKernel
import Testing

@testable import ContainerImages

@Suite struct ImageStoreTests {
    private func layers() -> [[UInt8]] {
        var base = TarBuilder()
        base.add("etc/", type: "5", mode: 0o755)
        base.add("etc/old", content: [1])
        base.add("a", content: Array("program".utf8), mode: 0o755)
        var top = TarBuilder()
        top.add("etc/new", content: [UInt8](repeating: 9, count: 100_000))
        return [base.finished, top.finished]
    }

    @Test func `a docker archive is loaded, resolved and survives a restart`() throws {
        try Workspace.with { work in
            let store = try work.store()
            let record = try #require(try store.load(path: try work.dockerArchive(layers: layers())).first)
            #expect(record.names == ["docker.io/library/test:1"])
            for opened in [store, try work.store()] {
                let image = try #require(try opened.resolve("test:1"))
                #expect(image.config.cmd == ["/a"] && image.config.env == ["A=b"])
                #expect(image.layerDirectories.count == 2)
                #expect(try FileSystem.readFile("\(image.layerDirectories[0])/etc/new").count == 100_000)
                #expect(try FileSystem.readText("\(image.layerDirectories[1])/a") == "program")
                #expect(try opened.resolve(String(record.id.hex.prefix(12)))?.id == record.id)
                #expect(try opened.resolve("test:2") == nil)
            }
        }
    }

    @Test func `images share layers, and pruning keeps what is named or used`() throws {
        try Workspace.with { work in
            let store = try work.store()
            let all = layers()
            let first = try store.load(path: try work.dockerArchive(layers: [all[0]], tag: "one:1"))[0]
            let second = try store.load(path: try work.dockerArchive(layers: all, tag: "two:1"))[0]
            #expect(first.layers[0] == second.layers[0])
            let third = try store.load(path: try work.dockerArchive(layers: [all[1]], tag: "two:1"))[0]
            #expect(try store.resolve("two:1")?.id == third.id, "a name moves to the image loaded last")
            #expect(try store.prune(inUse: [second.id]).removed.isEmpty)
            let inUse = #expect(throws: ImageError.self) { try store.remove("one:1", inUse: [first.id]) }
            #expect(inUse?.code == .inUse)
            #expect(try store.prune(inUse: []).removed.map(\.id) == [second.id])
            #expect(try store.resolve("one:1") != nil)
            try store.remove("one:1", inUse: [])
            #expect(try FileSystem.names(in: "\(work.folder)/images/layers") == third.layers.map(\.hex))
            let all2 = try store.prune(inUse: [], all: true)
            #expect(all2.removed.count == 1 && all2.freed > .zero)
            #expect(try FileSystem.names(in: "\(work.folder)/images/layers").isEmpty)
            #expect(try FileSystem.names(in: "\(work.folder)/images/blobs/sha256").isEmpty)
        }
    }

    @Test func `an upload in pieces and a pipe load like a file`() throws {
        try Workspace.with { work in
            let store = try work.store()
            let bytes = try FileSystem.readFile(try work.dockerArchive(layers: layers()))
            let upload = try store.beginUpload()
            for start in stride(from: 0, to: bytes.count, by: 10_000) {
                try upload.append(Array(bytes[start..<min(start + 10_000, bytes.count)]))
            }
            #expect(try upload.finish().count == 1)
            var ends: [CInt] = [0, 0]
            pipe(&ends)
            let (reader, writer) = (ends[0], ends[1])
            KernelThread.start("test-writer") {
                let file = FileDescriptor(writer)
                try? file.writeAll(bytes)  // best effort: a closed pipe fails the load below
            }
            #expect(try store.load(file: FileDescriptor(reader)).count == 1)
        }
    }

    static let damage: [(String, @Sendable ([UInt8]) -> [UInt8])] = [
        ("nothing", { _ in [] }),
        ("text", { _ in Array("hello".utf8) }),
        ("half", { Array($0.prefix($0.count / 2)) }),
        ("truncated gzip", { _ in [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3] }),
        ("truncated zstd", { _ in [0x28, 0xb5, 0x2f, 0xfd, 4] }),
        (
            "a flipped byte in a layer",
            { bytes in
                var copy = bytes
                copy[512 * 6 + 100] ^= 1
                return copy
            }
        ),
    ]

    @Test(arguments: 0..<6)
    func `a damaged archive is refused and leaves nothing behind`(index: Int) throws {
        let (name, harm) = Self.damage[index]
        try Workspace.with { work in
            let store = try work.store()
            let path = try work.dockerArchive(layers: layers())
            try FileSystem.writeAtomically(path, harm(try FileSystem.readFile(path)))
            #expect(throws: ImageError.self, "\(name)") { try store.load(path: path) }
            try expectEmpty(work)
        }
    }

    @Test func `a layer that is not what the configuration promised names its digest`() throws {
        try Workspace.with { work in
            let store = try work.store()
            let all = layers()
            let wrong = Digest(of: [1])
            let path = try work.dockerArchive(layers: all, diffIDs: [Digest(of: all[0]), wrong])
            let error = #expect(throws: ImageError.self) { try store.load(path: path) }
            #expect(error?.code == .corrupt && error?.message.contains(wrong.hex) == true)
            try expectEmpty(work)
        }
    }

    @Test func `an image for another machine is refused`() throws {
        try Workspace.with { work in
            let path = try work.dockerArchive(layers: layers(), architecture: "s390x")
            let error = #expect(throws: ImageError.self) { try work.store().load(path: path) }
            #expect(error?.code == .unsupported && error?.message.contains("linux/s390x") == true)
        }
    }

    @Test func `an interrupted load is swept at the next start`() throws {
        try Workspace.with { work in
            _ = try work.store()
            try FileSystem.makeDirectories("\(work.folder)/images/staging/left/fs")
            _ = try work.store()
            try expectEmpty(work)
        }
    }

    /// What a privileged pod could plant in its view of the store: each name of the store, and of what is in it, leads outside.
    @Test(arguments: ["blobs", "blobs/sha256", "layers", "images.json", "staging"])
    func `a link planted in the store before it is opened is not followed`(name: String) throws {
        try Workspace.with { work in
            let outside = "\(work.folder)/outside"
            for inner in ["sha256", "left"] { try FileSystem.makeDirectories("\(outside)/\(inner)") }
            let target = name == "images.json" ? "\(outside)/left/images.json" : outside
            if name == "images.json" { try FileSystem.writeAtomically(target, Array("{\"version\":1,\"images\":[]}".utf8)) }
            try FileSystem.makeDirectories(FileSystem.directory(of: "\(work.folder)/images/\(name)"))
            #expect(symlink(target, "\(work.folder)/images/\(name)") == 0)
            if name == "staging" {
                #expect(try work.store().load(path: try work.dockerArchive(layers: layers())).count == 1, "it is emptied anyway")
            } else {
                let error = #expect(throws: ImageError.self) { try work.store() }
                #expect(error?.description.hasSuffix("remove it") == true, "\(error?.description ?? "")")
            }
            #expect(try FileSystem.names(in: outside) == ["left", "sha256"])
        }
    }

    @Test(arguments: ["blobs/sha256", "layers", "staging"])
    func `a link planted in an open store's folder leads nowhere`(name: String) throws {
        try Workspace.with { work in
            let store = try work.store()
            let outside = "\(work.folder)/outside"
            try FileSystem.makeDirectories(outside)
            let planted = "\(work.folder)/images/\(name)"
            try FileSystem.rename(planted, "\(work.folder)/images/moved")
            #expect(symlink(outside, planted) == 0)
            let archive = try work.dockerArchive(layers: layers())
            #expect(try store.load(path: archive).count == 1)
            #expect(try store.resolve("test:1")?.config.cmd == ["/a"])
            _ = try store.importHost("/proc/self/exe")
            #expect(try store.prune(inUse: [], all: true).removed.count == 2)
            #expect(try FileSystem.names(in: outside).isEmpty)
        }
    }

    @Test func `a layer that became a link is not read, and is removed as one`() throws {
        try Workspace.with { work in
            let store = try work.store()
            let all = layers()
            let first = try store.load(path: try work.dockerArchive(layers: [all[0]]))[0]
            let layer = "\(work.folder)/images/layers/\(first.layers[0].hex)"
            let outside = "\(work.folder)/outside"
            try FileSystem.rename(layer, outside)
            #expect(symlink(outside, layer) == 0)
            let error = #expect(throws: ImageError.self) { try store.load(path: try work.dockerArchive(layers: all, tag: "two:1")) }
            #expect(error?.description.hasSuffix("remove it") == true, "\(error?.description ?? "")")
            _ = try store.prune(inUse: [], all: true)
            #expect(!FileSystem.exists(layer))
            #expect(try FileSystem.readText("\(outside)/fs/a") == "program")
        }
    }

    @Test func `a list of images from another version is refused untouched`() throws {
        try Workspace.with { work in
            _ = try work.store()
            try FileSystem.writeAtomically("\(work.folder)/images/images.json", Array("{\"version\":2}".utf8))
            let error = #expect(throws: ImageError.self) { try work.store() }
            #expect(error?.code == .unsupported)
        }
    }

    private func expectEmpty(_ work: Workspace) throws {
        for name in ["layers", "staging", "blobs/sha256"] {
            #expect(try FileSystem.names(in: "\(work.folder)/images/\(name)").isEmpty, "\(name)")
        }
    }
}
