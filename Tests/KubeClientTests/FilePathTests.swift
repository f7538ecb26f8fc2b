import JSONCore
import KubeClient
import LinuxKernel
import Testing

@Suite struct FilePathTests {
    @Test(
        arguments: [
            (Array("/etc/app.conf".utf8), "/etc/app.conf"), (Array("a\nb".utf8), "a\\x0ab"), (Array("back\\slash".utf8), "back\\x5cslash"),
            ([0x66, 0xff], "f\\xff"), (Array("文 ü".utf8), "文 ü"), (Array("\u{1b}[2J".utf8), "\\x1b[2J"), (Array("\u{202e}x".utf8), "\\xe2\\x80\\xaex"),
            ([], ""),
        ] as [([UInt8], String)])
    func `any bytes have a text that shows nothing but text, and leads back to them`(bytes: [UInt8], text: String) {
        #expect(FilePath(bytes: bytes).description == text)
        #expect(FilePath(text)?.bytes == bytes)
    }

    @Test(arguments: ["\\", "a\\n", "\\x", "\\x0", "\\xzz", "\\x00", "\0", String(repeating: "a", count: 4096)])
    func `what is no path is refused`(text: String) { #expect(FilePath(text) == nil) }

    @Test func `random bytes come back`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...12, using: &generator)).map { _ in UInt8.random(in: 1...255, using: &generator) }
            #expect(FilePath(FilePath(bytes: bytes).description)?.bytes == bytes, "\(bytes)")
        }
    }

    @Test(arguments: [("/a/b", "/a", "b"), ("/a", "/", "a"), ("/", "/", ""), ("/a/b/", "/a", "b"), ("//", "/", ""), ("a", "/", "a"), ("/a//b", "/a", "b")])
    func `a path has a parent and a name`(path: String, parent: String, name: String) {
        #expect(FilePath(path)?.parent.description == parent && FilePath(path)?.name.description == name)
    }

    @Test func `what a node tells comes back as it was`() {
        let file = ContainerFile(
            name: FilePath(bytes: [0xff]), kind: .link, size: ByteCount(7), mode: 0o4755, owner: 1, group: 2, modified: Timestamp(seconds: 99),
            link: FilePath("/x"),
            version: "1.2")
        #expect(file.modeText == "lrwsr-xr-x")
        let listing = ContainerListing(files: [file], isCut: true, isRunning: false)
        #expect(ContainerListing(listing.value) == listing)
        let process = ContainerProcess(
            pid: 1, parent: 0, user: "root", state: "S", cpuMilliseconds: 5, resident: ByteCount(4096), threads: 2, startedAt: Timestamp(seconds: 1),
            startedTicks: 77, command: "sh")
        #expect(ContainerProcesses(ContainerProcesses(processes: [process], isCut: false).value)?.processes == [process])
        let socket = ContainerSocket(protocol: "tcp", local: "1.2.3.4:5", remote: "", state: "LISTEN", pid: nil, program: "")
        #expect(ContainerSockets(ContainerSockets(sockets: [socket], isCut: false).value)?.sockets == [socket])
        for broken in [JSONValue.null, ["files": 1], ["files": [["name": "\\"]]]] {
            let files = ContainerListing(broken)?.files ?? []
            #expect(files.isEmpty)
        }
    }
}
