import APIMachinery
import KubeClient
package import LinuxKernel

/// A table of one kind's objects. Holds the rows of every namespace that was listed, packed, and shows some; the order is brought up to date
/// when it is read, so that a burst of changes costs once a frame.
@MainActor package class ResourcesModel: TableModel {
    let signal: ChangeSignal
    var rows = PackedRows()
    /// Its rows, to be read off the main actor.
    var packed: PackedRows { rows }
    var slots: [ObjectID: Int32] = [:]
    var index = RowIndex()
    var order: [Int32] = []
    private var changes: [ObjectID: (bits: UInt64, at: Timestamp)] = [:]
    var marks: Set<ObjectID> = []
    var selected: ObjectID?
    var selectedPlace: Int?
    /// Which object vanished from under the cursor and how, until the user moves it or has been told.
    var vanished: String?
    private var generation: UInt8 = 0
    /// Objects in each namespace; those without one count under the empty name.
    package private(set) var countByNamespace: [String: Int] = [:]
    /// Which objects the server says match the filter's selectors; nil while no selector is set.
    var matches: Set<ObjectID>?
    /// Told when the user, and not a vanished object, moved the cursor.
    package var onSelect: () -> Void = {}
    /// Told when the filter's selectors have become others; ``setMatches(_:)`` is the answer.
    package var onSelectors: (RowFilter) -> Void = { _ in }
    package let title: String
    /// Whether its objects live in namespaces.
    package let isNamespaced: Bool
    /// The columns of its cells, in their order; the namespace comes before them where several are shown.
    package var layout: [TableColumn] { didSet { if layout != oldValue { arrange() } } }
    /// Which columns it shows in which order.
    package var view = ColumnView.standard { didSet { if view != oldValue { arrange() } } }
    /// The columns in their order, those too that are not shown.
    private(set) var placed: [ColumnView.Placed] = []
    /// The ids of columns that the user does not want to see.
    package var hiddenColumns: Set<String> = [] { didSet { signal.touch() } }
    /// The ids of columns that the user wants to see although the view hides them.
    package var wantedColumns: Set<String> = [] { didSet { signal.touch() } }
    /// The ids of the columns that had room on the screen when it was drawn last; nil before. The screen writes it.
    package var drawnColumns: Set<String>?
    /// The column that a key would order by; nil while none was chosen.
    package var pickedColumn: String? { didSet { signal.touch() } }
    package var notice: String? { didSet { signal.touch() } }
    /// What its objects use now.
    var usage = UsageCells()
    /// Why nothing is told of what its objects use; nil when it is, or nobody has asked yet.
    package internal(set) var usageGap: UsageGap? { didSet { if usageGap != oldValue { signal.touch() } } }
    /// What of it is missing, and why, beside its rows; nil for nothing.
    package var trouble: String? { didSet { signal.touch() } }

    /// An empty table.
    package init(signal: ChangeSignal, title: String, isNamespaced: Bool = true, layout: [TableColumn] = []) {
        self.signal = signal
        self.title = title
        self.isNamespaced = isNamespaced
        self.layout = layout
        placed = view.arrange(layout)
    }

    /// The namespaces whose objects are shown.
    package var scope: NamespaceScope = .all {
        didSet {
            guard scope != oldValue else { return }
            vanished = nil
            refresh()
        }
    }

    package var filter = "" {
        didSet {
            guard filter != oldValue else { return }
            let before = selectedUID
            vanished = nil
            let (old, new) = (index.filter, RowFilter(filter))
            index.filter = new
            if old.labels?.description != new.labels?.description || old.fields?.description != new.fields?.description {
                // Until the server has said which match, none is known to.
                matches = asksForMatches && (new.labels != nil || new.fields != nil) ? [] : nil
                index.invalidate()
                onSelectors(new)
            }
            signal.touch()
            // The user's filter took the cursor elsewhere.
            if let uid = selectedUID, uid != before { onSelect() }
        }
    }

    /// What of the filter could not be understood; nil for nothing.
    package var filterProblem: String? { index.filter.problem ?? columnProblem }

    /// Why a word about a column finds nothing.
    private var columnProblem: String? {
        for term in index.filter.terms {
            guard case .column(let name, _) = term.test, !"name".hasPrefix(name), !"namespace".hasPrefix(name) else { continue }
            let positions = layout.indices.filter { layout[$0].id.hasPrefix(name) }
            if positions.isEmpty, count == 0 { return name == "is" ? "is: knows only \(RowFilter.failing)" : "no column begins with \(name)" }
            guard let cells = rows.rows.first(where: { _ in true }).map(cells) else { continue }
            let isMeasured = positions.allSatisfy { position in
                guard position < cells.count else { return false }
                switch cells[position] {
                case .age, .usage: return true
                case .text, .number: return false
                }
            }
            if !positions.isEmpty, isMeasured { return "\(name): changes by itself, and no filter looks at it" }
        }
        return nil
    }

    package var sort = TableSort(column: "name") {
        didSet {
            index.sort = sort
            signal.touch()
        }
    }

    /// Whether the namespace is a column.
    package var showsNamespace: Bool { isNamespaced && scope.single == nil }

    private func arrange() {
        placed = arrangement()
        refresh()
    }

    /// The columns in the order that the view wants.
    func arrangement() -> [ColumnView.Placed] { view.arrange(layout) }
    /// Whether the server is asked which of the rows match the filter's selectors.
    var asksForMatches: Bool { true }
    /// How many of the shown columns stand before the namespace.
    var columnsBeforeNamespace: Int { 0 }
    /// Which of two rows of the same name and namespace comes first; nil when nothing says so.
    func decides(_ a: ResourceRow, _ b: ResourceRow) -> Bool? { nil }

    // MARK: - Reading

    func refresh() {
        index.invalidate()
        signal.touch()
    }

    func update() {
        guard index.isDirty else { return }
        let before = selectedPlace
        let isAsked = index.isAsked
        order = index.order(self)
        selectedPlace = selected.flatMap(place)
        guard selectedPlace == nil else { return }
        if !isAsked, let slot = selected.flatMap({ slots[$0] }) { vanished = "\(Self.place(of: rows.row(Int(slot)))) no longer passes the filter" }
        selectedPlace = order.isEmpty ? nil : min(before ?? 0, order.count - 1)
        selected = selectedPlace.map { id(Int(order[$0])) }
    }

    func place(_ id: ObjectID) -> Int? { slots[id].flatMap { order.firstIndex(of: $0) } }

    func id(_ slot: Int) -> ObjectID { ObjectID(rows.read(slot) { $0.uid() }) }

    package var count: Int {
        update()
        return order.count
    }
    package var total: Int {
        guard case .only(let names) = scope else { return slots.count }
        return names.reduce(countByNamespace[""] ?? 0) { $0 + (countByNamespace[$1] ?? 0) }
    }
    package var markedCount: Int { marks.count }
    package var selectedIndex: Int? {
        update()
        return selectedPlace
    }
    package var selectedUID: String? { selectedRow?.uid }
    /// The row under the cursor.
    package var selectedRow: ResourceRow? {
        update()
        return selectedPlace.map { rows.row(Int(order[$0])) }
    }
    /// The marked rows in order, or else the one under the cursor.
    package var chosenRows: [ResourceRow] {
        guard !marks.isEmpty else { return selectedRow.map { [$0] } ?? [] }
        update()
        return order.map { rows.row(Int($0)) }.filter { marks.contains(ObjectID($0.uid)) }
    }
    /// Every row of every namespace, in no order.
    package var allRows: [ResourceRow] { Array(rows.rows) }
    /// One row; nil when there is none of this uid.
    package func row(uid: String) -> ResourceRow? { slots[ObjectID(uid)].map { rows.row(Int($0)) } }

    /// Makes the cells of a row as they are shown: overlaid with what is measured.
    var fill: @Sendable (ResourceRow) -> [TableCell] {
        { [usage] row in usage.filled(row, uid: row.uid) }
    }

    /// The cells of a row as they are shown.
    func cells(_ row: ResourceRow) -> [TableCell] { fill(row) }

    /// Whether what any object uses is known.
    var tellsUse: Bool { !usage.samples.isEmpty }

    /// What is shown now, for work that takes its time.
    var snapshot: TableSnapshot {
        update()
        var positions: [Int?] = placed.filter(isVisible).map(\.position)
        if showsNamespace { positions.insert(nil, at: min(columnsBeforeNamespace, positions.count)) }
        return TableSnapshot(titles: columns.map(\.title), rows: rows, order: order, positions: positions, fill: fill)
    }

    package func row(at place: Int) -> TableRow {
        update()
        guard order.indices.contains(place) else { return TableRow(uid: "", cells: []) }
        let row = rows.row(Int(order[place]))
        let id = ObjectID(row.uid)
        var shown: [TableCell] = []
        let namespacePlace = showsNamespace ? columnsBeforeNamespace : -1
        var bits: UInt64 = 0
        let change = changes[id]
        let cells = cells(row)
        for placed in placed where isVisible(placed) {
            if shown.count == namespacePlace { shown.append(.text(row.namespace, .dim)) }
            let position = placed.position
            if let change, position < 64, change.bits & (1 << UInt64(position)) != 0, shown.count < 64 { bits |= 1 << UInt64(shown.count) }
            shown.append(position < cells.count ? cells[position] : .text("", .dim))
        }
        return TableRow(
            uid: row.uid, cells: shown, isMarked: marks.contains(id), isFading: row.isDeleting, changed: bits, changedAt: change?.at)
    }

    // MARK: - Changes

    /// Told of every row that came, changed or went, before the table is read again.
    func rowChanged(from old: ResourceRow?, to new: ResourceRow?) {
        if let old { countByNamespace[old.namespace, default: 0] -= 1 }
        if let new { countByNamespace[new.namespace, default: 0] += 1 }
        if let old, new == nil { usage.forget(old.uid) }
    }

    /// Adds rows and replaces those that are there.
    package func upsert(_ new: some Sequence<ResourceRow>, now: Timestamp) {
        for row in new {
            let id = ObjectID(row.uid)
            guard let slot = slots[id].map(Int.init) else {
                let slot = rows.add(row, generation: generation)
                slots[id] = Int32(slot)
                index.note(slot)
                rowChanged(from: nil, to: row)
                continue
            }
            let old = rows.row(slot)
            guard old != row else {
                rows.touch(slot, generation: generation)
                continue
            }
            let bits = Self.difference(old, row)
            if bits != 0 { changes[id] = (bits, now) }
            rows.replace(slot, row, generation: generation)
            index.note(slot)
            rowChanged(from: old, to: row)
        }
        signal.touch()
    }

    private static func difference(_ old: ResourceRow, _ new: ResourceRow) -> UInt64 {
        var bits: UInt64 = 0
        for (position, pair) in zip(old.cells, new.cells).prefix(64).enumerated() where pair.0 != pair.1 { bits |= 1 << UInt64(position) }
        return bits
    }

    /// Takes objects away. The cursor on one of them goes to the nearest that stays: below it, else above.
    package func remove(uids: some Sequence<String>) {
        let ids = uids.map { ObjectID($0) }.filter { slots[$0] != nil }
        guard !ids.isEmpty else { return }
        if let place = selectedIndex, let selected, ids.contains(selected) {
            let gone = Set(ids)
            let row = rows.row(Int(order[place]))
            vanished = "\(Self.place(of: row)) is gone"
            let stays = { (place: Int) in !gone.contains(self.id(Int(self.order[place]))) }
            let next = (place + 1..<order.count).first(where: stays) ?? (0..<place).last(where: stays)
            self.selected = next.map { id(Int(order[$0])) }
            selectedPlace = next
        }
        for id in ids { remove(id) }
        signal.touch()
    }

    private func remove(_ id: ObjectID) {
        guard let slot = slots.removeValue(forKey: id).map(Int.init) else { return }
        let old = rows.row(slot)
        rows.remove(slot)
        index.note(slot)
        changes[id] = nil
        marks.remove(id)
        rowChanged(from: old, to: nil)
    }

    /// A list of everything begins: what neither it nor a change brings until ``endList()`` is gone.
    package func beginList() { generation &+= 1 }

    /// The list is complete. Returns the uids of what is gone.
    package func endList() -> [String] {
        let gone = (0..<rows.capacity).filter { slot in rows.generation(slot).map { $0 != generation } ?? false }.map { rows.row($0).uid }
        remove(uids: gone)
        return gone
    }

    /// Takes everything away: another cluster is shown.
    package func removeAll() {
        (rows, slots, changes, marks, selected, selectedPlace, vanished) = (PackedRows(), [:], [:], [], nil, nil, nil)
        countByNamespace = [:]
        usage.removeAll()
        matches = matches == nil ? nil : []
        refresh()
    }
}
