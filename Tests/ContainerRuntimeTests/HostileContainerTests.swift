import CLinux
import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

/// What containers may try against the supervisor and each other.
@Suite(.serialized, .enabled(if: liveTestObstacle == nil, "\(liveTestObstacle ?? "")"), .timeLimit(.minutes(2)))
struct HostileContainerTests {
    @Test func `a program's null device is its container's own`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let script = "/bin/busybox stat -L -c %d:%i /proc/self/fd/0 /dev/null"
            let spec = try node.spec("c1", "\(script); sleep 1000")
            _ = try await supervisor.start(spec)
            let exec = try await supervisor.exec(ExecSpec(containerID: "c1", process: shell(script), cgroup: spec.cgroup))
            let inExec = try readAll(exec.takeOutput()).split(separator: "\n")
            #expect(await exec.wait().code == 0)
            try await eventually { try node.log("c1").count == 2 }
            let inContainer = try node.output("c1").split(separator: "\n")
            #expect(inContainer.count == 2 && inContainer[0] == inContainer[1])
            #expect(inExec == inContainer)
            var machine = stat()
            #expect(stat("/dev/null", &machine) == 0)
            #expect(inExec.first != "\(machine.st_dev):\(machine.st_ino)")
        }
    }

    @Test func `a working directory behind a descriptor leads nowhere`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let running = try node.spec("c0", "sleep 1000")
            _ = try await supervisor.start(running)
            for number in 0..<20 {
                let place = "/proc/self/fd/\(number)"
                await #expect(throws: RuntimeError.self, "\(place)") {
                    _ = try await supervisor.start(try node.spec("c\(number + 1)", "true") { $0.process.workingDirectory = place })
                }
                await #expect(throws: RuntimeError.self, "\(place)") {
                    var process = shell("true")
                    process.workingDirectory = place
                    _ = try await supervisor.exec(ExecSpec(containerID: "c0", process: process, cgroup: running.cgroup))
                }
            }
        }
    }

    @Test func `a container changes nothing of its cgroups`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let script = "for d in /sys/fs/cgroup /sys/fs/cgroup/*; do [ -d $d ] && touch $d/x && echo written; done; ls /sys/fs/cgroup; cat /proc/self/cgroup"
            _ = try await supervisor.run(try node.spec("c1", script))
            let output = try node.output("c1")
            #expect(output.contains("Read-only file system") && !output.contains("written") && !output.contains("kubepods"), "\(output)")
        }
    }

    @Test func `a FIFO in a log's place is refused and stops nobody`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            #expect(mkfifo("\(node.directory)/logs/c1.log", 0o600) == 0)
            let error = await #expect(throws: RuntimeError.self) { _ = try await supervisor.start(try node.spec("c1", "true")) }
            #expect(error?.cause?.call == "open the log")
            #expect(try await supervisor.run(try node.spec("c2", "exit 3")).code == 3)
        }
    }

    @Test func `a kill ends a program that forks without end, in a shared process namespace too`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p", sharesProcessNamespace: true)).release()
            try StaticSupervisor.compile(
                "#include <unistd.h>\nint main(void) { for (;;) if (fork() < 0) usleep(100); }\n", to: "\(node.directory)/images/busybox/bomb")
            let spec = try node.spec("c1", "", limits: ResourceLimits(cpuLimit: MilliCPU(50), pids: 150)) { $0.process.arguments = ["/bomb"] }
            _ = try await supervisor.start(spec)
            try await eventually { node.cgroups.usage(of: spec.cgroup)?.processes ?? 0 > 140 }
            try await supervisor.kill("c1")
            #expect(try await supervisor.end(of: "c1").code == 137)
            try await eventually { node.cgroups.usage(of: spec.cgroup)?.processes == 0 }
            // Dying is not held up by the quota, and the pod has its own again.
            let cpu = try #require(node.cgroups.hierarchies.first { $0.isVersion2 || $0.controllers.contains("cpu") })
            let file = cpu.isVersion2 ? "cpu.max" : "cpu.cfs_quota_us"
            #expect(CgroupDirectory.read("\(cpu.base)/\(spec.cgroup.path)/\(file)").hasPrefix(cpu.isVersion2 ? "max" : "-1"))
            #expect(CgroupDirectory.read("\(cpu.base)/\(FileSystem.directory(of: spec.cgroup.path))/\(file)").hasPrefix("5000"))
            #expect(try await supervisor.run(try node.spec("c2", "exit 3")).code == 3)
        }
    }

    @Test func `a terminal that was flooded shows everything up to the last line`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            _ = try await supervisor.start(
                try node.spec("c1", "seq 1 200000; sleep 1000") {
                    $0.process.hasTerminal = true
                    $0.log = LogSpec(path: "/var/log/pods/c1.log", maximumSize: .gibibytes(1), maximumFiles: 2)
                })
            try await eventually { try FileSystem.readText("\(node.directory)/logs/c1.log", limit: 64 << 20).hasSuffix("stdout F 200000") }
        }
    }
}
