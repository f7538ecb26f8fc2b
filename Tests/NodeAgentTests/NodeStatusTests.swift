import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import NodeAgent

struct NodeStatusTests {
    private func builder(_ images: [(names: [String], size: ByteCount)] = []) -> NodeStatusBuilder {
        NodeStatusBuilder(
            name: "n", address: "10.0.0.1", podRange: "", version: "1", storage: .gibibytes(10), notReadyReason: nil, now: Timestamp(seconds: 0),
            images: images)
    }

    @Test func `the largest images are told with the first of their names`() {
        let many = (0..<60).map { (names: ["i\($0):1"], size: ByteCount(Int64($0))) } + [(names: (0..<9).map { "big:\($0)" }, size: .gibibytes(1))]
        let list = builder(many).imageList.arrayValue ?? []
        #expect(list.count == 50 && list[0]["names"]?.arrayValue?.count == 5 && list[0]["sizeBytes"]?.integerValue == 1 << 30)
        #expect(list[1]["names"] == ["i59:1"] && list[49]["names"] == ["i11:1"])
    }

    @Test func `a node that comes back keeps the time since when its conditions hold`() {
        var present = builder().object
        present["status", "conditions"] = [
            ["type": "Ready", "status": "True", "lastTransitionTime": "1969-01-01T00:00:00Z"],
            ["type": "DiskPressure", "status": "True", "lastTransitionTime": "1969-01-01T00:00:00Z"],
        ]
        let conditions = builder().status(after: present)["conditions"]?.arrayValue ?? []
        func since(_ type: String) -> String? { conditions.first { $0["type"]?.stringValue == type }?["lastTransitionTime"]?.stringValue }
        #expect(
            since("Ready") == "1969-01-01T00:00:00Z" && since("DiskPressure") == "1970-01-01T00:00:00Z" && since("MemoryPressure") == "1970-01-01T00:00:00Z")
        #expect(conditions.allSatisfy { $0["lastHeartbeatTime"]?.stringValue == "1970-01-01T00:00:00Z" })
    }

    @Test func `pods get what is left when the node keeps its reserve`() {
        let status = builder().status
        func amount(_ part: String, _ name: String) -> Int64 { Quantity(decoded: status[part]?[name] ?? .null)?.value ?? -1 }
        #expect(amount("capacity", "memory") - amount("allocatable", "memory") == 100 << 20)
        #expect(amount("allocatable", "ephemeral-storage") == 9 << 30)
        #expect(status["daemonEndpoints"]?["kubeletEndpoint"]?["Port"] == 10250 && status["features"]?["supplementalGroupsPolicy"] == true)
    }
}
