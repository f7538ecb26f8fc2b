/// What a ``RowIndex`` orders: rows by slot.
@MainActor protocol RowSource {
    /// Every slot is below this.
    var slotLimit: Int { get }
    /// Whether a slot holds a row that belongs to the table, whatever the filter.
    func isShown(_ slot: Int) -> Bool
    /// Whether the row passes a filter's terms.
    func passes(_ slot: Int, _ filter: RowFilter) -> Bool
    /// The worth of a row's cell in a column.
    func sortValue(_ slot: Int, _ column: String) -> SortValue
    /// Decides between rows whose cells are worth the same: never `nil` for two rows.
    func isBefore(_ a: Int, _ b: Int) -> Bool
}

/// Which rows are shown, in which order. A changed row costs a step over the shown rows' numbers and a comparison or two, never a sort; any
/// number of changes between two looks costs that once.
struct RowIndex {
    private var shown: [Int32] = []
    private var changed: Set<Int32> = []
    private var isStale = true
    private var values: [SortValue] = []
    /// The filter that ``shown`` passed; nil while nothing did.
    private var shownFilter: RowFilter?

    /// What passes. Setting it orders anew, and looks only at what is shown when nothing else can pass.
    var filter = RowFilter("") {
        didSet {
            if !isStale, changed.isEmpty, let shownFilter, filter.narrows(shownFilter) { narrowed = true } else { isStale = true }
        }
    }
    private var narrowed = false
    /// The order. Setting it sorts.
    var sort = TableSort(column: "name") { didSet { if sort != oldValue { isStale = true } } }

    /// Whether the next look has work to do.
    var isDirty: Bool { isStale || narrowed || !changed.isEmpty }

    /// Everything has to be looked at anew.
    mutating func invalidate() { isStale = true }

    /// A row came, went or changed.
    mutating func note(_ slot: Int) { if !isStale { changed.insert(Int32(slot)) } }

    /// The shown slots in order, brought up to date first.
    @MainActor mutating func order(_ source: some RowSource) -> [Int32] {
        if isStale || changed.count > max(1000, shown.count / 4) {
            rebuild(source)
        } else {
            if narrowed {
                let filter = filter
                shown.removeAll { !source.passes(Int($0), filter) }
            }
            if !changed.isEmpty { merge(source) }
        }
        narrowed = false
        shownFilter = filter
        return shown
    }

    @MainActor private mutating func rebuild(_ source: some RowSource) {
        isStale = false
        changed = []
        values = (0..<source.slotLimit).map { source.isShown($0) ? source.sortValue($0, sort.column) : .none }
        let isFiltered = !filter.terms.isEmpty
        var kept = (0..<Int32(source.slotLimit)).filter { source.isShown(Int($0)) && (!isFiltered || source.passes(Int($0), filter)) }
        kept.sort { isBefore($0, $1, source) }
        shown = kept
    }

    @MainActor private mutating func merge(_ source: some RowSource) {
        while values.count < source.slotLimit { values.append(.none) }
        let moved = changed
        shown.removeAll { moved.contains($0) }
        var added: [Int32] = []
        for slot in moved where source.isShown(Int(slot)) && source.passes(Int(slot), filter) {
            values[Int(slot)] = source.sortValue(Int(slot), sort.column)
            added.append(slot)
        }
        changed = []
        guard !added.isEmpty else { return }
        added.sort { isBefore($0, $1, source) }
        var merged: [Int32] = []
        merged.reserveCapacity(shown.count + added.count)
        var next = 0
        for slot in added {
            let place = firstPlace(after: slot, from: next, source)
            merged += shown[next..<place]
            merged.append(slot)
            next = place
        }
        merged += shown[next...]
        shown = merged
    }

    /// The first place in ``shown`` whose row comes after `slot`.
    @MainActor private func firstPlace(after slot: Int32, from start: Int, _ source: some RowSource) -> Int {
        var (low, high) = (start, shown.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(slot, shown[middle], source) { high = middle } else { low = middle + 1 }
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
