import Glibc
import LinuxKernel
import Testing

@testable import ContainerImages

/// Archives as another program writes them.
@Suite(.enabled(if: FileSystem.exists("/usr/bin/skopeo"), "needs skopeo (apt install skopeo)"))
struct SkopeoTests {
    static let forms: [(form: String, options: [String])] = [
        ("oci:DIR:name:1", []),
        ("oci:DIR:name:1", ["--dest-compress-format", "zstd", "--dest-compress"]),
        ("oci-archive:DIR.tar:name:1", []),
        ("docker-archive:DIR.tar:name:1", []),
    ]

    @Test(arguments: 0..<4)
    func `every form skopeo writes is loaded to the same layers`(index: Int) throws {
        try Workspace.with { work in
            var tar = TarBuilder()
            tar.add("bin/", type: "5", mode: 0o755)
            tar.add("bin/tool", content: (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }, mode: 0o755)
            tar.add(".wh.gone")
            let source = try work.dockerArchive(layers: [tar.finished])
            let target = Self.forms[index].form.replacing("DIR", with: "\(work.folder)/out")
            try skopeo(["copy"] + Self.forms[index].options + ["docker-archive:\(source)", target])
            let path = FileSystem.exists("\(work.folder)/out") ? "\(work.folder)/out" : "\(work.folder)/out.tar"
            let store = try work.store()
            let record = try #require(try store.load(path: path).first)
            #expect(record.names == ["docker.io/library/name:1"])
            #expect(record.layers == [Digest(of: tar.finished)])
            let image = try #require(try store.resolve("name:1"))
            #expect(try FileSystem.readFile("\(image.layerDirectories[0])/bin/tool").count == 300_000)
            if let digest = record.manifestDigest {
                #expect(try store.resolve("name@\(digest)")?.id == record.id)
                #expect(image.statusID == "docker.io/library/name@\(digest)")
            }
        }
    }

    @Test func `a damaged blob of a layout names its digest`() throws {
        try Workspace.with { work in
            var tar = TarBuilder()
            tar.add("f", content: [UInt8](repeating: 3, count: 50_000))
            try skopeo(["copy", "docker-archive:\(work.dockerArchive(layers: [tar.finished]))", "oci:\(work.folder)/out:name:1"])
            let blobs = "\(work.folder)/out/blobs/sha256"
            for name in try FileSystem.names(in: blobs) {
                var bytes = try FileSystem.readFile("\(blobs)/\(name)")
                let original = bytes
                bytes[bytes.count / 2] ^= 0x55
                try FileSystem.writeAtomically("\(blobs)/\(name)", bytes)
                let error = #expect(throws: ImageError.self) { try work.store().load(path: "\(work.folder)/out") }
                #expect(error?.code == .corrupt && error?.message.contains(name) == true, "\(error.map { "\($0)" } ?? "")")
                try FileSystem.writeAtomically("\(blobs)/\(name)", original)
            }
            #expect(try work.store().load(path: "\(work.folder)/out").count == 1)
        }
    }

    private func skopeo(_ arguments: [String]) throws {
        let child = try ChildProcess.start(
            "/usr/bin/skopeo", arguments: ["skopeo", "--insecure-policy"] + arguments, standardStreams: (nil, nil, STDERR_FILENO))
        try #require(try child.wait() == .code(0))
    }
}
