import LinuxKernel
import Testing

@testable import KubeSchemas

struct HugePageResourceTests {
    @Test(
        arguments: [
            (64 << 10, "hugepages-64Ki"), (2 << 20, "hugepages-2Mi"), (1 << 30, "hugepages-1Gi"), (1536 << 10, "hugepages-1536Ki"),
        ] as [(Int64, String)])
    func `sizes have names, and names sizes`(bytes: Int64, name: String) {
        #expect(HugePageResource.name(ByteCount(bytes)) == name && HugePageResource.pageSize(name) == ByteCount(bytes))
    }

    @Test(arguments: ["hugepages-", "hugepages-x", "hugepages-0", "hugepages--2Mi", "hugepages-500m", "memory", "requests.hugepages-2Mi"])
    func `what is no size has none`(name: String) { #expect(HugePageResource.pageSize(name) == nil) }

    @Test func `nothing is the quantity 0`() { #expect(HugePageResource.text(.zero) == "0" && HugePageResource.text(.mebibytes(1026)) == "1026Mi") }
}
