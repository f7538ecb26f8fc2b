import JSONCore
import KubeSchemas
import Testing

@testable import NodeAgent

struct ContainerProbesTests {
    private func probes(_ fields: JSONObject) throws -> ContainerProbes {
        var value: JSONObject = ["name": "c"]
        for member in fields { value[member.key] = member.value }
        return try #require(ContainerProbes(Container(.object(value)), startedAt: .zero))
    }

    private func due(_ probes: inout ContainerProbes, _ seconds: Int, stopping: Bool = false) -> [ProbeKind] {
        probes.begin(at: .seconds(seconds), isStopping: stopping).map(\.kind)
    }

    @Test func `a container without probes has none`() {
        #expect(ContainerProbes(Container(["name": "c"]), startedAt: .zero) == nil)
    }

    @Test func `the first try comes after the initial delay, the next ones after each period`() throws {
        var probes = try probes(["livenessProbe": ["initialDelaySeconds": 5, "periodSeconds": 3]])
        #expect(probes.wakeAt(isStopping: false) == .seconds(5))
        #expect(due(&probes, 4).isEmpty)
        #expect(due(&probes, 5) == [.liveness])
        // While it runs there is no second one, however late it gets.
        #expect(due(&probes, 60).isEmpty)
        probes.end(.liveness, .success, at: .seconds(6))
        #expect(probes.wakeAt(isStopping: false) == .seconds(8))
    }

    @Test func `readiness follows the thresholds in both directions`() throws {
        var probes = try probes(["readinessProbe": ["successThreshold": 2, "failureThreshold": 2, "periodSeconds": 1]])
        let steps: [(ProbeOutcome, Bool)] = [
            (.success, false), (.success, true), (.failure("a"), true), (.unknown("does not count"), true), (.failure("b"), false), (.success, false),
            (.failure("c"), false), (.success, false), (.success, true),
        ]
        for (number, step) in steps.enumerated() {
            #expect(due(&probes, number) == [.readiness])
            probes.end(.readiness, step.0, at: .seconds(number))
            #expect(probes.isReady == step.1, "after step \(number)")
        }
        #expect(probes.failure == nil)
    }

    @Test func `liveness asks for a stop after its threshold and then rests`() throws {
        var probes = try probes(["livenessProbe": ["failureThreshold": 2, "periodSeconds": 1, "terminationGracePeriodSeconds": 7]])
        _ = due(&probes, 0)
        probes.end(.liveness, .failure("a"), at: .zero)
        #expect(probes.failure == nil)
        _ = due(&probes, 1)
        probes.end(.liveness, .failure("b"), at: .seconds(1))
        #expect(probes.failure == .init(kind: .liveness, grace: 7))
        #expect(due(&probes, 100).isEmpty)
    }

    @Test func `the startup probe holds the others back, and they follow at once`() throws {
        var probes = try probes([
            "startupProbe": ["periodSeconds": 1, "failureThreshold": 3], "livenessProbe": ["periodSeconds": 5], "readinessProbe": ["periodSeconds": 5],
        ])
        #expect(due(&probes, 0) == [.startup])
        probes.end(.startup, .failure("not yet"), at: .zero)
        #expect(!probes.isStarted)
        #expect(due(&probes, 1) == [.startup])
        probes.end(.startup, .success, at: .seconds(1))
        #expect(probes.isStarted)
        #expect(!probes.isReady)
        #expect(due(&probes, 1) == [.liveness, .readiness])
        probes.end(.readiness, .success, at: .seconds(1))
        #expect(probes.isReady)
        #expect(probes.wakeAt(isStopping: false) == .seconds(6))
    }

    @Test func `a startup probe that never succeeds asks for a stop`() throws {
        var probes = try probes(["startupProbe": ["periodSeconds": 1, "failureThreshold": 1]])
        _ = due(&probes, 0)
        probes.end(.startup, .failure("no"), at: .zero)
        #expect(probes.failure == .init(kind: .startup, grace: nil))
    }

    @Test func `while a container stops only its readiness is tried`() throws {
        var probes = try probes(["livenessProbe": ["periodSeconds": 1], "readinessProbe": ["periodSeconds": 1]])
        #expect(due(&probes, 0, stopping: true) == [.readiness])
    }

    @Test func `what an earlier daemon found holds until the next try`() throws {
        var probes = try probes(["startupProbe": ["periodSeconds": 1], "readinessProbe": ["failureThreshold": 1]])
        probes.assume(started: true, ready: true)
        #expect(probes.isReady)
        #expect(due(&probes, 0) == [.readiness])
        probes.end(.readiness, .failure("no"), at: .zero)
        #expect(!probes.isReady)
    }
}
