import CNcurses
import Glibc
import Testing

/// Which command lines get a process that gives the terminal back.
@Suite struct GuardianTests {
    @Test(arguments: [
        ("kdash", true), ("/usr/local/bin/kdash", true), ("./kdash-0.2", true), ("kdash screen", true), ("kdash screen --readonly", true),
        ("kdash --api-port 7000", true), ("kdash --api-port=7000", true), ("kdash screen --api-port 7000 --no-merge", true),
        ("kdash --data-dir /tmp/x -n demo --theme dark --context prod --kubeconfig f --namespace a --nodes 1 --simulated-nodes 9 --ephemeral", true),
        ("kdash up", false), ("kdash up --api-port 7000", false), ("kdash --api-port 7000 status", false), ("kdash help", false),
        ("kdash --help", false), ("kdash screen --help", false), ("kdash -h", false), ("kdash --version", false), ("kdash screen up", false),
        ("kdashboard", false), ("kdash.old", false), ("/opt/kdash/other", false), ("kdashPackageTests.xctest", false), ("", false),
    ])
    func `the guardian belongs to the screen of kdash alone`(line: String, isWanted: Bool) {
        var words: [UnsafeMutablePointer<CChar>?] = line.split(separator: " ").map { strdup(String($0)) }
        defer { for word in words { free(word) } }
        #expect(kd_guardian_wanted(CInt(words.count), &words) == isWanted)
    }
}
