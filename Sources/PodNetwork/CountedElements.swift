internal import LinuxKernel

/// The elements of a set that several services may need: each is there as long as one of them does.
struct CountedElements {
    private var counts: [[UInt8]: Int] = [:]
    private var before: [[UInt8]: Bool] = [:]

    /// Somebody needs these from now on.
    mutating func need(_ elements: [[UInt8]]) {
        for element in elements {
            note(element)
            counts[element, default: 0] += 1
        }
    }

    /// Somebody who needed these does no more.
    mutating func leave(_ elements: [[UInt8]]) {
        for element in elements {
            note(element)
            guard let count = counts[element] else { continue }
            counts[element] = count > 1 ? count - 1 : nil
        }
    }

    /// What that makes of the set since the last call.
    mutating func changes(_ set: NFSet) -> [NetlinkMessage] {
        defer { before = [:] }
        let gone = before.filter { $0.value && counts[$0.key] == nil }.map(\.key)
        let new = before.filter { !$0.value && counts[$0.key] != nil }.map(\.key)
        return set.remove(gone) + set.add(new)
    }

    private mutating func note(_ element: [UInt8]) {
        if before[element] == nil { before[element] = counts[element] != nil }
    }
}
