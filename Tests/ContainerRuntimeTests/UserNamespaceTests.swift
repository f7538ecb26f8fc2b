import CLinux
import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

/// Sandboxes with users of their own: what they see inside, what they are outside, and that they reach no further.
@Suite(.serialized, .enabled(if: liveTestObstacle == nil, "\(liveTestObstacle ?? "")"), .timeLimit(.minutes(3)))
struct UserNamespaceTests {
    static let first: UInt32 = 65536 * 60000
    private let users = HostIDRange(first: Self.first)

    private func sandbox(_ id: String = "pod", sharesProcesses: Bool = false, users: HostIDRange? = HostIDRange(first: Self.first)) -> SandboxSpec {
        SandboxSpec(id: id, hostname: "mapped", sharesProcessNamespace: sharesProcesses, sysctls: SandboxSpec.defaultSysctls, users: users)
    }

    private func owner(_ path: String) throws -> [UInt32] {
        let status = try #require(try FileSystem.status(path))
        return [status.st_uid, status.st_gid]
    }

    @Test func `root inside is nobody outside, and its namespaces are its own`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(sandbox()).release()
            let script = """
                read a b c < /proc/self/uid_map; echo map $a $b $c; read a b c < /proc/self/gid_map; echo groups $a $b $c
                id -u; hostname; echo pid $$; cat /proc/sys/net/ipv4/ping_group_range /proc/sys/net/ipv4/ip_unprivileged_port_start
                for f in / /bin/busybox /etc/passwd /dev /dev/null /dev/pts /dev/pts/ptmx /dev/shm /dev/mqueue; do
                busybox stat -c '%n %u:%g' $f; done
                echo hi > /new; busybox stat -c '%n %u:%g' /new; echo x > /dev/null && echo null; ls /proc | grep -c '^[0-9]'; echo to > /dev/stderr
                sleep 1000
                """
            let running = try await supervisor.start(try node.spec("c1", script))
            try await eventually { try node.output("c1").contains("\nto") }
            let lines = try node.output("c1").split(separator: "\n").map(String.init)
            #expect(lines.prefix(3) == ["map 0 \(Self.first) 65536", "groups 0 \(Self.first) 65536", "0"], "\(lines)")
            #expect(lines.dropFirst(3).prefix(4) == ["mapped", "pid 1", "0\t65535", "0"], "\(lines)")
            for name in ["/", "/bin/busybox", "/etc/passwd", "/dev", "/dev/null", "/dev/pts", "/dev/pts/ptmx", "/dev/shm", "/dev/mqueue", "/new"] {
                #expect(lines.contains("\(name) 0:0"), "\(name): \(lines)")
            }
            #expect(lines.contains("null"))
            let status = try FileSystem.readText("/proc/\(running.pid)/status")
            #expect(status.contains("Uid:\t\(Self.first)\t\(Self.first)\t\(Self.first)\t\(Self.first)\n"), "\(status)")
            // On the disk files belong to the number that they have inside.
            #expect(try owner("\(node.directory)/pods/c1/upper/new") == [0, 0])
            for name in ["net", "uts", "ipc", "pid", "mnt", "cgroup"] {
                let space = try FileDescriptor.open("/proc/\(running.pid)/ns/\(name)", O_RDONLY)
                let owner = ioctl(space.raw, 0xb701)  // NS_GET_USERNS
                #expect(owner >= 0, "\(name)")
                var (mine, its) = (stat(), stat())
                #expect(fstat(owner, &mine) == 0 && stat("/proc/\(running.pid)/ns/user", &its) == 0 && mine.st_ino == its.st_ino, "\(name)")
                close(owner)
            }
        }
    }

    @Test func `volumes belong to the same numbers inside and on the disk`() async throws {
        try await Node.with { node, supervisor in
            for name in ["data", "given"] { try FileSystem.makeDirectories("\(node.directory)/pods/\(name)") }
            #expect(chown("\(node.directory)/pods/given", 1000, 2000) == 0)
            _ = try await supervisor.createSandbox(sandbox()).release()
            let script = """
                id -u; touch /data/mine; busybox stat -c '%u:%g' /data /given /memory /data/below; touch /given/his; touch /memory/x && echo memory
                echo end
                """
            let mounts = [
                Mount(source: "/pods/data", target: "/data"), Mount(source: "/pods/given", target: "/given"),
                Mount(kind: .temporary(.mebibytes(1)), source: "", target: "/memory"), Mount(source: "/pods/made", target: "/data/below", creation: .directory),
            ]
            #expect(try await supervisor.run(try node.spec("root", script, mounts: mounts)).code == 0)
            #expect(try node.output("root") == "0\n0:0\n1000:2000\n0:0\n0:0\nmemory\nend")
            let user = try node.spec("user", "id -u; touch /given/own && echo wrote; touch /data/refused", mounts: mounts) {
                $0.process.user = ProcessUser(uid: 1000, gid: 2000, supplementalGroups: [3000])
            }
            #expect(try await supervisor.run(user).code == 1)
            #expect(try node.output("user").hasPrefix("1000\nwrote\n"))
            #expect(try owner("\(node.directory)/pods/data/mine") == [0, 0])
            #expect(try owner("\(node.directory)/pods/given/his") == [0, 0])
            #expect(try owner("\(node.directory)/pods/given/own") == [1000, 2000])
            // A missing source is the node's to make.
            #expect(try owner("\(node.directory)/pods/made") == [0, 0])
        }
    }

    @Test func `what cannot be shown to the pod's users names the mount`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(sandbox()).release()
            let error = await #expect(throws: RuntimeError.self) {
                _ = try await supervisor.start(try node.spec("c1", "true", mounts: [Mount(source: "/proc", target: "/host")]))
            }
            #expect(error?.unmappableMount == "/host" && error?.message.contains("id-mapped") == true)
            // What is mounted below such a place does not keep the rest from it.
            for (number, (script, source)) in [("cd /host/bin && true", "/images/busybox"), ("ls /host/images", "/")].enumerated() {
                let spec = try node.spec("d\(number)", script, mounts: [Mount(source: source, target: "/host")])
                #expect(try await supervisor.run(spec).code == 0, "\(source)")
            }
        }
    }

    @Test func `all capabilities inside are none outside`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(sandbox()).release()
            let script = """
                mount -t tmpfs none /mnt && echo mounts; ip link add d0 type dummy 2>/dev/null && echo links; hostname other && echo names
                busybox umount /proc 2>/dev/null && echo unmounted; mknod /sda b 8 0 2>/dev/null && echo devices
                busybox umount /etc/hidden 2>/dev/null && echo uncovered
                echo 1 > /proc/sys/vm/drop_caches && echo caches; echo x > /proc/sysrq-trigger && echo sysrq
                busybox chroot / true && echo chroots; kill -0 1 && echo signals; grep CapEff /proc/self/status
                """
            try FileSystem.makeDirectories("\(node.directory)/images/busybox/mnt")
            let hidden = [Mount(kind: .temporary(nil), source: "", target: "/etc/hidden")]
            _ = try await supervisor.run(try node.spec("c1", script, mounts: hidden, privileged: true))
            let output = try node.output("c1")
            for word in ["mounts", "names", "chroots", "signals"] { #expect(output.contains(word), "\(word): \(output)") }
            for word in ["unmounted", "devices", "uncovered", "caches", "sysrq"] { #expect(!output.contains("\(word)\n"), "\(word): \(output)") }
            #expect(output.contains("000001ffffffffff") || output.contains("ffffffff"), "\(output)")
        }
    }

    @Test func `exec and a terminal join the users, in a shared process namespace too`() async throws {
        try await Node.with { node, supervisor in
            for sharing in [false, true] {
                let pod = "pod\(sharing)"
                _ = try await supervisor.createSandbox(sandbox(pod, sharesProcesses: sharing)).release()
                let spec = try node.spec("c\(sharing)", "echo pid $$; ls -l /proc/1/exe >/dev/null 2>&1 && echo seen; sleep 1000", sandbox: pod)
                _ = try await supervisor.start(spec)
                try await eventually { try node.output("c\(sharing)").contains("pid") }
                var process = spec.process
                process.arguments = ["/bin/sh", "-c", "id -u; id -g; read a b c < /proc/self/uid_map; echo $b; hostname; echo x > /dev/stdout; touch /by-exec"]
                process.user = ProcessUser(uid: 0, gid: 7)
                let exec = try await supervisor.exec(ExecSpec(containerID: spec.id, process: process, cgroup: spec.cgroup))
                let output = try readAll(exec.takeOutput())
                #expect(output == "0\n7\n\(Self.first)\nmapped\nx\n", "\(output)")
                #expect(await exec.wait().code == 0)
                #expect(try owner("\(node.directory)/pods/c\(sharing)/upper/by-exec") == [0, 7])
                process.arguments = ["/bin/sh", "-c", "tty=$(busybox tty); busybox stat -c '%u:%g' $tty; exit 3"]
                process.user = ProcessUser(uid: 1000, gid: 1000)
                process.hasTerminal = true
                let typed = try await supervisor.exec(ExecSpec(containerID: spec.id, process: process, cgroup: spec.cgroup))
                #expect(await typed.wait().code == 3)
                let terminal = try present(typed.takeTerminal())
                #expect(String(decoding: try terminal.read(maximum: 100), as: UTF8.self) == "1000:5\r\n")
            }
        }
    }

    @Test func `a container with a terminal of its own, and one that looks into it`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(sandbox()).release()
            let spec = try node.spec("c1", "busybox stat -c '%u:%g' /dev/console; exec sleep 1000") { $0.process.hasTerminal = true }
            _ = try await supervisor.start(spec)
            try await eventually { try node.output("c1").contains("0:5") }
            let looking = try node.spec("c2", "cat /proc/1/cmdline | tr '\\0' ' '; ls /proc/1/root/bin/busybox; kill 1") { $0.processesOf = "c1" }
            _ = try await supervisor.run(looking)
            let seen = try node.output("c2")
            #expect(seen.hasPrefix("sleep 1000"), "\(seen)")
        }
    }

    @Test func `a failed start leaves nothing and can be tried again`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(sandbox()).release()
            let changes: [(inout ContainerSpec) -> Void] = [
                { $0.process.arguments = ["/bin/nothing"] }, { $0.mounts = [Mount(source: "/pods/missing", target: "/x")] },
                { $0.layers = ["/images/missing"] },
            ]
            for (number, change) in changes.enumerated() {
                let error = await #expect(throws: RuntimeError.self) { _ = try await supervisor.start(try node.spec("c\(number)", "true", change: change)) }
                #expect(error?.code != .supervisorLost)
            }
            for number in 0..<20 { #expect(try await supervisor.run(try node.spec("fast\(number)", "exit \(number)")).code == Int32(number)) }
            try await eventuallyAsync { try await supervisor.list().allSatisfy { if case .exited = $0.state { true } else { false } } }
            try await supervisor.removeSandbox("pod")
        }
    }

    /// The supervisor, but every process of it that ends well takes its time for that.
    private static let lingering = """
        #include <unistd.h>
        _Noreturn void __real__exit(int status);
        _Noreturn void __wrap__exit(int status) { if (status == 0) usleep(300000); __real__exit(status); }
        int main(void) { return 64; }
        """

    @Test(.enabled(if: StaticSupervisor.obstacle == nil, "\(StaticSupervisor.obstacle ?? "")"))
    func `a program that ends before those who prepared it has started all the same`() async throws {
        let node = try Node()
        defer { node.clean() }
        let folder = "\(node.directory)-programs"
        try FileSystem.makeDirectories(folder)
        defer { try? FileSystem.removeTree(folder) }  // best effort: it is under /tmp
        var configuration = node.configuration
        configuration.executable = try StaticSupervisor.build("\(folder)/lingering", main: Self.lingering, ["-Wl,--wrap=_exit"])
        let supervisor = try await NodeSupervisor.attachOrStart(configuration)
        try node.cgroups.prepare(capacity: ResourceLimits())
        _ = try await supervisor.createSandbox(sandbox()).release()
        for number in 0..<3 {
            #expect(try await supervisor.run(try node.spec("c\(number)", "echo once; exit 6")).code == 6)
            #expect(try node.output("c\(number)") == "once")
        }
        // When they have gone as well, nothing starts a second time.
        try await SystemTimeSource().sleep(for: .milliseconds(600))
        #expect(try await supervisor.list().allSatisfy { if case .exited(let exit) = $0.state { exit.code == 6 } else { false } })
        await supervisor.shutdown()
    }

    @Test func `a setting that is not the pod's is not taken for a lack of users`() async throws {
        try await Node.with { _, supervisor in
            var spec = sandbox()
            spec.sysctls["kernel.panic"] = "1"
            let error = await #expect(throws: RuntimeError.self) { _ = try await supervisor.createSandbox(spec).release() }
            #expect(error?.cause?.call == "create the sandbox" && error?.cause?.errno == EPERM, "\(error?.description ?? "")")
            let left = try await supervisor.sandboxes()
            #expect(left.isEmpty)
        }
    }

    @Test(arguments: [("make a user namespace", "max_user_namespaces"), ("create the sandbox", "max_net_namespaces")])
    func `too few namespaces name the setting to raise`(step: String, setting: String) throws {
        var writer = PlanWriter()
        try writer.text(KD_STEP, step)
        let error = RuntimeError(supervisorError: ENOSPC, fields: PlanReader(writer.bytes[...]))
        #expect(error.code == .notPermitted && error.message.contains(setting), "\(error)")
    }

    @Test func `users are refused together with the node's namespaces`() async throws {
        try await Node.with { _, supervisor in
            let changes: [(inout SandboxSpec) -> Void] = [
                { $0.usesHostPID = true }, { $0.usesHostNetwork = true }, { $0.usesHostIPC = true }, { $0.users?.first = 0 },
            ]
            for change in changes {
                var spec = sandbox()
                change(&spec)
                await #expect(throws: RuntimeError.self) { _ = try await supervisor.createSandbox(spec).release() }
            }
            let left = try await supervisor.sandboxes()
            #expect(left.isEmpty)
        }
    }
}
