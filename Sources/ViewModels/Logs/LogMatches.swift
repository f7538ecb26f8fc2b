/// Which lines of a log a filter shows: one bit a line, so that 20 million lines take 2.5 MB, with counts to find the n-th and to count.
struct LogMatches: Sendable {
    /// Neighbouring lines that were looked at.
    struct Block: Sendable {
        /// The first line's number.
        let first: Int
        private(set) var count = 0
        private(set) var shown = 0
        private var bits: [UInt64] = []
        /// Shown lines of all blocks before, relative to some number that is the same for all.
        fileprivate var before = 0

        init(first: Int) { self.first = first }

        var end: Int { first + count }

        mutating func append(_ isShown: Bool) {
            if count & 63 == 0 { bits.append(0) }
            if isShown {
                bits[count >> 6] |= 1 << UInt64(count & 63)
                shown += 1
            }
            count += 1
        }

        mutating func append(_ other: Block) {
            for line in other.first..<other.end { append(other.contains(line)) }
        }

        func contains(_ line: Int) -> Bool {
            let index = line - first
            return index >= 0 && index < count && bits[index >> 6] >> UInt64(index & 63) & 1 != 0
        }

        /// The first shown line at `line` or after it.
        func next(from line: Int) -> Int? {
            var index = max(0, line - first)
            while index < count {
                let word = bits[index >> 6] >> UInt64(index & 63)
                if word != 0 { return first + index + word.trailingZeroBitCount }
                index = (index | 63) + 1
            }
            return nil
        }

        /// The last shown line at `line` or before it.
        func previous(from line: Int) -> Int? {
            var index = min(count - 1, line - first)
            while index >= 0 {
                let word = bits[index >> 6] << UInt64(63 - index & 63)
                if word != 0 { return first + index - word.leadingZeroBitCount }
                index = (index & ~63) - 1
            }
            return nil
        }

        /// Shown lines before `line`.
        func rank(_ line: Int) -> Int {
            let index = max(0, min(count, line - first))
            var sum = 0
            for word in 0..<(index >> 6) { sum += bits[word].nonzeroBitCount }
            if index & 63 != 0 { sum += (bits[index >> 6] & ((1 << UInt64(index & 63)) - 1)).nonzeroBitCount }
            return sum
        }
    }

    private var blocks: [Block] = []
    /// The lines that were looked at.
    private(set) var scanned: Range<Int>

    /// Nothing yet: looking starts at a line and goes both ways.
    init(at line: Int) { scanned = line..<line }

    private static let blockSize = 1 << 16

    /// Adds the lines after those that were looked at.
    mutating func append(_ block: Block) {
        guard block.count > 0, block.first == scanned.upperBound else { return }
        scanned = scanned.lowerBound..<block.end
        if let last = blocks.last, last.count + block.count <= Self.blockSize {
            blocks[blocks.count - 1].append(block)
            return
        }
        var block = block
        block.before = blocks.last.map { $0.before + $0.shown } ?? 0
        blocks.append(block)
    }

    /// Adds the lines before those that were looked at.
    mutating func prepend(_ block: Block) {
        guard block.count > 0, block.end == scanned.lowerBound else { return }
        scanned = block.first..<scanned.upperBound
        var block = block
        block.before = (blocks.first?.before ?? 0) - block.shown
        blocks.insert(block, at: 0)
    }

    /// Forgets blocks whose lines are all gone.
    mutating func drop(before line: Int) {
        var gone = 0
        while gone < blocks.count, blocks[gone].end <= line { gone += 1 }
        guard gone > 0 else { return }
        scanned = blocks[gone - 1].end..<scanned.upperBound
        blocks.removeFirst(gone)
    }

    /// Shown lines in all.
    var count: Int {
        guard let first = blocks.first, let last = blocks.last else { return 0 }
        return last.before + last.shown - first.before
    }

    func contains(_ line: Int) -> Bool { place(line).map { blocks[$0].contains(line) } ?? false }

    /// The first shown line at `line` or after it.
    func next(from line: Int) -> Int? {
        guard !blocks.isEmpty else { return nil }
        for block in blocks[(place(line) ?? 0)...] where block.shown > 0 {
            if let found = block.next(from: line) { return found }
        }
        return nil
    }

    /// The last shown line at `line` or before it.
    func previous(from line: Int) -> Int? {
        guard let place = place(line) else { return nil }
        for block in blocks[...place].reversed() where block.shown > 0 {
            if let found = block.previous(from: line) { return found }
        }
        return nil
    }

    /// Shown lines before `line`.
    func rank(_ line: Int) -> Int {
        guard let first = blocks.first, let place = place(line) else { return 0 }
        return blocks[place].before - first.before + blocks[place].rank(line)
    }

    /// The last block that starts at `line` or before it.
    private func place(_ line: Int) -> Int? {
        guard let first = blocks.first, line >= first.first else { return nil }
        var (low, high) = (0, blocks.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if blocks[middle].first <= line { low = middle } else { high = middle }
        }
        return low
    }
}
