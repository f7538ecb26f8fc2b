import APIMachinery

extension LogsModel {
    /// Whether some lines may be hidden.
    package var isFiltered: Bool { matches != nil }
    /// Lines that the filter shows so far; all without a filter.
    package var shownCount: Int { matches?.count ?? max(0, shownEnd - shownStart) }
    /// How much of the log the filter has looked at, 0 to 1; nil when all.
    package var filterProgress: Double? {
        guard let scanned = matches?.scanned, scanned.lowerBound > firstLine || scanned.upperBound < endLine else { return nil }
        return Double(scanned.count) / Double(max(1, endLine - firstLine))
    }

    private var shownStart: Int { max(firstLine, hiddenBefore) }
    private var shownEnd: Int { unfinished == nil || matches != nil ? endLine : endLine + 1 }

    /// The first line that is shown; nil when none is.
    package var firstShown: Int? { shown(from: shownStart) }
    /// The last line that is shown; nil when none is.
    package var lastShown: Int? { shown(upTo: shownEnd - 1) }

    /// The first shown line at `line` or after it.
    package func shown(from line: Int) -> Int? {
        let start = max(line, shownStart)
        guard let matches else { return start < shownEnd ? start : nil }
        return matches.next(from: start)
    }

    /// The last shown line at `line` or before it.
    package func shown(upTo line: Int) -> Int? {
        let end = min(line, shownEnd - 1)
        let found = matches.map { $0.previous(from: end) } ?? end
        return found.flatMap { $0 >= shownStart ? $0 : nil }
    }

    /// How many lines are shown before one.
    package func rank(of line: Int) -> Int { matches?.rank(line) ?? max(0, line - shownStart) }

    /// Takes a filter as it was typed; what is wrong is told and changes nothing.
    package func setFilter(_ text: String) {
        do {
            filter = try filter.with(text)
            filterError = ""
        } catch {
            filterError = error.description.replacing("error parsing regexp: ", with: "")
        }
    }

    // MARK: - Looking at every line

    /// Looks at everything again, the newest lines first.
    func restartFilter() {
        scanning?.cancel()
        scanning = nil
        matches = filter.isEmpty ? nil : LogMatches(at: endLine)
        keepScanning()
        signal.touch()
    }

    /// Looks at lines that were not looked at yet.
    func keepScanning() {
        guard matches != nil, scanning == nil, nextScan != nil else { return }
        scanning = Task { [weak self] in await self?.scan() }
    }

    /// Lines that are looked at in one go.
    private static let scanned = 1 << 16

    /// What is looked at next: new lines, then older and older ones.
    private var nextScan: (lines: Range<Int>, isTail: Bool)? {
        guard let done = matches?.scanned else { return nil }
        if done.upperBound < endLine { return (done.upperBound..<min(endLine, done.upperBound + Self.scanned), true) }
        if done.lowerBound > firstLine { return (max(firstLine, done.lowerBound - Self.scanned)..<done.lowerBound, false) }
        return nil
    }

    private func scan() async {
        var scanner = LogFilter.Scanner(filter)
        while let next = nextScan {
            let result = await Self.scan(index, next.lines, scanner, hasLevel: filter.minimumLevel != nil)
            // A new filter began a scan of its own.
            if Task.isCancelled { return }
            scanner = result.scanner
            if next.isTail { matches?.append(result.block) } else { matches?.prepend(result.block) }
            if let matches, matches.scanned.lowerBound < firstLine { self.matches?.drop(before: firstLine) }
            signal.touch()
        }
        scanning = nil
    }

    /// Lines before a range that are looked at for the level of what goes on into it.
    nonisolated private static let lead = 100

    @concurrent nonisolated private static func scan(_ index: LogIndex, _ lines: Range<Int>, _ scanner: LogFilter.Scanner, hasLevel: Bool) async
        -> (block: LogMatches.Block, scanner: LogFilter.Scanner)
    {
        var scanner = scanner
        var block = LogMatches.Block(first: lines.lowerBound)
        var levels: [UInt16: LogLevel] = [:]
        if hasLevel {
            index.forEach(max(index.firstLine, lines.lowerBound - lead)..<lines.lowerBound) { chunk, _, part in
                scanner.scan(chunk, part, levels: &levels) { _, _ in }
                return true
            }
        }
        index.forEach(lines) { chunk, first, part in
            // What cannot be read, and the line that tells of a loss, are shown: they hide nothing.
            while block.end < first + part.lowerBound { block.append(true) }
            scanner.scan(chunk, part, levels: &levels) { _, isShown in block.append(isShown) }
            return true
        }
        while !Task.isCancelled, block.end < lines.upperBound { block.append(true) }
        return (block, scanner)
    }
}
