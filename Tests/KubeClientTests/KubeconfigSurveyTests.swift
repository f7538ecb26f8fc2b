import LinuxKernel
import TestSupport
import Testing

@testable import KubeClient

@Suite struct KubeconfigSurveyTests {
    private static func config(_ name: String) -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: \(name)
        clusters: [{name: \(name), cluster: {server: "https://\(name):6443"}}]
        users: [{name: \(name), user: {token: t}}]
        contexts: [{name: \(name), context: {cluster: \(name), user: \(name)}}]
        """
    }

    @Test func `one broken file hides nobody else's contexts, and is named with its line`() throws {
        let directory = ScratchFolder.path("survey")
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: a temporary folder
        let files = ["a": Self.config("one"), "b": "kind: Config\ncontexts: 5\n", "c": "kind: [\n", "d": Self.config("two")]
        for (name, text) in files { try FileSystem.writeAtomically("\(directory)/\(name)", Array(text.utf8), mode: 0o600) }
        let survey = Kubeconfig.survey(["a", "b", "none", "c", "d"].map { "\(directory)/\($0)" })
        #expect(survey.kubeconfig.contextNames == ["one", "two"] && survey.kubeconfig.currentContext == "one")
        #expect(survey.problems.count == 2)
        #expect(survey.problems[0].message.contains("\(directory)/b") && survey.problems[0].message.contains("line 2"))
        #expect(survey.problems[1].message.contains("\(directory)/c") && survey.problems[1].message.contains("line"))
        #expect(try survey.kubeconfig.context(named: "two").cluster.server == "https://two:6443")
    }
}
