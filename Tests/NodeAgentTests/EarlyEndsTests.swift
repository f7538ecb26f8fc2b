import ContainerRuntime
import LinuxKernel
import Testing

@testable import NodeAgent

@Suite struct EarlyEndsTests {
    private static let end = ExitRecord(code: 3, signal: nil, isOutOfMemory: false, finishedAt: Timestamp(seconds: 60))

    @Test func `an end that comes before the pod's worker is kept for it`() {
        let record = ContainerRecord(id: "u.main.0", sandboxID: "u", startedAt: Timestamp(seconds: 0), state: .running(pid: 7))
        var early = EarlyEnds(of: [record])
        early.keep(Self.end, of: "u.main.0", pod: "u")
        early.keep(Self.end, of: "other.main.0", pod: "other")
        #expect(early.take(for: "other").isEmpty)
        #expect(early.take(for: "u").map(\.id) == ["u.main.0"])
        early.keep(Self.end, of: "u.main.1", pod: "u")
        #expect(early.take(for: "u").isEmpty)
    }
}
