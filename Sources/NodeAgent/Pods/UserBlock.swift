import ContainerRuntime

/// The ranges of the machine's ids that one node gives to its pods, numbered from 1: range `n` begins with id 65536 × n.
package struct UserBlock: Sendable, Hashable {
    /// The numbers of the ranges.
    let numbers: Range<UInt32>

    /// Pods of one node that can have users of their own at once.
    private static let size: UInt32 = 512
    /// Blocks that 32 bits of ids have room for.
    private static let count: UInt32 = 127

    /// A machine with one node: as a kubelet's, the first.
    package init() { self.init(cluster: 0, node: 0) }

    /// Nodes of one cluster have different blocks, and clusters begin at places that follow from their ids.
    package init(cluster: UInt32, node: Int) {
        let block = (cluster % Self.count + UInt32(truncatingIfNeeded: node % Int(Self.count))) % Self.count
        numbers = block * Self.size + 1..<(block + 1) * Self.size + 1
    }

    /// The lowest range of the block that is not taken and has none of the ids of `others` in it; nil when there is none.
    func free(beside taken: Set<UInt32>, avoiding others: [ClosedRange<UInt32>]) -> HostIDRange? {
        let number = numbers.first { number in
            let range = number * HostIDRange.length...number * HostIDRange.length + (HostIDRange.length - 1)
            return !taken.contains(number) && !others.contains { $0.overlaps(range) }
        }
        return number.map { HostIDRange(first: $0 * HostIDRange.length) }
    }
}
