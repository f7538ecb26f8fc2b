import KubeClient

/// One kind's objects of several contexts in one table. A row's uid begins with the place of its context, so that two contexts that lead to the
/// same cluster have rows of their own.
@MainActor package final class JoinedTable: ResourcesModel {
    /// The contexts, by their places.
    let contexts: [String]
    private var joined = JoinedColumns()
    private var use: [Int: UsageCells] = [:]
    /// What cannot be shown, and why, a line for each context.
    package internal(set) var troubles: [String] = [] { didSet { if troubles != oldValue { signal.touch() } } }

    init(signal: ChangeSignal, title: String, isNamespaced: Bool, contexts: [String]) {
        self.contexts = contexts
        super.init(signal: signal, title: title, isNamespaced: isNamespaced, layout: JoinedColumns().columns)
    }

    // MARK: - Rows

    /// The uid of a row.
    nonisolated static func uid(_ uid: String, of context: Int) -> String { "\(context):\(uid)" }

    /// The context's place and the object's uid of a row.
    nonisolated static func parts(_ uid: String) -> (context: Int, uid: String)? {
        guard let colon = uid.firstIndex(of: ":"), let context = Int(uid[..<colon]) else { return nil }
        return (context, String(uid[uid.index(after: colon)...]))
    }

    /// Takes the columns of a context's table.
    func setColumns(_ columns: [TableColumn], of context: Int) {
        joined.set(columns, of: context)
        layout = joined.columns
    }

    /// A context's row as one of this table.
    func row(_ row: ResourceRow, of context: Int) -> ResourceRow {
        var made = row
        made.uid = Self.uid(row.uid, of: context)
        made.cells = joined.cells(row.cells, of: context, named: contexts[context])
        return made
    }

    /// What a feed of a context's objects fills, in one namespace or all.
    func part(of context: Int, in namespace: String?) -> TablePart {
        let start = "\(context):"
        return TablePart {
            uid, own in
            uid.hasPrefix(start) && (namespace == nil || namespace == own)
        } row: { [unowned self] row in
            self.row(row, of: context)
        } uid: {
            Self.uid($0, of: context)
        }
    }

    /// Takes the rows of a context away: it has none of this kind.
    func removeRows(of context: Int) {
        let start = "\(context):"
        remove(uids: uids { uid, _ in uid.hasPrefix(start) })
    }

    // MARK: - Use

    /// Replaces what the pods of a context use; nil where nothing is known of it any more.
    func setUsage(_ new: UsageCells?, of context: Int) {
        guard use[context] != new else { return }
        use[context] = new
        measuresChanged(["cpu", "memory"])
    }

    override var tellsUse: Bool { use.values.contains { !$0.samples.isEmpty } }

    override var fill: @Sendable (ResourceRow) -> [TableCell] {
        { [use] row in
            guard let (context, uid) = Self.parts(row.uid), let known = use[context] else { return row.cells }
            return known.filled(row, uid: uid)
        }
    }

    // MARK: - As a table

    /// Its feeds bring only what the selectors of the filter match.
    override var asksForMatches: Bool { false }

    override func arrangement() -> [ColumnView.Placed] {
        var placed = super.arrangement()
        guard let place = placed.firstIndex(where: { $0.position == 0 }) else { return placed }
        var context = placed.remove(at: place)
        context.isHidden = false
        placed.insert(context, at: 0)
        return placed
    }

    override var columnsBeforeNamespace: Int { hiddenColumns.contains(JoinedColumns.context.id) ? 0 : 1 }

    override func decides(_ a: ResourceRow, _ b: ResourceRow) -> Bool? {
        guard let x = Self.parts(a.uid)?.context, let y = Self.parts(b.uid)?.context, x != y else { return nil }
        return x < y
    }
}
