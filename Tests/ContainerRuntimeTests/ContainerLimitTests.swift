import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

@Suite(.serialized, .enabled(if: liveTestObstacle == nil, "\(liveTestObstacle ?? "")"), .timeLimit(.minutes(2)))
struct ContainerLimitTests {
    @Test func `a container over its memory limit is killed and reported so`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let limits = ResourceLimits(memoryLimit: .mebibytes(16))
            let record = try await supervisor.run(try node.spec("c1", "x=$(head -c 64000000 /dev/zero | tr '\\0' x); echo survived", limits: limits))
            #expect(record.isOutOfMemory)
            #expect(try node.output("c1").contains("survived") == false)
            let fine = try await supervisor.run(try node.spec("c2", "exit 1", limits: limits))
            #expect(!fine.isOutOfMemory && fine.code == 1)
        }
    }

    @Test func `250m is a quarter of a core`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let spec = try node.spec("c1", "while :; do :; done", limits: ResourceLimits(cpuLimit: MilliCPU(250)))
            _ = try await supervisor.start(spec)
            let clock = SystemTimeSource()
            let (first, start) = (try #require(node.cgroups.usage(of: spec.cgroup)), clock.monotonic())
            try await clock.sleep(for: .seconds(4))
            let (second, end) = (try #require(node.cgroups.usage(of: spec.cgroup)), clock.monotonic())
            let share = (second.cpu - first.cpu) / (end - start)
            print("measured: 250m used \(share) of a core")
            // Less when the machine is busy with something else, never more.
            #expect(share < 0.265 && share > 0.15)
            #expect(second.throttledPeriods > first.throttledPeriods)
            #expect(second.processes >= 1 && second.memory.value > 0 && second.memoryLimit == nil)
        }
    }

    @Test func `limits are read back as they were written, and change while running`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            let limits = ResourceLimits(cpuRequest: MilliCPU(100), cpuLimit: MilliCPU(500), memoryLimit: .mebibytes(64), pids: 20)
            let spec = try node.spec("c1", "sleep 1000", limits: limits)
            _ = try await supervisor.start(spec)
            #expect(node.cgroups.usage(of: spec.cgroup)?.memoryLimit == .mebibytes(64))
            try node.cgroups.apply(ResourceLimits(memoryLimit: .mebibytes(32)), to: spec.cgroup, isContainer: true)
            #expect(node.cgroups.usage(of: spec.cgroup)?.memoryLimit == .mebibytes(32))
            try node.cgroups.apply(ResourceLimits(memoryLimit: .mebibytes(48)), to: spec.cgroup, isContainer: true)
            #expect(node.cgroups.usage(of: spec.cgroup)?.memoryLimit == .mebibytes(48))
            // A fork bomb ends at its limit.
            let bomb = try await supervisor.exec(
                ExecSpec(containerID: "c1", process: shell("for i in $(seq 40); do sleep 100 & done; echo made"), cgroup: spec.cgroup))
            _ = await bomb.wait()
            #expect(try #require(node.cgroups.usage(of: spec.cgroup)).processes <= 20)
            try node.cgroups.remove(spec.cgroup)
            #expect(node.cgroups.usage(of: spec.cgroup) == nil)
            #expect(node.cgroups.enforcement.cpu == .enforced && node.cgroups.enforcement.memory == .enforced)
        }
    }

    @Test func `starting a container costs milliseconds`() async throws {
        try await Node.with { node, supervisor in
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p", sysctls: SandboxSpec.defaultSysctls)).release()
            let clock = ContinuousClock()
            var (starts, whole, sandboxes): ([Duration], [Duration], [Duration]) = ([], [], [])
            for i in 0..<100 {
                let begin = clock.now
                _ = try await supervisor.createSandbox(SandboxSpec(id: "pod\(i)", hostname: "p", sysctls: SandboxSpec.defaultSysctls)).release()
                sandboxes.append(clock.now - begin)
                let spec = try node.spec("c\(i)", "", limits: ResourceLimits(cpuRequest: .cores(1))) { $0.process.arguments = ["/bin/true"] }
                let start = clock.now
                _ = try await supervisor.start(spec)
                starts.append(clock.now - start)
                _ = try await supervisor.end(of: spec.id)
                whole.append(clock.now - start)
            }
            print(
                "measured: sandbox p50 \(sandboxes.sorted()[50]), container start p50 \(starts.sorted()[50]) min \(starts.min()!), to exit reported p50 \(whole.sorted()[50])"
            )
            let spec = try node.spec("holder", "sleep 1000", limits: ResourceLimits(cpuRequest: .cores(1)))
            _ = try await supervisor.start(spec)
            var execs: [Duration] = []
            for _ in 0..<50 {
                let start = clock.now
                let exec = try await supervisor.exec(ExecSpec(containerID: "holder", process: ProcessSpec(arguments: ["/bin/true"]), cgroup: spec.cgroup))
                _ = await exec.wait()
                execs.append(clock.now - start)
            }
            print("measured: exec to its end p50 \(execs.sorted()[25])")
            #expect(starts.sorted()[50] < .milliseconds(100), "3 ms on a quiet machine")
            let status = try FileSystem.readText("/proc/\(supervisor.pid)/smaps_rollup")
            print("measured: supervisor", status.split(separator: "\n").filter { $0.hasPrefix("Rss") || $0.hasPrefix("Pss:") || $0.hasPrefix("Private_Dirty") })
        }
    }
}
