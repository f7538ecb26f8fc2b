import Glibc
import LinuxKernel
import Testing

@testable import ContainerRuntime

struct RootlessTests {
    @Test(arguments: [
        ("kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=28633"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
    ])
    func `a setting that forbids user namespaces is named with its remedy`(name: String, value: String, remedy: String) {
        #expect(RootlessObstacle.find { $0 == name ? value : nil }?.remedy == remedy)
        #expect(RootlessObstacle.find { _ in nil } == nil)
    }

    @Test(.enabled(if: geteuid() != 0, "needs an ordinary user"), .enabled(if: access("/bin/busybox", X_OK) == 0, "needs /bin/busybox"))
    func `an ordinary user runs a container, or hears what is in the way`() async throws {
        let node = try Node(isRootless: true)
        defer { node.clean() }
        do throws(RuntimeError) {
            let supervisor = try await NodeSupervisor.attachOrStart(node.configuration)
            _ = try await supervisor.createSandbox(SandboxSpec(id: "pod", hostname: "p")).release()
            do {
                let record = try await supervisor.run(try node.spec("c1", "id -u; cat /dev/null; echo $$; ls /; exit 6"))
                #expect(record.code == 6)
                let lines = try node.output("c1").split(separator: "\n")
                #expect(lines.prefix(2) == ["0", "1"])
            } catch { Issue.record(error) }
            await supervisor.shutdown()
        } catch {
            #expect(error.code == .notPermitted, "\(error)")
        }
    }
}
