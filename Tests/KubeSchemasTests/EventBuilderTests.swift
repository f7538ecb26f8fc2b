import APIMachinery
import JSONCore
import LinuxKernel
import Testing

@testable import KubeSchemas

@Suite struct EventBuilderTests {
    private let pod = KubeObject(Pod.kind, name: "web", namespace: "shop")
    private let start = Timestamp(seconds: 1_000_000)

    @Test func `a repeated event is counted on the first one`() throws {
        var builder = EventBuilder(component: "kubelet", host: "node1")
        let first = builder.record(about: pod, kind: .warning, reason: "BackOff", message: "again", now: start)
        guard case .create(let event) = first else { throw Failure() }
        #expect(event.namespace == "shop")
        #expect(event.string("involvedObject", "name") == "web")
        let second = builder.record(about: pod, kind: .warning, reason: "BackOff", message: "again", now: start.advanced(by: .seconds(10)))
        guard case .patch(_, let name, let patch, let fallback) = second else { throw Failure() }
        #expect(name == event.name)
        #expect(patch["count"] == 2)
        #expect(Event(fallback).count == 2)
    }

    @Test func `a repetition after a long pause is a new event`() throws {
        var builder = EventBuilder(component: "kubelet")
        _ = builder.record(about: pod, kind: .normal, reason: "Pulled", message: "m", now: start)
        let later = builder.record(about: pod, kind: .normal, reason: "Pulled", message: "m", now: start.advanced(by: .seconds(3600)))
        guard case .create = later else { throw Failure() }
    }

    @Test func `events about cluster scoped objects live in the default namespace`() throws {
        var builder = EventBuilder(component: "node")
        let write = builder.record(
            about: KubeObject(Node.kind, name: "n1"), kind: .normal, reason: "NodeReady", message: "m", now: start)
        guard case .create(let event) = write else { throw Failure() }
        #expect(event.namespace == "default")
    }

    @Test func `a long message is cut between characters`() throws {
        var builder = EventBuilder(component: "kubelet")
        let write = builder.record(
            about: pod, kind: .warning, reason: "Failed", message: String(repeating: "é", count: 2000), now: start)
        guard case .create(let event) = write else { throw Failure() }
        #expect(Event(event).message.utf8.count <= 1024)
    }

    private struct Failure: Error {}
}
