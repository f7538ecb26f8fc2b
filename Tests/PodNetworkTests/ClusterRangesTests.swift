import LinuxKernel
import Testing

@testable import PodNetwork

@Suite struct ClusterRangesTests {
    private func route(_ text: String) -> ClusterRanges.Obstacle { .init(IPv4Network(text)!, .interface("eth0")) }

    @Test func `the preferred ranges are taken when the host does not use them`() throws {
        let ranges = try ClusterRanges.choose(avoiding: [route("192.0.2.0/24")])
        #expect("\(ranges.podCIDR) \(ranges.serviceCIDR)" == "10.42.0.0/16 10.96.0.0/12")
        #expect("\(ranges.apiAddress) \(ranges.dnsAddress)" == "10.96.0.1 10.96.0.10")
        #expect(ranges.podCIDR(ofNode: 3)?.description == "10.42.3.0/24")
        #expect(ranges.address(ofNode: 3)?.description == "10.42.3.1")
        #expect(ranges.podCIDR(ofNode: 256) == nil)
    }

    @Test func `a host that uses 10 slash 8 gets ranges elsewhere`() throws {
        let ranges = try ClusterRanges.choose(avoiding: [route("10.0.0.0/8"), route("172.22.5.0/24")])
        #expect("\(ranges.podCIDR) \(ranges.serviceCIDR)" == "172.29.0.0/16 172.24.0.0/14")
    }

    @Test func `a wanted range that clashes is refused by name`() {
        let error = #expect(throws: PodNetworkError.self) {
            try ClusterRanges.choose(avoiding: [route("192.0.2.0/24")], wantedPods: IPv4Network("192.0.0.0/16"))
        }
        #expect(error?.code == .rangeTaken)
        #expect(error?.message.contains("192.0.0.0/16 overlaps 192.0.2.0/24 on eth0") == true)
    }

    @Test func `stored ranges are kept and pods never overlap services`() throws {
        let stored = ClusterRanges(podCIDR: IPv4Network("10.77.0.0/16")!, serviceCIDR: IPv4Network("10.96.0.0/12")!)
        #expect(try ClusterRanges.choose(avoiding: [], stored: stored) == stored)
        #expect(throws: PodNetworkError.self) {
            try ClusterRanges.choose(avoiding: [], wantedPods: IPv4Network("10.96.0.0/16"), wantedServices: IPv4Network("10.96.0.0/12"))
        }
    }

    @Test func `no free range is an error with its remedy`() {
        let error = #expect(throws: PodNetworkError.self) {
            try ClusterRanges.choose(avoiding: [route("0.0.0.0/1"), route("128.0.0.0/1")])
        }
        #expect(error?.code == .noFreeRange)
    }

    @Test(arguments: ["10.0.0.0", "10.0.0.0/33", "10.0.0.1/24", "10.0.0/8", "010.0.0.0/8", "10.0.0.0/08", "a.b.c.d/8", ""])
    func `text that is not a range is refused`(text: String) {
        #expect(IPv4Network(text) == nil)
    }
}
