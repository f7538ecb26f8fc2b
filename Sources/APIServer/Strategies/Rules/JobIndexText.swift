internal import JSONCore

/// The numbers of an Indexed job's pods, as a status writes them: `1,3-5`.
/// Source: `pkg/apis/batch/validation/validation.go` validateIndexesFormat and validateFailedIndexesNotOverlapCompleted.
enum JobIndexText {
    private struct Fault: Error {
        let message: String
    }

    /// What is wrong with a text for a job of `count` numbers; nil for a right one.
    static func problem(_ text: String, count: Int64) -> String? {
        var last: Int64?
        do throws(Fault) {
            for part in parts(text) {
                let range = try interval(part, count)
                if let last, last >= range.lowerBound { return "non-increasing order, previous: \(last), current: \(range.lowerBound)" }
                last = range.upperBound
            }
            return nil
        } catch {
            return error.message
        }
    }

    /// The first number that two texts share; what nobody can read of them counts for nothing.
    static func overlap(_ first: String, _ second: String, count: Int64) -> Int64? {
        let (one, other) = (readable(first, count), readable(second, count))
        var (left, right) = (0, 0)
        while left < one.count, right < other.count {
            if one[left].overlaps(other[right]) { return max(one[left].lowerBound, other[right].lowerBound) }
            if one[left].lowerBound <= other[right].lowerBound { left += 1 } else { right += 1 }
        }
        return nil
    }

    private static func parts(_ text: String) -> [Substring] {
        text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
    }

    private static func readable(_ text: String, _ count: Int64) -> [ClosedRange<Int64>] {
        parts(text).compactMap { part in
            do throws(Fault) { return try interval(part, count) } catch { return nil }
        }
    }

    private static func interval(_ part: Substring, _ count: Int64) throws(Fault) -> ClosedRange<Int64> {
        let ends = part.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2 else {
            let why = "violates the requirement that an index interval can have at most two parts separated by '-'"
            throw Fault(message: "the fragment \(String(part).goQuoted) \(why)")
        }
        let low = try number(ends[0], count)
        guard ends.count == 2 else { return low...low }
        let high = try number(ends[1], count)
        guard low < high else { throw Fault(message: "non-increasing order, previous: \(low), current: \(high)") }
        return low...high
    }

    private static func number(_ text: Substring, _ count: Int64) throws(Fault) -> Int64 {
        guard let number = Int64(text) else { throw Fault(message: "cannot convert string to integer for index: \(String(text).goQuoted)") }
        guard number < count else { throw Fault(message: "too large index: \(String(text).goQuoted)") }
        return number
    }
}
