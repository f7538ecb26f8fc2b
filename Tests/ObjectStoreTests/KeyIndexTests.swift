import TestSupport
import Testing

@testable import ObjectStore

struct KeyIndexTests {
    private func entry(_ key: String, _ revision: Int64) -> IndexEntry {
        IndexEntry(key: ObjectKey(string: key), loggedAt: revision)
    }

    private func keys(_ index: KeyIndex, prefix: String = "", after: String? = nil) -> [String] {
        let range = index.range(prefix: prefix, after: after)
        var position = range.lowerBound
        var keys: [String] = []
        while let entry = index.next(&position, end: range.upperBound) { keys.append(entry.key.string) }
        #expect(keys.count == index.count(in: range))
        return keys
    }

    @Test(arguments: [1, 2, 3, 4, 5])
    func `it holds what a dictionary sorted by bytes would hold`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var index = KeyIndex()
        var expected: [String: Int64] = [:]
        for revision in Int64(1)...4000 {
            let key = "g/r/n\(Int.random(in: 0..<8, using: &random))/o\(Int.random(in: 0..<120, using: &random))"
            if Int.random(in: 0..<3, using: &random) == 0 {
                #expect(index.remove(ObjectKey(string: key))?.revision == expected.removeValue(forKey: key))
            } else {
                #expect(index.set(entry(key, revision))?.revision == expected.updateValue(revision, forKey: key))
            }
        }
        #expect(index.count == expected.count)
        let sorted = expected.keys.sorted { $0.compareBytes(with: $1) < 0 }
        #expect(keys(index) == sorted)
        for prefix in ["g/r/n3/", "g/r/n3/o1", "g/r/n", "h", ""] {
            for after in [nil, "g/r/n3/o5", "g/r/n7/o99", "a"] {
                let wanted = sorted.filter { key in
                    key.hasPrefix(prefix) && (after.map { key.compareBytes(with: $0) > 0 } ?? true)
                }
                #expect(keys(index, prefix: prefix, after: after) == wanted)
            }
        }
        #expect(expected.allSatisfy { index[ObjectKey(string: $0.key)]?.revision == $0.value })
    }

    @Test func `a copy stays as it was`() {
        var index = KeyIndex(sorted: (100..<900).map { entry("\($0)", 1) })
        let copy = index
        for number in 100..<500 { index.remove(ObjectKey(string: "\(number)")) }
        index.set(entry("1000", 2))
        #expect(copy.count == 800 && keys(copy).count == 800)
        #expect(index.count == 401)
    }

    @Test func `keys that look alike but differ in bytes are different keys`() {
        var index = KeyIndex()
        index.set(entry("caf\u{e9}", 1))
        index.set(entry("cafe\u{301}", 2))
        #expect(index.count == 2)
        #expect(ObjectKey(string: "caf\u{e9}") != ObjectKey(string: "cafe\u{301}"))
        #expect(keys(index, prefix: "cafe").count == 1)
    }
}
