import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

struct StorageLimitsTests {
    private static func container(_ name: String, _ limit: String?, restartPolicy: String? = nil) -> JSONValue {
        let limits: JSONValue = limit.map { ["limits": ["ephemeral-storage": .string($0)]] } ?? .object([:])
        var container: JSONValue = ["name": .string(name), "resources": limits]
        if let restartPolicy { container["restartPolicy"] = .string(restartPolicy) }
        return container
    }

    private static let volumes: JSONValue = [
        ["name": "limited", "emptyDir": ["sizeLimit": "2Mi"]], ["name": "open", "emptyDir": .object([:])],
        ["name": "memory", "emptyDir": ["sizeLimit": "1Mi", "medium": "Memory"]],
    ]

    /// MiB of a's root, a's log, b's root, and the limited and the open volume.
    private static func storage(_ amounts: [Int64]) -> PodStorage {
        func use(_ index: Int) -> DiskUse { DiskUse(size: .mebibytes(amounts[index]), files: 1) }
        return PodStorage(
            uid: "u", containers: [.init(name: "a", root: use(0), logs: use(1)), .init(name: "b", root: use(2), logs: DiskUse())],
            volumes: [.init(name: "limited", use: use(3)), .init(name: "open", use: use(4))])
    }

    private static let cases: [([Int64], String?)] = [
        ([1, 1, 1, 1, 1], nil), ([2, 2, 0, 2, 0], nil),
        ([0, 0, 0, 3, 0], "Usage of EmptyDir volume \"limited\" exceeds the limit \"2Mi\". "),
        ([3, 2, 0, 0, 0], "Container a exceeded its local ephemeral storage limit \"4Mi\". "),
        ([0, 0, 20, 0, 1], "Pod ephemeral local storage usage exceeds the total limit of containers 16Mi. "),
        ([0, 0, 0, 0, 17], "Pod ephemeral local storage usage exceeds the total limit of containers 16Mi. "),
        // The volume is named first, then the whole, then the container.
        ([9, 9, 9, 9, 9], "Usage of EmptyDir volume \"limited\" exceeds the limit \"2Mi\". "),
        ([9, 9, 9, 0, 9], "Pod ephemeral local storage usage exceeds the total limit of containers 16Mi. "),
    ]

    @Test(arguments: cases)
    func `a pod that takes more than it may has to go`(amounts: [Int64], message: String?) throws {
        let pod = Pod.sample(containers: [Self.container("a", "4Mi"), Self.container("b", "12Mi")], spec: ["volumes": Self.volumes])
        #expect(try #require(StorageLimits(pod)).violation(Self.storage(amounts)) == message)
    }

    @Test func `a container without a limit counts for the others' sum`() throws {
        let limits = try #require(StorageLimits(.sample(containers: [Self.container("a", "4Mi"), Self.container("b", nil)])))
        #expect(limits.violation(Self.storage([1, 0, 2, 0, 0])) == nil)
        #expect(limits.violation(Self.storage([1, 0, 4, 0, 0])) == "Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. ")
    }

    @Test func `a pod without limits is not counted`() {
        #expect(StorageLimits(.sample(containers: [Self.container("a", nil), Self.container("b", "0")], spec: ["volumes": []])) == nil)
        let memory: JSONValue = ["name": "m", "emptyDir": ["sizeLimit": "1Mi", "medium": "Memory"]]
        #expect(StorageLimits(.sample(containers: [Self.container("a", nil)], spec: ["volumes": [memory]])) == nil)
        let sidecar = Self.container("i", "1Mi", restartPolicy: "Always")
        #expect(StorageLimits(.sample(containers: [Self.container("a", nil)], spec: ["initContainers": [sidecar]])) != nil)
    }
}

struct StorageWatchTests {
    @Test func `it is counted every ten seconds, one count at a time`() {
        var watch = StorageWatch()
        let begun = [100, 109, 110, 500].map { watch.begin(at: .seconds($0)) }
        #expect(begun == [false, false, true, false], "planned, not due, due, and not ended")
        #expect(watch.dueAt == nil)
        watch.end(at: .seconds(501), took: .milliseconds(5))
        #expect(watch.dueAt == .seconds(511))
    }

    @Test func `what takes long to count is counted less often`() {
        var watch = StorageWatch()
        watch.end(at: .seconds(10), took: .seconds(3))
        #expect(watch.dueAt == .seconds(310))
    }

    @Test func `a figure answers for a minute`() {
        let figures = StorageFigures()
        let storage = PodStorage(uid: "u", volumes: [.init(name: "v", use: DiskUse(size: .mebibytes(1), files: 2))])
        figures.note(storage, at: .seconds(10))
        #expect(figures.fresh("u", at: .seconds(69)) == storage && figures.fresh("u", at: .seconds(70)) == nil && figures.fresh("x", at: .zero) == nil)
        figures.forget("u")
        #expect(figures.fresh("u", at: .seconds(11)) == nil)
    }
}
