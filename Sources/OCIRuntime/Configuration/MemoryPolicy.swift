/// `linux.memoryPolicy`: from which nodes of the machine's memory a container's processes get theirs. Source: set_mempolicy(2).
struct MemoryPolicy: Sendable, Hashable {
    let mode: UInt64
    /// A bit for each node; empty for modes that need none.
    let nodes: [UInt64]

    /// What the kernel part reads.
    var words: [UInt64] { [mode] + nodes }

    static let modes: [(name: String, number: UInt64)] = [
        ("MPOL_DEFAULT", 0), ("MPOL_PREFERRED", 1), ("MPOL_BIND", 2), ("MPOL_INTERLEAVE", 3), ("MPOL_LOCAL", 4), ("MPOL_PREFERRED_MANY", 5),
        ("MPOL_WEIGHTED_INTERLEAVE", 6),
    ]
    static let flags: [(name: String, bit: UInt64)] = [
        ("MPOL_F_NUMA_BALANCING", 1 << 13), ("MPOL_F_RELATIVE_NODES", 1 << 14), ("MPOL_F_STATIC_NODES", 1 << 15),
    ]
    /// More than kernels are built for.
    private static let nodeCount = 1024

    /// nil when there is none. Which flags and nodes belong to which mode is the kernel's to say.
    init?(_ field: SpecField) throws(OCIError) {
        guard field.isPresent else { return nil }
        let name = try field.member("mode").requiredText()
        guard var mode = Self.modes.first(where: { $0.name == name })?.number else { throw try field.member("mode").fault("is `\(name)`, which is no mode") }
        for flag in try field.member("flags").texts() {
            guard let bit = Self.flags.first(where: { $0.name == flag })?.bit else { throw try field.member("flags").fault("has `\(flag)`, which is no flag") }
            mode |= bit
        }
        self.mode = mode
        nodes = try Self.nodes(field.member("nodes"))
    }

    /// `0-3,7` as bits.
    private static func nodes(_ field: SpecField) throws(OCIError) -> [UInt64] {
        guard let text = try field.text(), !text.isEmpty else { return [] }
        var words = [UInt64](repeating: 0, count: nodeCount / 64)
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first >= 0, first <= last, last < nodeCount else {
                throw field.fault("has `\(part)`, which is no range of nodes below \(nodeCount)")
            }
            for node in first...last { words[node / 64] |= 1 << UInt64(node % 64) }
        }
        return words
    }
}
