/// The objects that exist, in key order.
///
/// A value: a copy is one reference and stays as it was, which is how a list sees one revision without holding up writers.
/// Entries lie in sorted chunks, so that a write next to a living copy copies one chunk and the list of chunks, not everything.
struct KeyIndex: Sendable {
    /// A place in the order, valid for the value it came from.
    struct Position: Comparable {
        var chunk: Int
        var offset: Int

        static func < (left: Position, right: Position) -> Bool {
            (left.chunk, left.offset) < (right.chunk, right.offset)
        }
    }

    private static let largestChunk = 128

    // No chunk is empty.
    private var chunks: [[IndexEntry]] = []

    /// How many objects exist.
    private(set) var count = 0

    init() {}

    /// An index of entries already in key order.
    init(sorted entries: [IndexEntry]) {
        count = entries.count
        let filled = Self.largestChunk / 2
        chunks = stride(from: 0, to: entries.count, by: filled).map { Array(entries[$0..<min($0 + filled, entries.count)]) }
    }

    /// The entry of `key`.
    subscript(key: ObjectKey) -> IndexEntry? {
        guard let place = place(of: key) else { return nil }
        return chunks[place.chunk][place.offset]
    }

    /// Adds the entry or replaces that of the same key; returns what was there.
    @discardableResult
    mutating func set(_ entry: IndexEntry) -> IndexEntry? {
        if let place = place(of: entry.key) {
            let replaced = chunks[place.chunk][place.offset]
            chunks[place.chunk][place.offset] = entry
            return replaced
        }
        insert(entry)
        return nil
    }

    /// Takes the entry of `key` away; returns it.
    @discardableResult
    mutating func remove(_ key: ObjectKey) -> IndexEntry? {
        guard let place = place(of: key) else { return nil }
        count -= 1
        let removed = chunks[place.chunk].remove(at: place.offset)
        if chunks[place.chunk].isEmpty { chunks.remove(at: place.chunk) }
        return removed
    }

    /// Changes the entry of `key` in place; false when there is none.
    mutating func update(_ key: ObjectKey, _ change: (inout IndexEntry) -> Void) -> Bool {
        guard let place = place(of: key) else { return false }
        change(&chunks[place.chunk][place.offset])
        return true
    }

    /// How many chunks a sweep over everything takes.
    var chunkCount: Int { chunks.count }

    /// Changes the entries of one chunk; numbers beyond the last chunk start again at the first.
    mutating func sweep(chunk: Int, _ change: (inout IndexEntry) -> Void) {
        guard !chunks.isEmpty else { return }
        let chunk = chunk % chunks.count
        for offset in chunks[chunk].indices { change(&chunks[chunk][offset]) }
    }

    private mutating func insert(_ entry: IndexEntry) {
        count += 1
        guard !chunks.isEmpty else {
            chunks.append([entry])
            return
        }
        var place = position { $0 < entry.key }
        // Past the end of a chunk is also before the next one; appending keeps ascending inserts in one chunk.
        if place.offset == 0 && place.chunk > 0 {
            place = Position(chunk: place.chunk - 1, offset: chunks[place.chunk - 1].count)
        }
        chunks[place.chunk].insert(entry, at: place.offset)
        guard chunks[place.chunk].count > Self.largestChunk else { return }
        let half = chunks[place.chunk].count / 2
        chunks.insert(Array(chunks[place.chunk][half...]), at: place.chunk + 1)
        chunks[place.chunk].removeSubrange(half...)
    }

    private func place(of key: ObjectKey) -> Position? {
        let place = position { $0 < key }
        guard place.chunk < chunks.count, chunks[place.chunk][place.offset].key == key else { return nil }
        return place
    }

    /// The first place whose key does not satisfy `isBefore`, which holds for a leading part of the order only.
    private func position(_ isBefore: (ObjectKey) -> Bool) -> Position {
        // The wanted place is in the last chunk that starts before it, or just after that chunk.
        let chunk = chunks.partitioningIndex { !isBefore($0[0].key) } - 1
        guard chunk >= 0 else { return Position(chunk: 0, offset: 0) }
        let offset = chunks[chunk].partitioningIndex { !isBefore($0.key) }
        return offset < chunks[chunk].count ? Position(chunk: chunk, offset: offset) : Position(chunk: chunk + 1, offset: 0)
    }
}

extension KeyIndex {
    /// Where the keys with `prefix` that sort after `after` lie.
    func range(prefix: String, after: String?) -> Range<Position> {
        let end = position { $0.string.compareBytes(with: prefix) < 0 || $0.hasPrefix(prefix) }
        var start = position { $0.string.compareBytes(with: prefix) < 0 }
        if let after { start = max(start, position { $0.string.compareBytes(with: after) <= 0 }) }
        return min(start, end)..<end
    }

    /// How many entries lie in `range`.
    func count(in range: Range<Position>) -> Int {
        guard range.lowerBound.chunk < range.upperBound.chunk else { return range.upperBound.offset - range.lowerBound.offset }
        let whole = chunks[range.lowerBound.chunk..<range.upperBound.chunk].reduce(0) { $0 + $1.count }
        return whole - range.lowerBound.offset + range.upperBound.offset
    }

    /// The entry at `position`, which then moves on; nil at `end`.
    func next(_ position: inout Position, end: Position) -> IndexEntry? {
        guard position < end else { return nil }
        let entry = chunks[position.chunk][position.offset]
        position.offset += 1
        if position.offset == chunks[position.chunk].count { position = Position(chunk: position.chunk + 1, offset: 0) }
        return entry
    }
}

extension RandomAccessCollection {
    /// The first index whose element satisfies `predicate`, which no element before it does and all after it do.
    func partitioningIndex(where predicate: (Element) -> Bool) -> Index {
        var low = startIndex
        var length = count
        while length > 0 {
            let half = length / 2
            let middle = index(low, offsetBy: half)
            if predicate(self[middle]) {
                length = half
            } else {
                low = index(after: middle)
                length -= half + 1
            }
        }
        return low
    }
}
