import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

@Suite(.serialized, .enabled(if: liveTestObstacle == nil, "\(liveTestObstacle ?? "")"), .timeLimit(.minutes(2)))
struct NodeIsolationTests {
    @Test func `a privileged container with the node's root, processes and network finds nothing of this machine`() async throws {
        try await Node.with { node, supervisor in
            let secret = "/tmp/kdrt-secret-\(node.id)"
            try FileSystem.writeAtomically(secret, Array("workstation".utf8))
            defer { unlink(secret) }
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p", usesHostNetwork: true, usesHostPID: true, usesHostIPC: true)).release()
            let script = """
                exec 2>&1
                echo PIDS; ls /proc | grep -E '^[0-9]+$' | while read p; do cat /proc/$p/comm 2>/dev/null; done
                echo ADDRESSES; ip addr | grep inet
                echo FILES; ls -a /node; ls /node/tmp /node/home /node/root /node/etc /proc/1/root/
                echo WALK; for fd in /proc/1/fd/*; do cat $fd/../../../../../..\(secret) $fd/..\(secret); cat /proc/1/cwd/../../..\(secret); done
                echo MOUNTS; cat /proc/1/mounts
                echo DISK; mknod /tmp/vda b 254 0; mknod /vda b 254 0; head -c 16 /vda
                echo SYSCTL; echo x > /proc/sys/kernel/core_pattern; echo 1 > /proc/sysrq-trigger
                echo NAME; cat /proc/sys/kernel/hostname
                """
            let spec = try node.spec("c1", script, mounts: [Mount(source: "/", target: "/node")], privileged: true)
            let pattern = try FileSystem.readText("/proc/sys/kernel/core_pattern")
            _ = try await supervisor.run(spec)
            let output = try node.output("c1")
            #expect(!output.contains("workstation"))
            func section(_ name: String) -> [Substring] {
                Array(output.split(separator: "\n").drop { $0 != name }.dropFirst().prefix { $0.contains { $0.isLowercase } || !$0.allSatisfy(\.isLetter) })
            }
            #expect(Set(section("PIDS")).isSubset(of: ["kdash-node", "sh", "ls", "grep", "cat"]), "\(section("PIDS"))")
            #expect(section("ADDRESSES").allSatisfy { $0.contains("127.0.0.1") || $0.contains("::1") }, "\(section("ADDRESSES"))")
            #expect(section("FILES").contains("images") && !section("FILES").contains("boot") && !section("FILES").contains("work"), "\(section("FILES"))")
            #expect(output.contains("/vda: Operation not permitted"))
            #expect(output.contains("/proc/sys/kernel/core_pattern: Read-only file system"))
            #expect(section("NAME") == ["one"])
            #expect(try FileSystem.readText("/proc/sys/kernel/core_pattern") == pattern)
        }
    }

    @Test(arguments: ["proc", "sys", "dev"])
    func `an image whose kernel directory is a link is refused`(name: String) async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let image = try node.makeImage("evil")
            #expect(symlink("/tmp", "\(image)/\(name)") == 0)
            let error = await #expect(throws: RuntimeError.self) {
                _ = try await supervisor.start(try node.spec("c1", "true", image: "evil"))
            }
            #expect(error?.code == .setupFailed && error?.cause?.errno == ELOOP)
            #expect(error?.message.contains(name) == true)
        }
    }

    @Test func `links in an image cannot lead a mount out of it`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let image = try node.makeImage("evil")
            #expect(symlink("../../../../../../var", "\(image)/up") == 0)
            #expect(symlink("/proc/1/root", "\(image)/magic") == 0)
            #expect(symlink("/proc", "\(image)/fake") == 0)
            try FileSystem.makeDirectories("\(node.directory)/pods/volume")
            try FileSystem.writeAtomically("\(node.directory)/pods/volume/file", Array("data\n".utf8), mode: 0o644)
            let volume = Mount(source: "/pods/volume", target: "/up/log")
            #expect(try await supervisor.run(try node.spec("c1", "cat /var/log/file", mounts: [volume], image: "evil")).code == 0)
            #expect(try node.output("c1") == "data")
            // The container's own /proc/1/root does not exist yet when mounts are made, and links into proc are magic.
            for target in ["/fake/sys/kernel", "/magic/etc"] {
                await #expect(throws: RuntimeError.self) {
                    _ = try await supervisor.start(
                        try node.spec("c2\(target.utf8.count)", "true", mounts: [Mount(source: "/pods/volume", target: target)], image: "evil"))
                }
            }
        }
    }

    @Test func `a subPath is resolved inside its volume`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let volume = "\(node.directory)/pods/volume"
            try FileSystem.makeDirectories("\(volume)/inner")
            try FileSystem.writeAtomically("\(volume)/inner/file", Array("inside\n".utf8), mode: 0o644)
            #expect(symlink("/var/log", "\(volume)/out") == 0 && symlink("..", "\(volume)/above") == 0 && symlink("inner", "\(volume)/ok") == 0)
            for (path, isAllowed) in [("inner", true), ("ok", true), ("out", false), ("above", false), ("../volume", false)] {
                let spec = try node.spec(
                    "c-\(path.utf8.count)-\(isAllowed)", "cat /mnt/file", mounts: [Mount(source: "/pods/volume", subPath: path, target: "/mnt")])
                if isAllowed {
                    #expect(try await supervisor.run(spec).code == 0)
                } else {
                    await #expect(throws: RuntimeError.self) { _ = try await supervisor.start(spec) }
                }
            }
        }
    }

    @Test func `mounts are what they were declared to be`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            try FileSystem.makeDirectories("\(node.directory)/pods/volume")
            try FileSystem.writeAtomically("\(node.directory)/pods/hosts", Array("127.0.0.1 localhost\n".utf8), mode: 0o644)
            let mounts = [
                Mount(source: "/pods/volume", target: "/rw"), Mount(source: "/pods/volume", target: "/ro", isReadOnly: true),
                Mount(source: "/pods/hosts", target: "/etc/hosts"), Mount(kind: .temporary(.mebibytes(1)), source: "", target: "/mem"),
            ]
            let script = """
                echo a > /rw/x && cat /ro/x; echo b > /ro/x; cat /etc/hosts; head -c 2000000 /dev/zero > /mem/x; echo z > /root-file
                grep -E ' (/mem|/proc|/sys|/dev) ' /proc/mounts | while read a b c d; do echo $b $c ${d%%,*}; done
                echo 0 > /proc/sys/kernel/panic; cat /proc/kcore | head -c 1; ls /sys/firmware; ls /proc/scsi
                """
            let spec = try node.spec("c1", script, mounts: mounts) { $0.hasReadOnlyRoot = true }
            _ = try await supervisor.run(spec)
            let output = try node.output("c1")
            #expect(output.contains("127.0.0.1 localhost") && output.contains("/mem tmpfs rw") && output.contains("/sys sysfs ro"))
            #expect(output.contains("/ro/x: Read-only file system") && output.contains("/root-file: Read-only file system"))
            #expect(
                (output.contains("No space left on device") || output.contains("I/O error")) && output.contains("/proc/sys/kernel/panic: Read-only file system")
            )
            #expect(FileSystem.exists("\(node.directory)/pods/volume/x"))
        }
    }

    @Test func `a read-only mount covers what is mounted below it only when that is asked for`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            try FileSystem.makeDirectories("\(node.directory)/pods/volume/inner")
            // A container that may mount into the node makes the mount below.
            let maker = try node.spec(
                "c1", "mount -t tmpfs none /v/inner && echo mounted", mounts: [Mount(source: "/pods/volume", target: "/v", propagation: .both)],
                privileged: true)
            #expect(try await supervisor.run(maker).code == 0)
            let mounts = [
                Mount(source: "/pods/volume", target: "/top", isReadOnly: true),
                Mount(source: "/pods/volume", target: "/all", isReadOnly: true, isReadOnlyBelow: true),
            ]
            _ = try await supervisor.run(try node.spec("c2", "echo a > /top/x; echo a > /top/inner/x; cat /all/inner/x; echo b > /all/inner/x", mounts: mounts))
            let output = try node.output("c2")
            #expect(
                output.contains("/top/x: Read-only") && output.contains("/all/inner/x: Read-only") && !output.contains("/top/inner/x: Read-only"), "\(output)")
        }
    }

    @Test func `a setting of a namespace that a pod shares with its node is not written`() async throws {
        try await Node.with { node, supervisor in
            for spec in [
                SandboxSpec(id: "net", hostname: "x", usesHostNetwork: true, sysctls: ["net.ipv4.ip_unprivileged_port_start": "7"]),
                SandboxSpec(id: "ipc", hostname: "x", usesHostIPC: true, sysctls: ["kernel.shm_rmid_forced": "1"]),
            ] {
                await #expect(throws: RuntimeError.self) { _ = try await supervisor.createSandbox(spec) }
            }
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "x", usesHostNetwork: true, usesHostIPC: true)).release()
            _ = try await supervisor.run(try node.spec("c1", "cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced"))
            #expect(try node.output("c1") == "1024\n0")
            let own = SandboxSpec(id: "own", hostname: "x", sysctls: ["net.ipv4.ip_unprivileged_port_start": "7", "kernel.shm_rmid_forced": "1"])
            _ = try await supervisor.createSandbox(own).release()
            let reader = "cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced"
            _ = try await supervisor.run(try node.spec("c2", reader, sandbox: "own"))
            #expect(try node.output("c2") == "7\n1")
        }
    }

    @Test func `a host name may have as many bytes as the kernel takes`() async throws {
        try await Node.with { node, supervisor in
            let name = String(repeating: "a", count: 64)
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: name)).release()
            _ = try await supervisor.run(try node.spec("c1", "hostname"))
            #expect(try node.output("c1") == name)
            await #expect(throws: RuntimeError.self) { _ = try await supervisor.createSandbox(SandboxSpec(id: "long", hostname: name + "a")) }
        }
    }

    @Test func `containers of a pod share network, name and, when asked, processes`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "web", sharesProcessNamespace: true, sysctls: SandboxSpec.defaultSysctls))
                .release()
            _ = try await supervisor.start(try node.spec("c1", "nc -l -p 8080 -e echo hello"))
            let spec = try node.spec(
                "c2", "cat /proc/1/comm; ls /proc/1/root; until nc 127.0.0.1 8080; do :; done; hostname; cat /proc/sys/net/ipv4/ip_unprivileged_port_start")
            #expect(try await supervisor.run(spec).code == 0)
            let lines = try node.output("c2").split(separator: "\n")
            #expect(lines.contains("kdash-pause") && lines.contains("hello") && lines.contains("web") && lines.contains("0"))
            #expect(lines.contains { $0.contains("Permission denied") })
            await #expect(throws: RuntimeError.self) {
                _ = try await supervisor.createSandbox(SandboxSpec(id: "bad", hostname: "x", sysctls: ["kernel.core_pattern": "x"]))
            }
        }
    }

    @Test func `a container can be put among the processes of another one`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            _ = try await supervisor.createSandbox(SandboxSpec(id: "other", hostname: "o")).release()
            _ = try await supervisor.start(try node.spec("c1", "sleep 1000"))
            func looker(_ id: String, into target: String, sandbox: String = "pod") throws -> ContainerSpec {
                try node.spec(id, "cat /proc/1/cmdline | tr '\\0' ' '; kill -9 1; echo tried; sleep 1000") {
                    $0.processesOf = target
                    $0.sandboxID = sandbox
                }
            }
            for (target, sandbox) in [("none", "pod"), ("c1", "other")] {
                let error = await #expect(throws: RuntimeError.self) { _ = try await supervisor.start(try looker("no", into: target, sandbox: sandbox)) }
                #expect(error?.cause?.errno == ESRCH)
            }
            _ = try await supervisor.start(try looker("c2", into: "c1"))
            try await eventuallyAsync { try node.output("c2").contains("tried") }
            #expect(try node.output("c2").contains("sleep 1000"))
            // Its processes are the other's: they end together.
            try await supervisor.kill("c1")
            #expect(try await supervisor.end(of: "c2").signal == SIGKILL)
        }
    }

    @Test func `a port inside a pod can be dialled from the daemon`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            _ = try await supervisor.start(try node.spec("c1", "while :; do nc -l -p 7000 -e echo pong; done"))
            var answer = ""
            try await eventuallyAsync {
                let connection = try await supervisor.dial(sandbox: "pod", port: 7000)
                try connection.setNonBlocking(false)
                answer = String(decoding: try connection.read(maximum: 100), as: UTF8.self)
                return answer == "pong\n"
            }
            let error = await #expect(throws: RuntimeError.self) { _ = try await supervisor.dial(sandbox: "pod", port: 9) }
            #expect(error?.cause?.errno == ECONNREFUSED)
            try await supervisor.kill("c1")
            _ = try await supervisor.end(of: "c1")
            try await supervisor.removeSandbox("pod")
            let gone = await #expect(throws: RuntimeError.self) { _ = try await supervisor.dial(sandbox: "pod", port: 7000) }
            #expect(gone?.code == .notFound)
        }
    }
}

extension Node {
    /// A second image that is the busybox one plus what the test adds; its host path.
    func makeImage(_ name: String) throws -> String {
        try FileSystem.makeDirectories("\(directory)/images/\(name)/bin")
        try FileSystem.makeDirectories("\(directory)/images/\(name)/var/log")
        for applet in ["busybox", "sh", "cat", "true"] {
            #expect(link("\(directory)/images/busybox/bin/busybox", "\(directory)/images/\(name)/bin/\(applet)") == 0)
        }
        return "\(directory)/images/\(name)"
    }
}

/// Repeats `condition` until it holds without an error; fails after ten seconds.
func eventuallyAsync(_ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
        do { if try await condition() { return } } catch is RuntimeError {}  // not there yet
        usleep(1000)
    }
    Issue.record("the condition never held")
}

extension NodeIsolationTests {
    @Test func `a missing source is made inside the node, and a wrong type is refused`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            // A link planted in the node's root must not lead the creation out of it.
            #expect(symlink("/tmp/kdrt-outside-\(node.id)", "\(node.directory)/root/data") == 0)
            try FileSystem.makeDirectories("\(node.directory)/root/srv")
            let mounts = [
                Mount(source: "/srv/a/b", target: "/made", creation: .directory), Mount(source: "/srv/file", target: "/file", creation: .file),
                Mount(source: "/dev/null", target: "/nothing", requiredType: UInt32(S_IFCHR)),
            ]
            #expect(try await supervisor.run(try node.spec("c1", "echo x > /made/x && echo y > /file", mounts: mounts)).code == 0)
            #expect(FileSystem.exists("\(node.directory)/root/srv/a/b/x") && FileSystem.exists("\(node.directory)/root/srv/file"))
            await #expect(throws: RuntimeError.self) {
                _ = try await supervisor.start(try node.spec("c2", "true", mounts: [Mount(source: "/data/x", target: "/made", creation: .directory)]))
            }
            #expect(!FileSystem.exists("/tmp/kdrt-outside-\(node.id)"))
            let wrong = await #expect(throws: RuntimeError.self) {
                _ = try await supervisor.start(try node.spec("c3", "true", mounts: [Mount(source: "/srv/file", target: "/d", requiredType: UInt32(S_IFDIR))]))
            }
            #expect(wrong?.message.contains("/srv/file") == true)
        }
    }

    @Test func `the supervisor survives bytes that make no sense`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let running = try await supervisor.start(try node.spec("c1", "sleep 1000"))
            let plan = try ContainerPlan.bytes(for: try node.spec("c2", "true"))
            var random = SystemRandomNumberGenerator()
            for round in 0..<300 {
                let socket = try UnixSocket.connect("\(node.directory)/run/supervisor.sock", kind: .sequencedPacket)
                // Whole headers with random operations and fields, or a plan with a flipped byte.
                var message: [UInt8] = [0x6b, 0x64, 0x73, 0x6e, 1, 0, UInt8.random(in: 1...18, using: &random), 0]
                message += [UInt8](repeating: 1, count: 8) + [0, 0, 0, 0, 0, 0, 0, 0]
                if round % 3 != 0 { message += (0..<Int.random(in: 0...64, using: &random)).map { _ in UInt8.random(in: 0...9, using: &random) } }
                message.replaceSubrange(20..<24, with: withUnsafeBytes(of: UInt32(message.count)) { Array($0) })
                var broken = plan
                broken[Int.random(in: 0..<broken.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                let file = try FileDescriptor.memory(named: "plan")
                try file.writeAll(broken)
                try UnixSocket.send(message, descriptors: [file.raw], to: socket.raw)
            }
            #expect(try await supervisor.list().contains { $0.id == "c1" && $0.state == .running(pid: running.pid) })
        }
    }
}
