import APIMachinery
import Glibc
import KubeClient
import LinuxKernel
import TestSupport
import Testing

@testable import KubeClientHTTP

@Suite(.timeLimit(.minutes(5))) struct CredentialPluginRunTests {
    private static func withPlugin(_ text: String, _ body: (String, CredentialPlugin) async throws -> Void) async throws {
        let directory = "/tmp/kdash-plugin-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: it is under /tmp
        try FileSystem.writeAtomically("\(directory)/login", Array("#!/bin/sh\necho run >> \(directory)/runs\n\(text)\n".utf8), mode: 0o600)
        let context = KubeconfigContext(name: "test", cluster: KubeconfigCluster(server: "http://127.0.0.1:1"))
        let plugin = CredentialPlugin(
            ExecCredentialPlugin(command: "/bin/sh", arguments: ["\(directory)/login"]), context: context, isAllowed: true, time: SystemTimeSource())
        try await body(directory, plugin)
    }

    /// Ends once nine requests have asked for it.
    private static func slow(_ end: String) -> String { "while [ ! -e \"${0%/*}/go\" ]; do sleep 0.05; done\n\(end)" }

    private static let token = "echo '{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t\"}}'"

    @Test(arguments: [(slow(token), "t"), (slow("exit 3"), nil)])
    func `requests at the same time share one run`(script: String, expected: String?) async throws {
        try await Self.withPlugin(script) { directory, plugin in
            let tokens = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<9 {
                    group.addTask {
                        do throws(APIStatus) { return try await plugin.credential().token } catch { return nil }
                    }
                }
                while !FileSystem.exists("\(directory)/runs") { try await Task.sleep(for: .milliseconds(10)) }
                try FileSystem.writeAtomically("\(directory)/go", [], mode: 0o600)
                return try await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(tokens == Array(repeating: expected, count: 9))
            let runs = try FileSystem.readText("\(directory)/runs").split(separator: "\n").count
            // Who asks after a failure asks for another run; after a success for none.
            #expect(expected == nil ? runs < 9 : runs == 1)
        }
    }

    @Test func `what it says on standard error is in the message and nowhere else`() async throws {
        try await Self.withPlugin("echo 'please wait' >&2; printf 'no such user\\n\\n' >&2; exit 3") { _, plugin in
            let error = await #expect(throws: APIStatus.self) { _ = try await plugin.credential() }
            #expect(error?.message.hasSuffix("it ended with status 3: no such user") == true, "\(error?.message ?? "")")
        }
    }

    @Test func `a caller that comes as a run ends starts no other`() async throws {
        for _ in 0..<20 {
            try await Self.withPlugin(Self.token) { directory, plugin in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<64 { group.addTask { _ = try await plugin.credential() } }
                    try await group.waitForAll()
                }
                let runs = try FileSystem.readText("\(directory)/runs")
                #expect(runs == "run")
            }
        }
    }

    @Test func `a refusal of an earlier credential leaves the later one alone`() async throws {
        try await Self.withPlugin(Self.token) { directory, plugin in
            let first = try await plugin.credential()
            plugin.forget(run: first.run)
            let second = try await plugin.credential()
            plugin.forget(run: first.run)
            let third = try await plugin.credential()
            #expect(third.run == second.run && second.run != first.run)
            let runs = try FileSystem.readText("\(directory)/runs")
            #expect(runs == "run\nrun")
        }
    }

    /// Runs a script as a plugin; it may write into its `$PLACE`.
    private static func run(_ script: String, patience: Duration, _ body: (PluginProcess, String) async throws -> Void) async throws {
        let directory = "/tmp/kdash-plugin-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: it is under /tmp
        let plugin = ExecCredentialPlugin(
            command: "/bin/sh", arguments: ["-c", "echo $$ > $PLACE/pid; \(script)"], environment: [.init(name: "PLACE", value: directory)])
        try await body(PluginProcess(plugin, information: "{}", patience: patience), directory)
    }

    @Test(arguments: [
        ("exec 1>&-; echo waiting >&2; exec sleep 1000", Duration.seconds(1), "it took longer than 1 s: waiting"),
        ("exec sleep 1000", .seconds(1), "it took longer than 1 s"),
        ("echo much >&2; exec yes", .seconds(60), "it printed more than 1 MiB: much"),
        ("exec 1>&-; sleep 0.3; echo late >&2; exit 3", .seconds(60), "it ended with status 3: late"),
    ])
    func `a program that gives nothing is ended, and the message says why`(script: String, patience: Duration, why: String) async throws {
        try await Self.run(script, patience: patience) { process, directory in
            let error = await #expect(throws: APIStatus.self) { _ = try await process.run() }
            #expect(error?.message.hasSuffix("gave no credentials: \(why)") == true, "\(error?.message ?? "")")
            let pid = try FileSystem.readText("\(directory)/pid").split(separator: "\n")[0]
            #expect(await comesTrue { !FileSystem.exists("/proc/\(pid)") })
        }
    }

    @Test func `what a program leaves behind holds nobody up`() async throws {
        try await Self.run("sleep 1000 & echo $! > $PLACE/rest; echo done", patience: .seconds(60)) { process, directory in
            let printed = try await process.run()
            #expect(printed == Array("done\n".utf8))
            let rest = try #require(Int32(try FileSystem.readText("\(directory)/rest").split(separator: "\n")[0]))
            try ChildProcess.signal(SIGKILL, to: ChildProcess.pidfd(of: rest))
        }
    }
}
