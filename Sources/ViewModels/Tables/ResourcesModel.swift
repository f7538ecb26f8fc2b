import APIMachinery
package import LinuxKernel

/// A table of one kind's objects. Holds the rows of every namespace that was listed, packed, and shows some; the order is brought up to date
/// when it is read, so that a burst of changes costs once a frame.
@MainActor package class ResourcesModel: TableModel {
    let signal: ChangeSignal
    private var rows = PackedRows()
    /// Its rows, to be read off the main actor.
    var packed: PackedRows { rows }
    private var slots: [ObjectID: Int32] = [:]
    private var index = RowIndex()
    private var order: [Int32] = []
    private var changes: [ObjectID: (bits: UInt64, at: Timestamp)] = [:]
    private var marks: Set<ObjectID> = []
    private var selected: ObjectID?
    private var selectedPlace: Int?
    /// Which object vanished from under the cursor and how, until the user moves it or has been told.
    private var vanished: String?
    private var generation: UInt8 = 0
    /// Objects in each namespace; those without one count under the empty name.
    package private(set) var countByNamespace: [String: Int] = [:]
    /// Which objects the server says match the filter's selectors; nil while no selector is set.
    private var matches: Set<ObjectID>?
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
    /// The column that a key would order by; nil while none was chosen.
    package var pickedColumn: String? { didSet { signal.touch() } }
    package var notice: String? { didSet { signal.touch() } }
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
        didSet { if scope != oldValue { refresh() } }
    }

    package var filter = "" {
        didSet {
            guard filter != oldValue else { return }
            let before = selectedUID
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
    package var filterProblem: String? { index.filter.problem }

    package var sort = TableSort(column: "name") {
        didSet {
            index.sort = sort
            signal.touch()
        }
    }

    /// Whether the namespace is a column.
    package var showsNamespace: Bool { isNamespaced && scope.single == nil }

    package var columns: [TableColumn] {
        var columns = placed.filter(isVisible).map(\.column)
        if showsNamespace { columns.insert(Self.namespaceColumn, at: min(columnsBeforeNamespace, columns.count)) }
        return columns
    }

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

    private func isVisible(_ placed: ColumnView.Placed) -> Bool {
        let id = placed.column.id
        return id == "name" || (placed.isHidden ? wantedColumns.contains(id) : !hiddenColumns.contains(id))
    }

    /// Shows a column, or hides it.
    package func toggleColumn(_ id: String) {
        guard let placed = placed.first(where: { $0.column.id == id }) else { return }
        if placed.isHidden {
            if wantedColumns.remove(id) == nil { wantedColumns.insert(id) }
        } else if hiddenColumns.remove(id) == nil {
            hiddenColumns.insert(id)
        }
    }

    /// The columns that can be shown or hidden, and whether they are.
    package var choosableColumns: [(column: TableColumn, isShown: Bool)] {
        placed.filter { $0.column.id != "name" }.map { ($0.column, isVisible($0)) }
    }

    private static let namespaceColumn = TableColumn(id: "namespace", title: "NAMESPACE", minimumWidth: 10, maximumWidth: 24, priority: 3)

    // MARK: - Reading

    private func refresh() {
        index.invalidate()
        signal.touch()
    }

    private func update() {
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

    private func place(_ id: ObjectID) -> Int? { slots[id].flatMap { order.firstIndex(of: $0) } }

    private func id(_ slot: Int) -> ObjectID { ObjectID(rows.read(slot) { $0.uid() }) }

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
    var fill: @Sendable (ResourceRow) -> [TableCell] { { $0.cells } }

    /// The cells of a row as they are shown.
    func cells(_ row: ResourceRow) -> [TableCell] { row.cells }

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

    // MARK: - The cursor and marks

    package func select(index place: Int) {
        update()
        guard order.indices.contains(place) else { return }
        let next = id(Int(order[place]))
        let isMove = selected != next
        vanished = nil
        (selected, selectedPlace) = (next, place)
        if isMove { onSelect() }
        signal.touch()
    }

    /// Puts the cursor on an object when it is shown.
    package func select(uid: String) {
        update()
        if let place = place(ObjectID(uid)) { select(index: place) }
    }

    package func moveSelection(by amount: Int) {
        guard count > 0 else { return }
        select(index: max(0, min(count - 1, (selectedIndex ?? 0) + amount)))
    }

    package func toggleMark() {
        guard let uid = selectedUID else { return }
        let id = ObjectID(uid)
        if marks.remove(id) == nil { marks.insert(id) }
        signal.touch()
    }

    /// Marks every row from the last marked one before the cursor, or from the top, to the cursor.
    package func markRange() {
        guard let end = selectedIndex else { return }
        let start = (0..<end).last { marks.contains(id(Int(order[$0]))) } ?? 0
        for place in start...end { marks.insert(id(Int(order[place]))) }
        signal.touch()
    }

    /// Marks a row.
    func mark(uid: String) {
        marks.insert(ObjectID(uid))
        signal.touch()
    }

    /// Takes every mark away.
    package func clearMarks() {
        marks = []
        signal.touch()
    }

    private static func place(of row: ResourceRow) -> String { row.namespace.isEmpty ? row.name : "\(row.namespace)/\(row.name)" }

    /// Says which object vanished from under the cursor and how, once: whoever is told knows where the cursor is now.
    package func takeVanished() -> String? {
        defer { vanished = nil }
        return vanished
    }

    // MARK: - Changes

    /// Told of every row that came, changed or went, before the table is read again.
    func rowChanged(from old: ResourceRow?, to new: ResourceRow?) {
        if let old { countByNamespace[old.namespace, default: 0] -= 1 }
        if let new { countByNamespace[new.namespace, default: 0] += 1 }
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
        if let selected, ids.contains(selected), let place = selectedIndex {
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
        matches = matches == nil ? nil : []
        refresh()
    }

    /// What the server says of the filter's selectors.
    package func setMatches(_ uids: [String]) {
        matches = Set(uids.map { ObjectID($0) })
        refresh()
    }

    /// What is measured changed: rows ordered by it move.
    func measuresChanged(_ columns: Set<String>) {
        if columns.contains(sort.column) { index.invalidate() }
        signal.touch()
    }
}

extension ResourcesModel: RowSource {
    var slotLimit: Int { rows.capacity }

    private func isInScope(_ slot: Int) -> Bool {
        guard rows.generation(slot) != nil else { return false }
        guard case .only(let names) = scope else { return true }
        let namespace = rows.read(slot) { reader in
            reader.skipHead()
            return reader.text()
        }
        return namespace.isEmpty || names.contains(namespace)
    }

    func isShown(_ slot: Int) -> Bool { isInScope(slot) && (matches.map { $0.contains(id(slot)) } ?? true) }

    func passes(_ slot: Int, _ filter: RowFilter) -> Bool {
        let test = RowTest(filter, columns: layout.map(\.id), showsNamespace: showsNamespace)
        return rows.read(slot) { test.holds(&$0) }
    }

    func passing(_ filter: RowFilter) -> [Bool] {
        let test = RowTest(filter, columns: layout.map(\.id), showsNamespace: showsNamespace)
        return rows.test { test.holds(&$0) }
    }

    func sortValue(_ slot: Int, _ column: String) -> SortValue {
        if column == "namespace" || column == "name" {
            return rows.read(slot) { reader in
                reader.skipHead()
                let namespace = reader.text()
                return .text(column == "name" ? reader.text() : namespace)
            }
        }
        guard let position = layout.lastIndex(where: { $0.id == column }) else { return .none }
        let row = rows.row(slot)
        let cells = cells(row)
        return position < cells.count ? SortValue(cells[position]) : .none
    }

    func isBefore(_ a: Int, _ b: Int) -> Bool {
        func place(_ slot: Int) -> (String, String) {
            rows.read(slot) { reader in
                reader.skipHead()
                let namespace = reader.text()
                return (reader.text(), namespace)
            }
        }
        let (x, y) = (place(a), place(b))
        return NaturalOrder.isBefore(x.0, y.0) ?? NaturalOrder.isBefore(x.1, y.1) ?? decides(rows.row(a), rows.row(b)) ?? (a < b)
    }
}
