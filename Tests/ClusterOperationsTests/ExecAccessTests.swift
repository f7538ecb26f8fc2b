import APIMachinery
import KubeClient
import LinuxKernel
import Synchronization
import Testing

@testable import ClusterOperations

/// What containers tell of themselves by their own shell.
@Suite struct ExecAccessTests {
    private static let container = ContainerTarget(namespace: "default", pod: "web", podUID: "u", container: "app")

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    // MARK: - Answers

    @Test func `a listing is read whatever names hold`() {
        let told = bytes(
            "81a4 200000 0 1000 1795948463 1795948464 77 ./big//\na1ff 7 0 0 1795948463 1795948463 78 ./dang//\n81a4 3 0 0 1795948463 1795948463 79 ./nl\nna me//\n"
                + "41ed 4096 0 0 1795948463 1795948463 80 ./sub//\n11a4 0 0 0 1 1 81 ./pipe//\n\u{0}./dang\u{0}no where\n\u{0}./gone\u{0}\u{0}")
        let files = ExecAnswer.files(told)
        #expect(files.map(\.name.description) == ["big", "dang", #"nl\x0ana me"#, "sub", "pipe"])
        #expect(files.map(\.kind) == [.file, .link, .file, .directory, .pipe])
        #expect(files[0].size.value == 200_000 && files[0].mode == 0o644 && files[0].group == 1000 && files[0].version == "77-200000-1795948463-1795948464")
        #expect(files[1].link?.description == "no where" && files[3].size.value == 0)
    }

    @Test(arguments: [
        "", "\u{0}", "81a4 1 0 0 1 1 1 ./..//\n", "81a4 1 0 0 1 1 1 ./a/b//\n", "81a4 1 0 0 1 1 1 /etc//\n", "xyz 1 0 0 1 1 1 ./a//\n",
        "81a4 -5 0 0 1 1 1 ./a//\n",
        "81a4 1 0 0 1 1 ./a//\n", "81a4 1 0 0 1 1 1 .///\n", "81a4 99999999999999999999 0 0 1 1 1 ./a//\n", "//\n//\n//\n", "81a4 1 0 0 1 1 1 ./a",
    ])
    func `what makes no sense is no file`(text: String) { #expect(ExecAnswer.files(bytes(text)).isEmpty) }

    @Test func `a moment that no calendar has is put right`() {
        let file = ExecAnswer.file(bytes("81a4 1 0 0 9223372036854775807 1 1")[...], name: FilePath(bytes: "a".utf8))
        #expect(file?.modified.rfc3339.hasPrefix("9999-12-31") == true)
    }

    private static let stat = " S 0 1 1 0 -1 4194560 100 0 0 0 12 8 0 0 20 0 3 0 250 1234567 321 18446744073709551615 1 1 0 0 0 0 0"

    @Test func `processes are told with their users, without those that looked`() throws {
        let parts = [
            "50\n", "0 /proc/1\n33 /proc/7\n0 /proc/50\n", "root:x:0:0::/:/bin/sh\nweb:x:33:33\n", "1700000000\n", "4096\n",
            "1\n1 (sh) \(Self.stat.dropFirst())\nsh\u{0}-c\u{0}x y\u{0}",
            "7\n7 (a) R (b) \(Self.stat.dropFirst())\n", "50\n50 (sh) \(Self.stat.dropFirst())\nsh\u{0}",
            "51\n51 (cat) S 50 1 1 0 -1 4194560 100 0 0 0 12 8 0 0 20 0 3 0 250 1234567 321 1\n", "52\n", "x\n", "",
        ]
        let found = try #require(ExecAnswer.processes(bytes(parts.joined(separator: "MARK")), mark: "MARK"))
        #expect(found.processes.map(\.pid) == [1, 7] && !found.isCut)
        let first = try #require(found.processes.first)
        #expect(first.user == "root" && first.command == "sh -c x y" && first.cpuMilliseconds == 200 && first.resident.value == 321 * 4096)
        #expect(first.startedAt == Timestamp(seconds: 1_700_000_002, nanoseconds: 500_000_000) && first.startedTicks == 250)
        #expect(found.processes[1].user == "web" && found.processes[1].command == "[a) R (b]")
        #expect(ExecAnswer.processes(bytes("nothing"), mark: "MARK") == nil)
        #expect(ExecAnswer.processes(bytes("xMARKMARKMARKMARKMARK"), mark: "MARK") == nil)
    }

    @Test func `sockets are told with who has them open`() throws {
        let listing = bytes("50MARKMARKMARKMARKMARK7\n7 (httpd)\(Self.stat)\nhttpd\u{0}-f\u{0}MARK")
        let processes = try #require(ExecAnswer.processes(listing, mark: "MARK")).processes
        let tcp = "  sl  local_address\n   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n"
        let open =
            "/proc/7/fd:\ntotal 0\nlrwx------ 1 root root 64 Nov 28 15:56 3 -> socket:[4711]\nlrwx 1 0 0 1 Nov 4 -> socket:[x]\n/proc/x/fd:\n l -> socket:[4711]\n"
        let found = ExecAnswer.sockets(bytes([tcp, "", "", "", "", open].joined(separator: "MARK")), mark: "MARK", processes)
        #expect(found.sockets.map(\.local) == ["0.0.0.0:8080"] && found.sockets.first?.pid == 7 && found.sockets.first?.program == "httpd")
        #expect(ExecAnswer.sockets([], mark: "MARK", []).sockets.isEmpty)
    }

    // MARK: - Ends

    private func end(_ exit: Int, _ said: String = "") -> ExecEnd {
        var status = APIStatus(code: 500, reason: APIStatus.Reason(rawValue: "NonZeroExitCode"), message: "command terminated")
        status.details = APIStatus.Details(causes: [.init(reason: "ExitCode", message: "\(exit)")])
        return ExecEnd(output: [], errorText: said, result: status)
    }

    @Test(arguments: [
        (40, 404, "/a is not there"), (41, 400, "no regular file"), (42, 400, "may not do that with /a: no way"), (43, 501, "no stat"),
        (45, 409, "changed meanwhile"),
        (46, 400, "could not be written: no way"), (47, 400, "did not arrive whole"), (126, 501, "has no shell"), (127, 501, "has no shell"),
        (2, 400, "exit 2: no way"),
    ])
    func `every end has its reason`(exit: Int, code: Int, text: String) {
        let failure = ExecEnd.failure(end(exit, "first\nno way\n"), about: "/a", container: "app")
        #expect(failure?.code == code && failure?.message.contains(text) == true)
    }

    @Test func `a runtime that cannot start the program means no shell, and a refusal stays what it is`() {
        var end = ExecEnd(output: [], errorText: "", result: .internalError("exec: \"sh\": executable file not found in $PATH"))
        #expect(ExecEnd.failure(end, about: "/", container: "app")?.code == 501)
        end.result = APIStatus(code: 403, reason: .forbidden, message: "anna may not")
        #expect(ExecEnd.failure(end, about: "/", container: "app")?.message == "anna may not")
    }

    // MARK: - Sessions

    @Test func `a part of a file is cut from the blocks that hold it`() async throws {
        let server = ShellServer(answer: bytes("81a4 200000 0 0 5 6 77\n") + (0..<65_536).map { UInt8(truncatingIfNeeded: $0 / 256) })
        let access = ExecAccess(KubeClient(transport: server))
        let part = try await access.read(Self.container, path: FilePath("/x y/\\xff")!, offset: 65_536 * 3 + 512, limit: 1024)
        #expect(
            part.bytes == [2, 3, 4, 5].flatMap { Array(repeating: UInt8($0), count: 256) } && part.file.size.value == 200_000
                && part.file.name.description == #"\xff"#)
        let words = server.request.withLock { $0 }.queryValues("command")
        #expect(words.first == "sh" && Array(words.suffix(3)) == [#"/x\0040y/\0377"#, "3", "1"])
        #expect(server.request.withLock { $0 }.isLook)
    }

    @Test func `a container that never answers is given up, and one that says too much`() async throws {
        let time = ManualTimeSource()
        let server = ShellServer(answer: nil)
        let access = ExecAccess(KubeClient(transport: server), time: time)
        async let answer = { () async -> APIStatus? in
            do throws(APIStatus) { _ = try await access.list(Self.container, path: .root) } catch { return error }
            return nil
        }()
        while time.sleeperCount == 0 { await Task.yield() }
        time.advance(by: ExecAccess.patience)
        let late = await answer
        #expect(late?.code == 504 && server.isCancelled.withLock { $0 })
        let flood = ShellServer(answer: Array(repeating: 0x61, count: 17 << 20))
        let failure = await #expect(throws: APIStatus.self) { _ = try await ExecAccess(KubeClient(transport: flood)).list(Self.container, path: .root) }
        #expect(failure?.code == 413)
    }

    @Test func `a protected context lets nobody look by programs`() async {
        let gate = ContextGate(context: "prod", mode: .protected(canUnlock: true))
        let server = ShellServer(answer: [0])
        let access = ExecAccess(KubeClient(transport: server, gate: gate))
        let failure = await #expect(throws: APIStatus.self) { _ = try await access.list(Self.container, path: .root) }
        #expect(failure?.code == 403 && access.opensSessions)
        #expect(gate.unlock(typedName: "prod"))
        await #expect(throws: Never.self) { _ = try await access.list(Self.container, path: .root) }
    }
}

/// A server whose containers answer every program with the same bytes, or never.
private final class ShellServer: KubeTransport {
    let serverDescription = "memory"
    let request = Mutex(APIRequest(path: "/"))
    let isCancelled = Mutex(false)
    private let answer: [UInt8]?

    init(answer: [UInt8]?) { self.answer = answer }

    func send(_ request: APIRequest) async throws(APIStatus) -> APIResponse { throw .badRequest("only sessions") }
    func stream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource { throw .badRequest("only sessions") }

    func connect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession {
        self.request.withLock { $0 = request }
        let output = ByteChannel()
        if let answer {
            output.send(answer)
            output.finish()
        }
        return ShellSession(output: output, server: self)
    }
}

private final class ShellSession: StreamSession {
    let output: any ByteSource
    let errorOutput: (any ByteSource)? = nil
    private let server: ShellServer

    init(output: ByteChannel, server: ShellServer) { (self.output, self.server) = (output, server) }

    func write(_ bytes: [UInt8]) async throws(APIStatus) {}
    func closeInput() async {}
    func resize(columns: Int, rows: Int) {}
    func result() async -> APIStatus { APIStatus(code: 200, reason: nil, message: "", isFailure: false) }
    func cancel() {
        server.isCancelled.withLock { $0 = true }
        output.cancel()
    }
}
