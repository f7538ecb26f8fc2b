import LinuxKernel
import Testing

@testable import PodNetwork

@Suite struct PodAddressPoolTests {
    @Test func `addresses rotate, so that a freed one rests`() throws {
        let pool = PodAddressPool(range: IPv4Network("10.42.0.0/24")!)
        let first = try #require(pool.allocate())
        #expect(first.description == "10.42.0.2")
        pool.release(first)
        #expect(pool.allocate()?.description == "10.42.0.3")
        #expect(pool.usedCount == 1)
    }

    @Test func `the whole range is given out once and then nothing`() {
        let pool = PodAddressPool(range: IPv4Network("10.42.1.0/24")!)
        var seen: Set<IPv4Address> = []
        while let address = pool.allocate() { seen.insert(address) }
        #expect(seen.count == 253 && pool.capacity == 253)
        #expect(!seen.contains(IPv4Address(10, 42, 1, 1)) && !seen.contains(IPv4Address(10, 42, 1, 255)))
        pool.release(IPv4Address(10, 42, 1, 77))
        #expect(pool.allocate() == IPv4Address(10, 42, 1, 77))
    }

    @Test func `a rebuilt pool skips what surviving pods hold`() {
        let pool = PodAddressPool(range: IPv4Network("10.42.0.0/24")!)
        #expect(pool.reserve(IPv4Address(10, 42, 0, 2)))
        #expect(!pool.reserve(IPv4Address(10, 42, 0, 2)))
        #expect(!pool.reserve(IPv4Address(10, 43, 0, 2)))
        #expect(!pool.reserve(IPv4Address(10, 42, 0, 255)))
        #expect(pool.allocate() == IPv4Address(10, 42, 0, 3))
    }
}
