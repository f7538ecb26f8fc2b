/// Joins two texts that were made from a third, line by line. Where both changed the same lines to something else, both stay in the result
/// between ``ConflictMarkers``; nothing is left out.
enum ThreeWay {
    /// A joined text.
    struct Result: Sendable, Hashable {
        var lines: [String]
        /// The number of places where both sides stay.
        var conflicts: Int
    }

    /// Lines of the base, and what stands in their place.
    private struct Hunk {
        var range: Range<Int>
        var lines: [String]
    }

    static func merge(base: [String], mine: [String], theirs: [String]) -> Result {
        var mineLeft = hunks(base, mine)[...]
        var theirsLeft = hunks(base, theirs)[...]
        var result = Result(lines: [], conflicts: 0)
        var place = 0
        while let start = [mineLeft.first, theirsLeft.first].compactMap({ $0?.range.lowerBound }).min() {
            result.lines += base[place..<start]
            var (own, other): ([Hunk], [Hunk]) = ([], [])
            var region = start..<start
            // What is inserted before a line comes before what changes that line.
            let firsts = [mineLeft.first, theirsLeft.first].map { $0?.range.lowerBound == start ? $0?.range : nil }
            let isMineFirst = firsts[0] != nil && (firsts[1] == nil || firsts[0]?.isEmpty == true || firsts[1]?.isEmpty == false)
            if isMineFirst { take(&mineLeft, &own, &region) } else { take(&theirsLeft, &other, &region) }
            // Everything that overlaps is one place.
            var isGrowing = true
            while isGrowing {
                isGrowing = false
                if let next = mineLeft.first, isMet(next.range, region) {
                    take(&mineLeft, &own, &region)
                    isGrowing = true
                }
                if let next = theirsLeft.first, isMet(next.range, region) {
                    take(&theirsLeft, &other, &region)
                    isGrowing = true
                }
            }
            result.add(text(base, region, own), text(base, region, other), isMine: !own.isEmpty, isTheirs: !other.isEmpty)
            place = region.upperBound
        }
        result.lines += base[place...]
        return result
    }

    private static func take(_ left: inout ArraySlice<Hunk>, _ taken: inout [Hunk], _ region: inout Range<Int>) {
        guard let hunk = left.popFirst() else { return }
        taken.append(hunk)
        region = region.lowerBound..<max(region.upperBound, hunk.range.upperBound)
    }

    private static func isMet(_ range: Range<Int>, _ region: Range<Int>) -> Bool {
        switch (range.isEmpty, region.isEmpty) {
        case (true, true): range.lowerBound == region.lowerBound
        case (true, false): region.lowerBound < range.lowerBound && range.lowerBound < region.upperBound
        case (false, true): range.lowerBound < region.lowerBound && region.lowerBound < range.upperBound
        case (false, false): range.lowerBound < region.upperBound && region.lowerBound < range.upperBound
        }
    }

    private static func text(_ base: [String], _ range: Range<Int>, _ hunks: [Hunk]) -> [String] {
        var lines: [String] = []
        var place = range.lowerBound
        for hunk in hunks {
            lines += base[place..<hunk.range.lowerBound] + hunk.lines
            place = hunk.range.upperBound
        }
        return lines + base[place..<range.upperBound]
    }

    private static func hunks(_ base: [String], _ other: [String]) -> [Hunk] {
        var hunks: [Hunk] = []
        var place = 0
        var isOpen = false
        for step in UnifiedDiff.steps(base, other) {
            if case .keep(let line) = step {
                place = line + 1
                isOpen = false
                continue
            }
            if !isOpen { hunks.append(Hunk(range: place..<place, lines: [])) }
            isOpen = true
            switch step {
            case .remove(let line):
                hunks[hunks.count - 1].range = hunks[hunks.count - 1].range.lowerBound..<(line + 1)
                place = line + 1
            case .add(let line): hunks[hunks.count - 1].lines.append(other[line])
            case .keep: break
            }
        }
        return hunks.flatMap { split($0, base) }
    }

    /// Lines of the same keys that were changed one by one are a place each.
    private static func split(_ hunk: Hunk, _ base: [String]) -> [Hunk] {
        guard hunk.range.count == hunk.lines.count, hunk.range.count > 1 else { return [hunk] }
        func key(_ line: String) -> Substring? { line.firstIndex(of: ":").map { line[..<$0] } }
        let isPaired = zip(hunk.range, hunk.lines).allSatisfy { number, line in key(line) != nil && key(line) == key(base[number]) }
        return isPaired ? zip(hunk.range, hunk.lines).map { Hunk(range: $0..<($0 + 1), lines: [$1]) } : [hunk]
    }
}

extension ThreeWay.Result {
    fileprivate mutating func add(_ mine: [String], _ theirs: [String], isMine: Bool, isTheirs: Bool) {
        if !isTheirs || mine == theirs {
            lines += mine
        } else if !isMine {
            lines += theirs
        } else {
            lines += [ConflictMarkers.mine] + mine + [ConflictMarkers.middle] + theirs + [ConflictMarkers.theirs]
            conflicts += 1
        }
    }
}
