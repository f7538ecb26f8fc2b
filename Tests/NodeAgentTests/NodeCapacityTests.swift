import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

struct NodeCapacityTests {
    private let machine = NodeCapacity(cpu: .cores(2), memory: .gibibytes(6))

    @Test(arguments: [(1, "2", 6 << 10, false), (2, "1", 3 << 10, true), (3, "666m", 2 << 10, true)])
    func `nodes share processors and memory equally`(count: Int, cpu: String, mebibytes: Int64, isPart: Bool) {
        let share = NodeCapacity.share(of: count, machine: machine)
        #expect(share.cpu.description == cpu && share.memory == .mebibytes(mebibytes) && share.isPart == isPart)
        #expect(share.pods == 110, "each has a range of addresses of its own")
    }

    @Test func `a node says its share, and keeps its reserve`() {
        let share = NodeCapacity.share(of: 3, machine: machine)
        let status = NodeStatusBuilder(
            name: "n", address: "10.0.0.1", podRange: "", version: "1", storage: .gibibytes(10), notReadyReason: nil, now: Timestamp(seconds: 0),
            capacity: share
        ).status
        #expect(status["capacity"]?["cpu"] == "666m" && status["allocatable"]?["cpu"] == "666m" && status["capacity"]?["memory"] == "2097152Ki")
        #expect(status["allocatable"]?["memory"] == "1994752Ki")
    }

    @Test func `huge pages are shared whole, and are no part of the memory that pods are given`() {
        var machine = machine
        machine.hugePages = [HugePages(pageSize: .mebibytes(2), count: 513), HugePages(pageSize: .gibibytes(1), count: 0)]
        let status = NodeStatusBuilder(
            name: "n", address: "10.0.0.1", podRange: "", version: "1", storage: .gibibytes(10), notReadyReason: nil, now: Timestamp(seconds: 0),
            capacity: .share(of: 2, machine: machine)
        ).status
        for list in ["capacity", "allocatable"] {
            #expect(status[list]?["hugepages-2Mi"] == "512Mi" && status[list]?["hugepages-1Gi"] == "0")
        }
        #expect(status["capacity"]?["memory"] == "3145728Ki" && status["allocatable"]?["memory"] == "2519040Ki")
    }

    @Test func `a node that has a share is short when its pods use it up`() {
        let reading = NodePressure.Reading(memory: .gibibytes(4), disk: .gibibytes(9))
        #expect(reading.bounded(by: .gibibytes(2), used: .mebibytes(2000)).memory == .mebibytes(48))
        #expect(reading.bounded(by: .gibibytes(2), used: .gibibytes(3)).memory == .zero)
        #expect(reading.bounded(by: .gibibytes(8), used: .gibibytes(1)).memory == .gibibytes(4), "the machine is short first")
        #expect(reading.bounded(by: .gibibytes(2), used: nil) == reading)
    }

    @Test func `another node's pods and logs are its own, images and volumes are everybody's`() {
        let paths = NodePaths(data: "/d", own: "/d/nodes/kdash-1")
        #expect(paths.binds.map(\.host) == ["/d/images", "/d/nodes/kdash-1/pods", "/d/volumes", "/d/nodes/kdash-1/logs"])
        #expect(paths.binds.map(\.node) == ["images", "pods", "volumes", "logs"].map { "/var/lib/kdash/\($0)" })
        #expect(paths.node(paths.volume("u", "v")) == "/var/lib/kdash/pods/u/volumes/v")
        #expect(paths.node("/d/images/layers/a/fs") == "/var/lib/kdash/images/layers/a/fs")
        #expect(paths.relative(paths.pod("u")) == "nodes/kdash-1/pods/u" && paths.logs.root == "/d/nodes/kdash-1/logs")
        let first = NodePaths(data: "/d")
        #expect(first.binds.map(\.host) == ["/d/images", "/d/pods", "/d/volumes", "/d/logs"] && first.node(first.pod("u")) == "/var/lib/kdash/pods/u")
    }

    @Test func `what a container may use without a limit is its node's`() throws {
        let fields = PodFields(pod: .sample(), nodeName: "n", hostIP: "h", podIP: "", nodeMemory: .gibibytes(2), nodeCPU: MilliCPU(666))
        func amount(_ resource: String, _ divisor: String) throws -> String {
            try fields.amount(ResourceFieldSelector(["containerName": "", "resource": .string(resource), "divisor": .string(divisor)]), own: Container([:]))
        }
        #expect(try amount("limits.cpu", "1") == "1" && amount("limits.cpu", "1m") == "666" && amount("limits.memory", "1Mi") == "2048")
    }
}
