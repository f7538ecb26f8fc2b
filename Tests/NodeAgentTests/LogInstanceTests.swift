import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import NodeAgent

struct LogInstanceTests {
    private func service(_ root: String, running: Int?) throws -> LogService {
        LogService(
            directory: LogDirectory(root: root), watcher: try FileWatcher(), followers: LogFollowers(), time: SystemTimeSource(),
            runningAttempt: { _, _ in running })
    }

    @Test func `every kept instance of a container can be read, and one that is not kept is named`() throws {
        let root = "/tmp/kdash-instances-\(SecureRandom.hex(8))"
        defer { try? FileSystem.removeTree(root) }  // best effort: the test has said what it had to say
        let folder = "\(root)/default_web_u1/app"
        try FileSystem.makeDirectories(folder, mode: 0o700)
        for attempt in [0, 3, 12] { try FileSystem.writeAtomically("\(folder)/\(attempt).log", []) }
        let logs = try service(root, running: 12)
        var request = LogRequest(namespace: "default", pod: "web", podUID: "u1", container: "app")
        #expect(logs.instances(request).map(\.number) == [0, 3, 12] && logs.instances(request).map(\.isRunning) == [false, false, true])
        for attempt in [0, 3, 12] {
            request.instance = attempt
            _ = try logs.open(request)
        }
        request.instance = 4
        let failure = #expect(throws: APIStatus.self) { _ = try logs.open(request) }
        #expect(failure?.message.contains("kept are: 0, 3, 12") == true)
        request.container = "other"
        #expect(logs.instances(request).isEmpty)
    }

    @Test func `an instance reads back as it was told`() {
        let instance = LogInstance(number: 7, lastWrite: Timestamp(seconds: 1_800_000_000), size: ByteCount(5), isRunning: true)
        #expect(LogInstance(instance.value) == instance)
        #expect(LogInstance(["number": -1, "lastWrite": "2026-01-01T00:00:00Z"]) == nil && LogInstance([:]) == nil)
    }
}
