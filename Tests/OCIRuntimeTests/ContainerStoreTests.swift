import Glibc
import JSONCore
import LinuxKernel
import TestSupport
import Testing

@testable import OCIRuntime

@Suite struct ContainerStoreTests {
    static func record(_ id: String, pid: Int32 = 0, ticks: UInt64 = 0) -> ContainerRecord {
        ContainerRecord(
            id: id, pid: pid, startTicks: ticks, bundle: "/b", rootfs: "/b/rootfs", created: "2026-01-02T03:04:05Z", owner: "root", cgroup: "/c",
            version: "1.1.0",
            annotations: [("a", "b")])
    }

    @Test func `a record survives being written and read`() throws {
        let folder = ScratchFolder.path("containers")
        let store = ContainerStore(root: "\(folder)/deep/root")
        try store.claim("c")
        try store.write(Self.record("c", pid: 7, ticks: .max))
        let read = try store.read("c")
        #expect(read.json == Self.record("c", pid: 7, ticks: .max).json)
        #expect(try store.ids() == ["c"])
        #expect(throws: OCIError.self) { try store.claim("c") }
        try store.forget("c")
        #expect(try store.ids() == [])
        let gone = #expect(throws: OCIError.self) { try store.read("c") }
        #expect(gone?.code == .notFound)
    }

    @Test func `a damaged record says where it is`() throws {
        let folder = ScratchFolder.path("containers")
        let store = ContainerStore(root: folder)
        try store.claim("c")
        for text in ["", "{", "[]", #"{"id": 5}"#] {
            try FileSystem.writeAtomically("\(folder)/c/state.json", Array(text.utf8))
            let error = #expect(throws: OCIError.self) { try store.read("c") }
            #expect(error?.message.contains("\(folder)/c/state.json") == true)
        }
    }

    @Test func `a number that another process has now is a container that stopped`() throws {
        let folder = ScratchFolder.path("containers")
        let store = ContainerStore(root: folder)
        let own = try #require(ProcessLife.status(getpid()))
        var record = Self.record("c", pid: getpid(), ticks: own.startTicks)
        record.cgroup = nil
        #expect(store.status(record) == .running)
        record.startTicks += 1
        #expect(store.status(record) == .stopped)
        record.pid = 0
        #expect(store.status(record) == .creating)
    }

    @Test func `the name of a process may look like anything`() {
        let rest = (4...21).map { "\($0)" }.joined(separator: " ")
        let status = ProcessLife.parse("12 (a) Z (b) S \(rest) 777 23")
        #expect(status?.state == "S" && status?.startTicks == 777)
        #expect(ProcessLife.parse("12 (a") == nil && ProcessLife.parse("12 (a) S 1") == nil)
    }

    @Test func `the state that hooks and engines see`() {
        let record = Self.record("c", pid: 7)
        #expect(record.state(.running)["pid"] == 7 && record.state(.stopped)["pid"] == 0 && record.state(.running)["ociVersion"] == "1.2.0")
        #expect(record.state(.creating, for: true)["status"] == "creating" && record.state(.creating, for: true)["rootfs"] == nil)
    }

    @Test func `containers of an ordinary user are in their own place`() {
        #expect(ContainerStore.defaultRoot(user: 0, runtimeDirectory: "/run/user/0") == "/run/kdash-oci")
        #expect(ContainerStore.defaultRoot(user: 5, runtimeDirectory: "/run/user/5") == "/run/user/5/kdash-oci")
        #expect(ContainerStore.defaultRoot(user: 5, runtimeDirectory: nil) == "/tmp/kdash-oci-5")
    }

    @Test func `features follow the specification's names`() {
        let features = FeaturesCommand.document()
        #expect(features["potentiallyUnsafeConfigAnnotations"]?.arrayValue?.contains("run.oci.hooks.") == true)
        #expect(features["linux"]?["memoryPolicy"]?["modes"]?.arrayValue?.contains("MPOL_BIND") == true)
        #expect(features["ociVersionMax"] == "1.2.0" && features["linux", "seccomp", "enabled"] == true)
        #expect(features["mountOptions"]?.arrayValue?.contains("rro") == true)
    }
}
