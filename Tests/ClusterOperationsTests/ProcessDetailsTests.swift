import APIMachinery
import KubeClient
import LinuxKernel
import Testing

@testable import ClusterOperations

@Suite struct ProcessDetailsTests {
    /// A container whose files are these.
    private struct Inside: ContainerAccess {
        var opensSessions: Bool { false }
        var contents: [String: [UInt8]] = [:]
        var links: [(name: String, what: String?)] = []
        var refusal: APIStatus?

        private static func file(_ name: String, link: String? = nil) -> ContainerFile {
            ContainerFile(
                name: FilePath(name)!, kind: link == nil ? .file : .link, size: ByteCount(0), mode: 0o400, owner: 0, group: 0, modified: Timestamp(seconds: 0),
                link: link.flatMap { FilePath($0) }, version: "1")
        }

        func list(_ target: ContainerTarget, path: FilePath) async throws(APIStatus) -> ContainerListing {
            if let refusal { throw refusal }
            return ContainerListing(files: links.map { Self.file($0.name, link: $0.what) }, isCut: false, isRunning: true)
        }
        func read(_ target: ContainerTarget, path: FilePath, offset: Int64, limit: Int) async throws(APIStatus) -> ContainerFilePart {
            if path.description.hasSuffix("environ"), let refusal { throw refusal }
            guard let bytes = contents[path.description] else { throw APIStatus(code: 404, reason: .notFound, message: "there is no file \(path)") }
            return ContainerFilePart(file: Self.file("x"), bytes: Array(bytes.prefix(limit)), isRunning: true)
        }
        func write(
            _ target: ContainerTarget, path: FilePath, _ bytes: [UInt8], ifVersion: String?, isExecutable: Bool
        ) async throws(APIStatus) -> ContainerFile { throw .badRequest("not here") }
        func makeDirectory(_ target: ContainerTarget, path: FilePath) async throws(APIStatus) { throw .badRequest("not here") }
        func processes(_ target: ContainerTarget) async throws(APIStatus) -> ContainerProcesses { throw .badRequest("not here") }
        func signal(_ target: ContainerTarget, _ process: ContainerProcess, signal: Int32) async throws(APIStatus) { throw .badRequest("not here") }
        func sockets(_ target: ContainerTarget) async throws(APIStatus) -> ContainerSockets { throw .badRequest("not here") }
    }

    private let target = ContainerTarget(namespace: "default", pod: "web", podUID: "u", container: "app")
    private let process = ContainerProcess(
        pid: 7, parent: 1, user: "root", state: "S", cpuMilliseconds: 0, resident: ByteCount(0), threads: 1, startedAt: Timestamp(seconds: 0),
        startedTicks: 4321,
        command: "sh")
    private let stat = Array("7 (a b) c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4321 1000 2 3\n".utf8)

    @Test func `a process tells its environment and its open files`() async throws {
        let environment = Array("PATH=/bin\0EMPTY=\0ALONE\0A=b=c\0BYTES=".utf8) + [0xff, 0x1b, 0] + Array("LINE=a\nb\0".utf8)
        let inside = Inside(
            contents: ["/proc/7/stat": stat, "/proc/7/environ": environment],
            links: [("10", "socket:[5]"), ("2", "/dev/null"), ("0", "/srv/x (deleted)"), ("cwd", "/"), ("3", nil)])
        let found = try await ProcessDetails.read(process, of: target, inside)
        #expect(found.environment.map(\.name) == ["PATH", "EMPTY", "ALONE", "A", "BYTES", "LINE"])
        #expect(found.environment.map(\.value) == ["/bin", "", "", "b=c", "\\xff\\x1b", "a\\x0ab"])
        #expect(found.files.map(\.number) == [0, 2, 3, 10] && found.files.map(\.what) == ["/srv/x (deleted)", "/dev/null", "", "socket:[5]"])
        #expect(found.environmentProblem == nil && found.filesProblem == nil)
    }

    @Test func `another process of the same number is none of it`() async throws {
        for bytes in [Array("7 (sh) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9999 1000".utf8), [], Array("7 (sh".utf8), Array("7 (sh) S 1".utf8)] {
            await expectRefusal("process 7 has ended") {
                _ = try await ProcessDetails.read(process, of: target, Inside(contents: ["/proc/7/stat": bytes, "/proc/7/environ": []]))
            }
        }
        await expectRefusal("process 7 has ended") { _ = try await ProcessDetails.read(process, of: target, Inside()) }
    }

    @Test func `what may not be seen is said beside what may`() async throws {
        let inside = Inside(contents: ["/proc/7/stat": stat], refusal: APIStatus(code: 403, reason: .forbidden, message: "permission denied"))
        let found = try await ProcessDetails.read(process, of: target, inside)
        #expect(found.environmentProblem == "permission denied" && found.filesProblem == "permission denied" && found.files.isEmpty)
    }
}
