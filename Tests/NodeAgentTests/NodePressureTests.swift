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
            EvictionCandidate(uid: uid, priority: priority, usage: usage, request: request)
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

    @Test func `too few processes are a pressure of their own, and a tenth is enough`() {
        var pressure = NodePressure(thresholds: .init())
        func reading(_ left: Int64, of limit: Int64) -> NodePressure.Reading {
            NodePressure.Reading(memory: .gibibytes(4), disk: .gibibytes(40), processes: left, processLimit: limit)
        }
        let readings = [reading(1000, of: 4_000_000), reading(999, of: 4_000_000), reading(100, of: 1000), reading(99, of: 1000)]
        let short = readings.map { pressure.observe($0, at: .seconds(10)) }
        #expect(short == [[], [.processes], [], [.processes]])
        #expect(pressure.pressures.map(\.condition) == ["PIDPressure"])
        let candidate = EvictionCandidate(uid: "u", priority: 0, usage: 900, request: 0)
        #expect(
            candidate.message(.processes, threshold: 1000, available: 999)
                == "The node was low on resource: pids. Threshold quantity: 1000, available: 999. ")
    }

    @Test(arguments: [("0.1 0.2 0.3 2/345 6789", 345), ("0.1 0.2 0.3 x 1", nil), ("", nil), ("a b c 1/-5 d", nil)] as [(String, Int64?)])
    func `the machine's threads are read`(text: String, count: Int64?) { #expect(NodePressure.Reading.running(text) == count) }

    @Test func `the machine can say how many processes it takes`() {
        let reading = NodePressure.Reading(data: "/")
        #expect(reading.processLimit < .max && (1..<reading.processLimit).contains(reading.processes))
    }

    @Test func `the message says what was short and who took it`() {
        let candidate = EvictionCandidate(
            uid: "u", priority: 0, usage: 5 << 20, request: 0, excesses: [.init(container: "main", usage: 5 << 20, request: 0)])
        #expect(
            candidate.message(.memory, threshold: 100 << 20, available: 7 << 20)
                == "The node was low on resource: memory. Threshold quantity: 102400Ki, available: 7168Ki. Container main was using 5120Ki, request is 0, has larger consumption of memory. "
        )
    }
}
