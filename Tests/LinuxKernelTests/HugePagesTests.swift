import Testing

@testable import LinuxKernel

struct HugePagesTests {
    @Test func `the machine's sizes and numbers are read, and what is no size is left out`() throws {
        try withTemporaryDirectory { folder in
            for (name, count) in [("hugepages-1048576kB", "1\n"), ("hugepages-2048kB", "512\n"), ("hugepages-xkB", "9\n"), ("other", "7\n")] {
                try FileSystem.makeDirectories("\(folder)/\(name)")
                try FileSystem.writeAtomically("\(folder)/\(name)/nr_hugepages", Array(count.utf8))
            }
            let found = HugePages.read(folder)
            #expect(found == [HugePages(pageSize: .mebibytes(2), count: 512), HugePages(pageSize: .gibibytes(1), count: 1)])
            #expect(found.map(\.total) == [.gibibytes(1), .gibibytes(1)])
            #expect(HugePages.read("\(folder)/missing").isEmpty)
        }
    }

    @Test(arguments: [(64 << 10, "64KB"), (2 << 20, "2MB"), (1 << 30, "1GB"), (1536 << 10, "1MB")] as [(Int64, String)])
    func `sizes are spelt as the kernel does`(bytes: Int64, text: String) { #expect(HugePages.cgroupName(ByteCount(bytes)) == text) }
}
