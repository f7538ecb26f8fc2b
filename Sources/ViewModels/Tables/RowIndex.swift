/// What a ``RowIndex`` orders: rows by slot.
@MainActor protocol RowSource {
    /// Every slot is below this.
    var slotLimit: Int { get }
    /// Whether a slot holds a row that belongs to the table, whatever the filter.
    func isShown(_ slot: Int) -> Bool
    /// Whether the row passes a filter's terms.
    func passes(_ slot: Int, _ filter: RowFilter) -> Bool
    /// Which of all rows, by slot, pass a filter's terms: read as they lie in memory, which takes a tenth of the time of reading them one by
    /// one in another order.
    func passing(_ filter: RowFilter) -> [Bool]
    /// The worth of a row's cell in a column.
    func sortValue(_ slot: Int, _ column: String) -> SortValue
    /// Decides between rows whose cells are worth the same: never `nil` for two rows.
    func isBefore(_ a: Int, _ b: Int) -> Bool
}

/// Which rows are shown, in which order. A changed row costs a step over the rows' numbers and a comparison or two, never a sort; any number of
/// changes between two looks costs that once. The order of all rows is kept beside that of the shown ones, so that no filter costs a sort.
struct RowIndex {
    private var all: [Int32] = []
    private var shown: [Int32] = []
    private var changed: Set<Int32> = []
    private var isStale = true
    private var values: [SortValue] = []
    /// The filter that ``shown`` passed; nil while nothing did.
    private var shownFilter: RowFilter?

    /// How the shown rows stand to a filter that was set since.
    private enum Filtering { case same, narrowed, new }
    private var filtering = Filtering.same

    /// What passes. Setting it looks only at what is shown when nothing else can pass.
    var filter = RowFilter("") {
        didSet {
            let isNarrower = filtering != .new && shownFilter.map { filter.narrows($0) } == true
            filtering = isNarrower ? .narrowed : .new
        }
    }
    /// The order. Setting it sorts.
    var sort = TableSort(column: "name") { didSet { if sort != oldValue { isStale = true } } }

    /// Whether the next look has work to do.
    var isDirty: Bool { isStale || filtering != .same || !changed.isEmpty }

    /// Whether that is because something else was asked for, and not only because rows changed.
    var isAsked: Bool { isStale || filtering != .same }

    /// Everything has to be looked at anew.
    mutating func invalidate() { isStale = true }

    /// A row came, went or changed.
    mutating func note(_ slot: Int) { if !isStale { changed.insert(Int32(slot)) } }

    /// The shown slots in order, brought up to date first.
    @MainActor mutating func order(_ source: some RowSource) -> [Int32] {
        if isStale || changed.count > max(1000, all.count / 4) {
            rebuild(source)
        } else if !changed.isEmpty {
            merge(source)
        }
        switch filtering {
        case .same: break
        case .narrowed: shown = passing(shown, source)
        case .new: shown = passing(all, source)
        }
        filtering = .same
        shownFilter = filter
        return shown
    }

    @MainActor private func passing(_ slots: [Int32], _ source: some RowSource) -> [Int32] {
        guard !filter.terms.isEmpty else { return slots }
        guard slots.count > source.slotLimit / 8 else { return slots.filter { source.passes(Int($0), filter) } }
        let passing = source.passing(filter)
        return slots.filter { passing[Int($0)] }
    }

    @MainActor private mutating func rebuild(_ source: some RowSource) {
        isStale = false
        changed = []
        values = (0..<source.slotLimit).map { source.isShown($0) ? source.sortValue($0, sort.column) : .none }
        var sorted = (0..<Int32(source.slotLimit)).filter { source.isShown(Int($0)) }
        sorted.sort { isBefore($0, $1, source) }
        all = sorted
        filtering = .new
    }

    @MainActor private mutating func merge(_ source: some RowSource) {
        while values.count < source.slotLimit { values.append(.none) }
        let moved = changed
        changed = []
        var added: [Int32] = []
        for slot in moved where source.isShown(Int(slot)) {
            values[Int(slot)] = source.sortValue(Int(slot), sort.column)
            added.append(slot)
        }
        added.sort { isBefore($0, $1, source) }
        all.removeAll { moved.contains($0) }
        all = merged(all, added, source)
        // A filter that was set since is gone through anyway.
        guard filtering != .new else { return }
        if filter.terms.isEmpty {
            shown = all
        } else {
            shown.removeAll { moved.contains($0) }
            shown = merged(shown, passing(added, source), source)
        }
    }

    /// Two orders as one.
    @MainActor private func merged(_ old: [Int32], _ added: [Int32], _ source: some RowSource) -> [Int32] {
        guard !added.isEmpty else { return old }
        var merged: [Int32] = []
        merged.reserveCapacity(old.count + added.count)
        var next = 0
        for slot in added {
            let place = firstPlace(in: old, after: slot, from: next, source)
            merged += old[next..<place]
            merged.append(slot)
            next = place
        }
        merged += old[next...]
        return merged
    }

    /// The first place in an order whose row comes after `slot`.
    @MainActor private func firstPlace(in order: [Int32], after slot: Int32, from start: Int, _ source: some RowSource) -> Int {
        var (low, high) = (start, order.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(slot, order[middle], source) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    @MainActor private func isBefore(_ a: Int32, _ b: Int32, _ source: some RowSource) -> Bool {
        let (x, y) = (values[Int(a)], values[Int(b)])
        if let first = SortValue.isBefore(x, y) {
            // What is not there stays last, whichever way round.
            if case .none = x { return first }
            if case .none = y { return first }
            return first != sort.isDescending
        }
        return source.isBefore(Int(a), Int(b)) != sort.isDescending
    }
}
