import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

struct NodePressureTests {
    private static let plenty = NodePressure.Reading(memory: .gibibytes(4), disk: .gibibytes(40))
    private static let noMemory = NodePressure.Reading(memory: .mebibytes(99), disk: .gibibytes(40))
    private static let noDisk = NodePressure.Reading(memory: .gibibytes(4), disk: .mebibytes(1023))

    @Test func `a condition comes at once and stays for a while`() {
        var pressure = NodePressure(thresholds: .init())
        #expect(pressure.observe(Self.plenty, at: .seconds(10)).isEmpty && pressure.pressures.isEmpty)
        #expect(pressure.observe(Self.noMemory, at: .seconds(20)) == [.memory] && pressure.pressures == [.memory])
        #expect(pressure.observe(Self.noDisk, at: .seconds(30)) == [.disk] && pressure.pressures == [.memory, .disk])
        #expect(pressure.observe(Self.plenty, at: .seconds(319)).isEmpty && pressure.pressures == [.memory, .disk])
        #expect(pressure.observe(Self.plenty, at: .seconds(320)).isEmpty && pressure.pressures == [.disk])
        #expect(pressure.observe(Self.plenty, at: .seconds(330)).isEmpty && pressure.pressures.isEmpty)
    }

    @Test func `a bound of zero is none`() {
        var pressure = NodePressure(thresholds: .init(memory: .zero, disk: .zero))
        #expect(pressure.observe(.init(memory: .zero, disk: .zero), at: .zero).isEmpty)
    }

    @Test(
        arguments: [
            ("MemTotal: 9 kB\nMemAvailable:   2048 kB\n", 2 << 20), ("", Int64.max), ("MemAvailable: x kB", Int64.max),
            ("MemAvailable: 9223372036854775807 kB", Int64.max),
        ] as [(String, Int64)])
    func `available memory is read, and what cannot be read is plenty`(text: String, bytes: Int64) {
        #expect(NodePressure.Reading.availableMemory(text).value == bytes)
    }

    @Test func `under pressure a node takes what it must and no more`() {
        func isTaken(_ spec: JSONObject, requests: JSONObject = [:], _ pressures: Set<NodePressure.Resource>) -> Bool {
            let pod = Pod.sample(containers: [["name": "main", "resources": ["requests": .object(requests)]]], spec: spec)
            return NodePressure.refusal(of: pod, under: pressures) == nil
        }
        #expect(isTaken([:], []))
        #expect(!isTaken([:], [.memory]) && isTaken([:], requests: ["cpu": "1"], [.memory]))
        #expect(isTaken(["tolerations": [["operator": "Exists"]]], [.memory]))
        #expect(!isTaken([:], requests: ["cpu": "1"], [.disk]) && !isTaken(["tolerations": [["operator": "Exists"]]], [.disk]))
        #expect(isTaken(["priority": 2_000_000_000], [.disk, .memory]))
        let refusal = NodePressure.refusal(of: .sample(), under: [.memory, .disk])
        #expect(refusal == .refused(reason: "Evicted", message: "The node had condition: [DiskPressure MemoryPressure]. "))
    }

    @Test func `who uses more than it asked for goes first, then the least important, then the greediest`() {
        func candidate(_ uid: String, _ priority: Int64, _ usage: Int64, _ request: Int64) -> EvictionCandidate {
            EvictionCandidate(uid: uid, priority: priority, usage: .mebibytes(usage), request: .mebibytes(request))
        }
        var all = [
            candidate("modest", 0, 900, 1000), candidate("important", 10, 500, 0), candidate("greedy", 5, 400, 100), candidate("small", 5, 200, 0),
        ]
        var order: [String] = []
        while let next = EvictionCandidate.first(of: all) {
            order.append(next.uid)
            all.removeAll { $0 == next }
        }
        #expect(order == ["greedy", "small", "important", "modest"])
    }

    @Test func `the message says what was short and who took it`() {
        let candidate = EvictionCandidate(
            uid: "u", priority: 0, usage: .mebibytes(5), request: .zero,
            excesses: [.init(container: "main", usage: .mebibytes(5), request: .zero)])
        #expect(
            candidate.message(.memory, threshold: .mebibytes(100), available: .mebibytes(7))
                == "The node was low on resource: memory. Threshold quantity: 102400Ki, available: 7168Ki. Container main was using 5120Ki, request is 0, has larger consumption of memory. "
        )
    }
}
