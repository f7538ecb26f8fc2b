/// A set of numbers of an Indexed job's pods, written as `1,3-5`. Source: `pkg/controller/job/indexed_job_utils.go`.
struct JobIndexes: Sendable, Hashable {
    /// Neither empty nor touching each other, smallest first.
    private(set) var ranges: [ClosedRange<Int64>] = []

    init() {}

    /// Reads a text; what is no number, or not below `limit`, is left out.
    init(_ text: String, below limit: Int64) {
        let read = text.split(separator: ",").compactMap { part -> ClosedRange<Int64>? in
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
            guard ends.count <= 2, let low = ends[0], let high = ends[ends.count - 1], low >= 0, low <= high, low < limit else { return nil }
            return low...min(high, limit - 1)
        }
        for range in read.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = ranges.last, range.lowerBound <= last.upperBound + 1 {
                ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                ranges.append(range)
            }
        }
    }

    var text: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }

    var count: Int64 { ranges.reduce(0) { $0 + Int64($1.count) } }

    func contains(_ index: Int64) -> Bool { next(notBefore: index) != index }

    /// The smallest number from `index` on that is not in the set.
    func next(notBefore index: Int64) -> Int64 {
        let place = place(of: index)
        return place < ranges.count && ranges[place].contains(index) ? ranges[place].upperBound + 1 : index
    }

    mutating func insert(_ index: Int64) {
        var place = place(of: index)
        if place < ranges.count, ranges[place].contains(index) { return }
        var merged = index...index
        if place < ranges.count, ranges[place].lowerBound == index + 1 { merged = index...ranges.remove(at: place).upperBound }
        if place > 0, ranges[place - 1].upperBound == index - 1 {
            place -= 1
            merged = ranges.remove(at: place).lowerBound...merged.upperBound
        }
        ranges.insert(merged, at: place)
    }

    /// How many numbers both have.
    func common(with other: JobIndexes) -> Int64 {
        var (first, second, count) = (0, 0, Int64(0))
        while first < ranges.count, second < other.ranges.count {
            let (one, two) = (ranges[first], other.ranges[second])
            if one.overlaps(two) { count += Int64(one.clamped(to: two).count) }
            if one.upperBound < two.upperBound { first += 1 } else { second += 1 }
        }
        return count
    }

    /// The place of the first range that does not end before `index`.
    private func place(of index: Int64) -> Int {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < index { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
