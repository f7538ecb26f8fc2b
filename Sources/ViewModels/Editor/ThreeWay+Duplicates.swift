import JSONCore

extension ThreeWay.Result {
    /// A key of a map that both sides added at places apart from each other: its entry as each of them wrote it.
    private struct Twice {
        let mine: Range<Int>
        let theirs: Range<Int>
    }

    /// With a place to be settled for every key that both sides added, which no document may have twice.
    func withoutDuplicates(mine: [String]) -> Self {
        var found: [Twice] = []
        for duplicate in duplicates {
            guard let twice = twice(duplicate, mine) else { continue }
            let isApart = found.allSatisfy { other in
                [other.mine, other.theirs].allSatisfy { !$0.overlaps(twice.mine) && !$0.overlaps(twice.theirs) }
            }
            if isApart { found.append(twice) }
        }
        guard !found.isEmpty else { return self }
        let gone = Set(found.flatMap { Array($0.theirs) })
        var result = Self(lines: [], conflicts: conflicts)
        for (number, line) in lines.enumerated() {
            let starting = found.first { $0.mine.lowerBound == number }
            let isSame = starting.map { lines[$0.mine] == lines[$0.theirs] } ?? false
            if starting != nil, !isSame { result.lines.append(ConflictMarkers.mine) }
            if !gone.contains(number) { result.lines.append(line) }
            guard let ending = found.first(where: { $0.mine.upperBound == number + 1 }), lines[ending.mine] != lines[ending.theirs] else { continue }
            result.lines += [ConflictMarkers.middle] + lines[ending.theirs] + [ConflictMarkers.theirs]
            result.conflicts += 1
        }
        return result
    }

    /// The keys that the joined text has twice, where of each place that both changed mine is taken.
    private var duplicates: [YAMLDuplicate] {
        var read = lines
        for block in ConflictMarkers.blocks(in: lines) {
            for number in [block.start] + (block.middle...block.end) { read[number] = "" }
        }
        var duplicates: [YAMLDuplicate] = []
        // best effort: what cannot be read says so at its lines.
        _ = try? YAML.parseSingle(Array(read.joined(separator: "\n").utf8), duplicates: &duplicates)
        return duplicates
    }

    /// The two entries of a key; nil where they are no lines of their own, or both come from the same side.
    private func twice(_ duplicate: YAMLDuplicate, _ mine: [String]) -> Twice? {
        let (number, indent) = (duplicate.mark.line, duplicate.mark.column)
        guard lines.indices.contains(number), let key = key(number, indent) else { return nil }
        var first = number - 1
        while first >= 0, self.key(first, indent) != key {
            guard Self.indent(lines[first]) >= indent || lines[first].isEmpty else { return nil }
            first -= 1
        }
        guard first >= 0 else { return nil }
        let (one, other) = (entry(first, indent), entry(number, indent))
        let (isOneMine, isOtherMine) = (has(mine, one), has(mine, other))
        if lines[one] == lines[other] { return Twice(mine: one, theirs: other) }
        guard isOneMine != isOtherMine else { return nil }
        return isOneMine ? Twice(mine: one, theirs: other) : Twice(mine: other, theirs: one)
    }

    /// The key that a line begins with, at its column.
    private func key(_ number: Int, _ indent: Int) -> Substring? {
        let line = lines[number]
        guard Self.indent(line) == indent, let colon = line.firstIndex(of: ":") else { return nil }
        return line[..<colon]
    }

    /// The lines of an entry of a map: those that are further in, and a list's items, which may stand at the same column.
    private func entry(_ number: Int, _ indent: Int) -> Range<Int> {
        var end = number + 1
        for next in end..<lines.count {
            let depth = Self.indent(lines[next])
            if depth == lines[next].count { continue }
            guard depth > indent || depth == indent && lines[next].dropFirst(indent).hasPrefix("- ") else { break }
            end = next + 1
        }
        return number..<end
    }

    private func has(_ mine: [String], _ entry: Range<Int>) -> Bool {
        let wanted = lines[entry]
        return mine.indices.contains { mine[$0...].starts(with: wanted) }
    }

    private static func indent(_ line: String) -> Int { line.prefix { $0 == " " }.count }
}
