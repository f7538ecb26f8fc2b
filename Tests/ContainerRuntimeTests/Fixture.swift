import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

/// Why a live test cannot run here; nil when it can.
let liveTestObstacle: String? = {
    if geteuid() != 0 { return "needs root" }
    if access("/bin/busybox", X_OK) != 0 { return "needs /bin/busybox (package busybox-static)" }
    return nil
}()

/// A real node on this machine with a busybox image, gone when the test is over.
final class Node: Sendable {
    let id = SecureRandom.hex(8)
    let directory: String
    let cgroups: CgroupTree!
    let configuration: NodeSupervisorConfiguration

    /// `KDASH_TEST_SUPERVISOR` names a program with the supervisor in it, for measuring another build than the test itself.
    init(isRootless: Bool = false) throws {
        let executable = getenv("KDASH_TEST_SUPERVISOR").map { String(cString: $0) } ?? "/proc/self/exe"
        directory = "/tmp/kdrt-\(id)"
        // An ordinary user's cgroups are delegated by systemd, if at all; the rootless test goes without.
        let tree = isRootless ? nil : try CgroupTree(clusterID: id, node: "one")
        cgroups = tree
        for name in ["run", "state", "root", "images/busybox/bin", "images/busybox/etc", "pods", "logs"] {
            try FileSystem.makeDirectories("\(directory)/\(name)")
        }
        let image = "\(directory)/images/busybox"
        try FileSystem.writeAtomically("\(image)/bin/busybox", try FileSystem.readFile("/bin/busybox"), mode: 0o755)
        try FileSystem.writeAtomically("\(image)/etc/passwd", Array("root:x:0:0:root:/:/bin/sh\n".utf8), mode: 0o644)
        for applet in [
            "sh", "echo", "cat", "sleep", "true", "id", "ls", "ip", "ps", "hostname", "nc", "dd", "yes", "head", "tr", "stty", "mount", "touch", "seq", "grep",
            "kill", "env", "tail", "mknod", "printf",
        ] {
            _ = symlink("busybox", "\(image)/bin/\(applet)")
        }
        configuration = NodeSupervisorConfiguration(
            clusterID: id, nodeName: "one", runDirectory: "\(directory)/run", stateDirectory: "\(directory)/state",
            rootDirectory: "\(directory)/root",
            binds: [
                .init(source: "\(directory)/images", target: "/images"), .init(source: "\(directory)/pods", target: "/pods"),
                .init(source: "\(directory)/logs", target: "/var/log/pods"),
            ],
            cgroups: tree, isRootless: isRootless, executable: executable)
    }

    /// Runs `body` with a started node and takes everything away afterwards, whatever happened.
    static func with(_ body: (Node, NodeSupervisor) async throws -> Void) async throws {
        let node = try Node()
        do {
            let supervisor = try await NodeSupervisor.attachOrStart(node.configuration)
            try node.cgroups.prepare(capacity: ResourceLimits(cpuRequest: .cores(2)))
            try node.cgroups.setBurstableRequest(.cores(2))
            try await body(node, supervisor)
            await supervisor.shutdown()
        } catch {
            node.clean()
            throw error
        }
        node.clean()
    }

    /// Ends and removes everything.
    func clean() {
        NodeSupervisor.sweep(configuration)
        // Overlay leaves directories that nobody but root may enter.
        for name in (try? FileSystem.names(in: "\(directory)/pods")) ?? [] {
            for inner in ["work", "work/incompat", "work/incompat/volatile"] { chmod("\(directory)/pods/\(name)/work/\(inner)", 0o700) }
        }
        do { try FileSystem.removeTree(directory) } catch { Issue.record("left \(directory): \(error)") }
    }

    /// A container that runs a shell script.
    func spec(
        _ id: String, _ script: String, sandbox: String = "pod", limits: ResourceLimits = ResourceLimits(), mounts: [Mount] = [], image: String = "busybox",
        privileged: Bool = false, change: (inout ContainerSpec) -> Void = { _ in }
    ) throws -> ContainerSpec {
        for name in ["upper", "work"] { try FileSystem.makeDirectories("\(directory)/pods/\(id)/\(name)") }
        var cgroup = CgroupPlacement(path: "")
        if let cgroups {
            let pod = try cgroups.createPod(uid: sandbox, qos: .burstable, limits: limits)
            cgroup = try cgroups.createContainer(id, in: pod, limits: limits)
        }
        let process = ProcessSpec(
            arguments: ["/bin/sh", "-c", script], environment: ["PATH=/bin:/usr/bin"], capabilities: privileged ? .all : .containerDefault,
            seccomp: privileged ? .unconfined : .runtimeDefault)
        var spec = ContainerSpec(
            id: id, sandboxID: sandbox, layers: ["/images/\(image)"], upperDirectory: "/pods/\(id)/upper", workDirectory: "/pods/\(id)/work",
            process: process, mounts: mounts, cgroup: cgroup, log: LogSpec(path: "/var/log/pods/\(id).log"), isPrivileged: privileged)
        change(&spec)
        return spec
    }

    /// The lines of a container's log: stream, tag and text.
    func log(_ id: String, suffix: String = "") throws -> [String] {
        try FileSystem.readText("\(directory)/logs/\(id).log\(suffix)", limit: 64 << 20).split(separator: "\n", omittingEmptySubsequences: true)
            .map { String($0.dropFirst(31)) }
    }

    /// What a container printed on one stream, lines joined by newlines.
    func output(_ id: String) throws -> String { try log(id).map { String($0.dropFirst(9)) }.joined(separator: "\n") }
}

extension NodeSupervisor {
    /// Starts a container and waits for its end.
    func run(_ spec: ContainerSpec) async throws -> ExitRecord {
        _ = try await start(spec)
        return try await end(of: spec.id)
    }

    /// Waits until the supervisor says that a container has ended.
    func end(of id: String) async throws -> ExitRecord {
        for await event in events {
            switch event {
            case .exited(id, let record): return record
            case .exited: continue
            case .lost: throw RuntimeError.lost
            }
        }
        throw RuntimeError.lost
    }
}

/// The descriptor, which the test needs to be there.
func present(_ descriptor: consuming FileDescriptor?) throws -> FileDescriptor {
    guard let descriptor else { throw RuntimeError(.invalid, "a stream is missing") }
    return descriptor
}
