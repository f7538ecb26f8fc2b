/// Large pages of memory of one size that the machine's administrator has set aside.
package struct HugePages: Sendable, Hashable {
    /// Bytes of one page.
    package let pageSize: ByteCount
    /// How many there are, taken or not.
    package let count: Int64

    package init(pageSize: ByteCount, count: Int64) {
        self.pageSize = pageSize
        self.count = count
    }

    /// All of them together.
    package var total: ByteCount { ByteCount(pageSize.value.multipliedReportingOverflow(by: count).overflow ? .max : pageSize.value * count) }

    /// The kernel's spelling in names of cgroup files: `2MB`. Source: hugetlb_cgroup.c, mem_fmt.
    package static func cgroupName(_ pageSize: ByteCount) -> String {
        let value = pageSize.value
        return value >= 1 << 30 ? "\(value >> 30)GB" : value >= 1 << 20 ? "\(value >> 20)MB" : "\(value >> 10)KB"
    }

    /// What this machine has, a size of which it has none included; the smallest pages first.
    package static var ofMachine: [HugePages] { read("/sys/kernel/mm/hugepages") }

    /// The sizes of this machine, which never change.
    package static let sizes = ofMachine.map(\.pageSize)

    static func read(_ directory: String) -> [HugePages] {
        let names = (try? FileSystem.names(in: directory)) ?? []  // best effort: a kernel without them has none
        let found = names.compactMap { name -> HugePages? in
            guard name.hasPrefix("hugepages-"), name.hasSuffix("kB"), let size = Int64(name.dropFirst("hugepages-".count).dropLast(2)),
                let text = try? FileSystem.readText("\(directory)/\(name)/nr_hugepages"), let count = Int64(text.filter(\.isNumber))
            else { return nil }
            return HugePages(pageSize: .kibibytes(size), count: count)
        }
        return found.sorted { $0.pageSize < $1.pageSize }
    }
}
