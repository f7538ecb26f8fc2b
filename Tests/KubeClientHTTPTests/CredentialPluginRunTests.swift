import APIMachinery
import KubeClient
import LinuxKernel
import Testing

@testable import KubeClientHTTP

@Suite(.timeLimit(.minutes(5))) struct CredentialPluginRunTests {
    private static func withPlugin(_ text: String, _ body: (String, CredentialPlugin) async throws -> Void) async throws {
        let directory = "/tmp/kdash-plugin-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: it is under /tmp
        try FileSystem.writeAtomically("\(directory)/login", Array("#!/bin/sh\necho run >> \(directory)/runs\n\(text)\n".utf8), mode: 0o755)
        let context = KubeconfigContext(name: "test", cluster: KubeconfigCluster(server: "http://127.0.0.1:1"))
        let plugin = CredentialPlugin(
            ExecCredentialPlugin(command: "\(directory)/login"), context: context, isAllowed: true, time: SystemTimeSource())
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
}
