import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

@Suite(.serialized, .enabled(if: liveTestObstacle == nil, "\(liveTestObstacle ?? "")"), .timeLimit(.minutes(2)))
struct ContainerLogTests {
    @Test func `lines beyond 16 KiB are split, and an unterminated end is partial`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let script = "head -c 40000 /dev/zero | tr '\\0' x; echo; head -c 16384 /dev/zero | tr '\\0' y; echo; printf rest"
            #expect(try await supervisor.run(try node.spec("c1", script)).code == 0)
            let log = try node.log("c1")
            #expect(log.map { String($0.prefix(8)) } == ["stdout P", "stdout P", "stdout F", "stdout F", "stdout P"])
            #expect(log.map { $0.utf8.count - 9 } == [16384, 16384, 40000 - 32768, 16384, 4])
        }
    }

    @Test func `files are rotated exactly at their size and the oldest are dropped`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let spec = try node.spec("c1", "seq 1 20000") { $0.log = LogSpec(path: "/var/log/pods/c1.log", maximumSize: ByteCount(100_000), maximumFiles: 3) }
            #expect(try await supervisor.run(spec).code == 0)
            let sizes = try ["", ".1", ".2"].map { try #require(try FileSystem.status("\(node.directory)/logs/c1.log\($0)")).st_size }
            #expect(sizes[1] <= 100_000 && sizes[1] > 99_900 && sizes[2] <= 100_000 && sizes[2] > 99_900)
            #expect(!FileSystem.exists("\(node.directory)/logs/c1.log.3"))
            let files = try [".2", ".1", ""].map { try node.log("c1", suffix: $0) }
            // Nothing is missing or doubled at the seams.
            let lines = files.flatMap { $0.dropFirst() }.map { String($0.dropFirst(9)) }
            #expect(lines == ((20001 - lines.count)...20000).map(String.init))
            // Each file begins with how many lines and bytes came before it.
            for file in files {
                let place = try #require(file.first).split(separator: " ")
                let before = try #require(Int(file[1].dropFirst(9))) - 1
                #expect(place == ["stdout", "F:at", "\(before)", "\((1...before).reduce(0) { $0 + String($1).count })"])
            }
        }
    }

    @Test func `a chatty container is written at 100 MB per second at least`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            // 100-byte lines, 200 MB: dd from a page of lines is cheaper for the sender than any printing program.
            let line = String(repeating: "x", count: 99) + "\n"
            let block = String(repeating: line, count: 10_000)
            try FileSystem.writeAtomically("\(node.directory)/images/busybox/block", Array(block.utf8), mode: 0o644)
            let spec = try node.spec("c1", "i=0; while [ $i -lt 200 ]; do cat /block; i=$((i+1)); done") {
                $0.log = LogSpec(path: "/var/log/pods/c1.log", maximumSize: .mebibytes(10), maximumFiles: 5)
            }
            let clock = ContinuousClock()
            let start = clock.now
            #expect(try await supervisor.run(spec).code == 0)
            let seconds = Double((clock.now - start).components.attoseconds) / 1e18 + Double((clock.now - start).components.seconds)
            print("measured: logs \(Int(200 / seconds)) MB/s of 100-byte lines")
            #expect(200 / seconds > 60, "100 MB/s on a quiet machine")
        }
    }

    @Test func `what a full disk cost is named in the log`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            // A tiny file system of the node's own takes the log; a second container frees it.
            let holder = try node.spec(
                "holder", "mkdir /pods/small 2>/dev/null; mount -t tmpfs -o size=256k tmpfs /node/pods/small; touch /node/pods/small/ready; sleep 1000",
                mounts: [
                    Mount(source: "/", target: "/node", propagation: .both)
                ], privileged: true)
            try FileSystem.makeDirectories("\(node.directory)/pods/small")
            _ = try await supervisor.start(holder)
            let exec = try await supervisor.exec(
                ExecSpec(containerID: "holder", process: shell("until [ -e /node/pods/small/ready ]; do :; done"), cgroup: holder.cgroup))
            #expect(await exec.wait().code == 0)
            let gate = "\(node.directory)/pods/gate"
            try FileSystem.makeDirectories(gate)
            let script = "cat; seq 1 40000; echo > /gate/written; until [ -e /gate/go ]; do :; done; echo after"
            let writer = try node.spec("writer", script, mounts: [Mount(source: "/pods/gate", target: "/gate")]) {
                $0.log = LogSpec(path: "/pods/small/w.log", maximumSize: .mebibytes(10), maximumFiles: 2)
                $0.hasOpenInput = true
            }
            _ = try await supervisor.start(writer)
            // Full before the first byte: every line is lost.
            let fill = try await supervisor.exec(
                ExecSpec(containerID: "holder", process: shell("cat /dev/zero > /node/pods/small/fill"), cgroup: holder.cgroup))
            #expect(await fill.wait().code != 0)
            try await supervisor.closeInput("writer")
            try await eventually { FileSystem.exists("\(gate)/written") }
            let free = try await supervisor.exec(ExecSpec(containerID: "holder", process: shell("echo -n > /node/pods/small/fill"), cgroup: holder.cgroup))
            #expect(await free.wait().code == 0)
            try FileSystem.writeAtomically("\(gate)/go", [])
            #expect(try await supervisor.end(of: "writer").code == 0)
            let read = try await supervisor.exec(ExecSpec(containerID: "holder", process: shell("cat /node/pods/small/w.log"), cgroup: holder.cgroup))
            let text = try readAll(read.takeOutput())
            #expect(await read.wait().code == 0)
            #expect(text.contains(" stdout F:gap 188894 bytes of output lost: No space left on device\n"), "\(text.suffix(300))")
            #expect(text.hasSuffix(" stdout F after\n"))
        }
    }

    @Test(arguments: [".new", ".1", ".2"])
    func `a folder planted where a log is rotated to costs no line`(suffix: String) async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let log = "\(node.directory)/logs/c1.log"
            try FileSystem.makeDirectories("\(log)\(suffix)/inner")
            let spec = try node.spec("c1", "seq 1 5000; cat; seq 5001 10000") {
                $0.log = LogSpec(path: "/var/log/pods/c1.log", maximumSize: .kibibytes(64), maximumFiles: 3)
                $0.hasOpenInput = true
            }
            /// What all files have together, without the supervisor's own records.
            func lines() throws -> [String] {
                let files = try [".2", ".1", ""].filter { try FileSystem.status(log + $0).map { $0.st_mode & S_IFMT == S_IFREG } == true }
                return try files.flatMap { try node.log("c1", suffix: $0) }.filter { !$0.contains("F:at") }.map { String($0.dropFirst(9)) }
            }
            _ = try await supervisor.start(spec)
            try await eventually { try node.log("c1").last?.hasSuffix(" 5000") == true }
            #expect(try lines() == (1...5000).map(String.init))
            // An older folder moves as a file would, until it is in the way.
            let said = try FileSystem.readText("\(node.directory)/state/supervisor.log")
            let obstacle = suffix == ".new" ? "make c1.log.new: File exists" : "replace c1.log.2: Is a directory"
            #expect(said.contains("the log /var/log/pods/c1.log is not rotated, and written on: cannot \(obstacle); remove what lies there"), "\(said)")
            // Once the folder is gone it goes on as ever.
            try FileSystem.removeTree("\(log)\(suffix == ".new" ? suffix : ".2")")
            try await supervisor.closeInput("c1")
            #expect(try await supervisor.end(of: "c1").code == 0)
            let kept = try lines()
            #expect(kept == ((10001 - kept.count)...10000).map(String.init))
            #expect(try ["", ".1", ".2"].allSatisfy { try FileSystem.status(log + $0).map { $0.st_mode & S_IFMT == S_IFREG } == true })
        }
    }

    @Test(arguments: ["pipe", "socket", "link", "folder"])
    func `what is planted in a log's place is refused and named`(kind: String) async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let path = "\(node.directory)/logs/c1.log"
            var socket: FileDescriptor?
            switch kind {
            case "pipe": #expect(mkfifo(path, 0o600) == 0)
            case "socket": socket = try UnixSocket.listen(path, kind: .stream)
            case "link": #expect(symlink("elsewhere", path) == 0)
            default: try FileSystem.makeDirectories(path)
            }
            let error = await #expect(throws: RuntimeError.self) { _ = try await supervisor.start(try node.spec("c1", "true")) }
            #expect(error?.code == .setupFailed && error?.message.contains("lies where the log is to be written; remove it") == true)
            #expect(!FileSystem.exists("\(node.directory)/logs/elsewhere"))
            _ = socket.take()
        }
    }

    @Test func `where a new file cannot be made the old one is written on, and loses nothing`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            // Room for the mount's root, the log and the sign that it is ready: none for a second log.
            let holder = try node.spec(
                "holder", "mount -t tmpfs -o size=256k,nr_inodes=3 tmpfs /node/pods/small; touch /node/pods/small/ready; sleep 1000",
                mounts: [Mount(source: "/", target: "/node", propagation: .both)], privileged: true)
            try FileSystem.makeDirectories("\(node.directory)/pods/small")
            _ = try await supervisor.start(holder)
            let exec = try await supervisor.exec(
                ExecSpec(containerID: "holder", process: shell("until [ -e /node/pods/small/ready ]; do :; done"), cgroup: holder.cgroup))
            #expect(await exec.wait().code == 0)
            // Four times the file's size, and more than the disk holds.
            let writer = try node.spec("writer", "seq 1 10000") {
                $0.log = LogSpec(path: "/pods/small/w.log", maximumSize: .kibibytes(64), maximumFiles: 3)
            }
            #expect(try await supervisor.run(writer).code == 0)
            let read = try await supervisor.exec(ExecSpec(containerID: "holder", process: shell("cd /node/pods/small; cat w.log"), cgroup: holder.cgroup))
            let lines = try readAll(read.takeOutput()).split(separator: "\n").map { $0.dropFirst(40) }
            #expect(await read.wait().code == 0)
            // 256 KiB of lines with 44 bytes each and less.
            #expect(lines.count > 5500)
            #expect(lines == (1...max(1, lines.count)).map { "\($0)" })
        }
    }
}

/// A shell script for an exec.
func shell(_ script: String) -> ProcessSpec {
    ProcessSpec(arguments: ["/bin/sh", "-c", script], environment: ["PATH=/bin"], capabilities: .all, seccomp: .unconfined)
}

/// Everything a stream has until its end.
func readAll(_ stream: consuming FileDescriptor?) throws -> String {
    guard let stream else { return "" }
    var bytes: [UInt8] = []
    while true {
        let more = try stream.read(maximum: 65536)
        if more.isEmpty { return String(decoding: bytes, as: UTF8.self) }
        bytes += more
    }
}
