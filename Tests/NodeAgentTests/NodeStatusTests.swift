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

    @Test func `pods get what is left when the node keeps its reserve`() {
        let status = builder().status
        func amount(_ part: String, _ name: String) -> Int64 { Quantity(decoded: status[part]?[name] ?? .null)?.value ?? -1 }
        #expect(amount("capacity", "memory") - amount("allocatable", "memory") == 100 << 20)
        #expect(amount("allocatable", "ephemeral-storage") == 9 << 30)
        #expect(status["daemonEndpoints"]?["kubeletEndpoint"]?["Port"] == 10250 && status["features"]?["supplementalGroupsPolicy"] == true)
    }
}
