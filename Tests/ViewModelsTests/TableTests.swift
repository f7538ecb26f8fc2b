import KubeClient
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct TableTests {
    private func row(_ number: Int, status: String = "Running", namespace: String = "default") -> PodRow {
        PodRow(
            uid: "u\(number)", namespace: namespace, name: "pod-\(number + 1000)", readyCount: 1, containerCount: 1, status: status,
            tone: .ok, restarts: 0,
            createdAt: nil, node: "n", ip: "", cpu: Usage(unit: .milliCPU), memory: Usage(unit: .bytes))
    }
    private let now = Timestamp(seconds: 1_000_000)

    @Test func `the cursor follows its object through any churn`() {
        let model = PodsModel(signal: ChangeSignal())
        var random = SeededGenerator(seed: 3)
        model.upsert((0..<200).map { row($0) }, now: now)
        model.select(uid: "u100")
        for _ in 0..<3000 {
            let number = random.below(400)
            switch random.below(5) {
            case 0 where number != 100: model.remove(uids: ["u\(number)"])
            case 1: model.sort = TableSort(column: ["name", "status", "age"][random.below(3)], isDescending: random.below(2) == 0)
            default: model.upsert([row(number, status: ["Running", "Pending", "Error"][random.below(3)])], now: now)
            }
            #expect(model.selectedUID == "u100")
            #expect(model.selectedIndex.map { model.row(at: $0).uid } == "u100")
        }
    }

    @Test func `when its object goes the cursor takes the neighbour`() {
        let model = PodsModel(signal: ChangeSignal())
        model.upsert((0..<5).map { row($0) }, now: now)
        model.select(index: 2)
        model.remove(uids: ["u2"])
        #expect(model.selectedUID == "u3")
        model.remove(uids: ["u3", "u4"])
        #expect(model.selectedUID == "u1")
        model.remove(uids: ["u0", "u1"])
        #expect(model.selectedUID == nil && model.count == 0)
    }

    @Test func `a pod that vanishes under the cursor is named once, unless the user has moved on`() {
        let model = PodsModel(signal: ChangeSignal())
        model.upsert((0..<5).map { row($0) }, now: now)
        model.select(index: 2)
        model.remove(uids: ["u0"])
        #expect(model.takeVanished() == nil)
        model.remove(uids: ["u2"])
        #expect(model.takeVanished() == "default/pod-1002 is gone" && model.takeVanished() == nil)
        model.remove(uids: ["u3"])
        model.moveSelection(by: -1)
        #expect(model.takeVanished() == nil)
    }

    @Test func `a pod that leaves the filter under the cursor is named, unless the filter was changed`() {
        let model = PodsModel(signal: ChangeSignal())
        model.upsert((0..<5).map { row($0, status: "Error") }, now: now)
        model.filter = "error"
        model.select(index: 2)
        model.upsert([row(2)], now: now)
        #expect(model.count == 4 && model.takeVanished() == "default/pod-1002 no longer passes the filter")
        model.select(index: 0)
        model.filter = "pod-1004"
        #expect(model.count == 1 && model.takeVanished() == nil)
    }

    @Test func `a pod that has just come can be selected`() {
        let model = PodsModel(signal: ChangeSignal())
        model.upsert([row(1)], now: now)
        #expect(model.selectedIndex == 0)
        model.upsert([row(2)], now: now)
        model.select(uid: "u2")
        #expect(model.selectedPod?.uid == "u2")
    }

    @Test func `the namespace in force has the accent, wherever the cursor is`() {
        let app = AppModel(clock: { Timestamp(seconds: 1) })
        app.namespaces.rows = ["a", "b"].map { NamespaceRow(uid: $0, name: $0, status: "Active", tone: .ok, podCount: 0, createdAt: nil) }
        func accented() -> [Int] {
            (0..<3).filter { if case .text(_, .accent) = app.namespaces.row(at: $0).cells[0] { true } else { false } }
        }
        #expect(accented() == [0])
        app.namespace = "b"
        #expect(accented() == [2])
        app.namespaces.moveSelection(by: 1)
        #expect(accented() == [2])
    }

    @Test func `a filter keeps names and states, and can be turned round`() {
        let model = PodsModel(signal: ChangeSignal())
        model.upsert([row(1), row(2, status: "CrashLoopBackOff"), row(3, namespace: "other")], now: now)
        model.filter = "crash"
        #expect(model.count == 1 && model.total == 3)
        model.filter = "!CRASH"
        #expect(model.count == 2)
        model.filter = "other"
        #expect(model.count == 1)
        model.filter = ""
        model.scope = NamespaceScope("other")
        #expect(model.count == 1 && model.total == 1 && !model.showsNamespace)
    }

    @Test func `a filter that moves the cursor tells so, and a vanished pod does not`() {
        let model = PodsModel(signal: ChangeSignal())
        model.upsert((0..<5).map { row($0) }, now: now)
        model.select(index: 0)
        var told: [String] = []
        model.onSelect = { told.append(model.selectedUID ?? "") }
        model.filter = "pod"
        #expect(told.isEmpty)
        model.filter = "1003"
        #expect(told == ["u3"] && model.selectedUID == "u3")
        model.filter = ""
        model.remove(uids: ["u3"])
        #expect(told == ["u3"] && model.selectedUID == "u4")
    }

    @Test func `changed cells are named once they change`() {
        let model = PodsModel(signal: ChangeSignal())
        model.upsert([row(1)], now: now)
        #expect(model.row(at: 0).changed == 0)
        model.upsert([row(1, status: "Error")], now: now)
        #expect(model.row(at: 0).changed == 4 << 1 && model.row(at: 0).changedAt == now)
    }

    @Test func `usage is a rate between two samples`() {
        var sampler = UsageSampler()
        func sample(_ second: Int64, _ cpu: Int64) -> [String: PodUsage] {
            sampler.take([
                .init(
                    node: "n", sampledAt: Timestamp(seconds: second),
                    pods: [
                        .init(
                            namespace: "d", name: "p", uid: "u",
                            usage: .init(cpuNanoseconds: cpu, workingSet: ByteCount(42), isCPULimitEnforced: false))
                    ])
            ])
        }
        #expect(sample(10, 1_000_000_000)["u"] == PodUsage(cpu: nil, memory: 42, isCPULimitEnforced: false))
        #expect(sample(12, 1_500_000_000)["u"]?.cpu == 250)
        // A counter that went back is that of a new cgroup.
        #expect(sample(13, 100_000_000)["u"]?.cpu == 100)
        #expect(sample(13, 200_000_000)["u"]?.cpu == nil)
        #expect(sample(12, 300_000_000)["u"]?.cpu == nil)
    }
}
