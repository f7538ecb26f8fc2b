import APIMachinery
import KubeClient

/// Which columns tables show: what `views.yaml` says, and what is chosen or added while looking.
extension AppModel {
    /// What `views.yaml` says about a kind in the shown namespaces; what is for some namespaces alone comes first.
    private func settings(_ kind: ServedKind) -> ViewSettings? {
        let fitting = preferences.settings.views.filter { $0.fits(kind, namespace: kind.isNamespaced ? scope.single : nil) }
        return fitting.first(where: \.isForNamespace) ?? fitting.first
    }

    /// Shows a table's columns as the settings want them.
    func applyView(to table: ResourcesModel, _ kind: ServedKind, isNew: Bool = false) {
        var view = ColumnView(added: table.view.added)
        if let settings = settings(kind) {
            view.columns = settings.columns
            view.sort = settings.sortColumn.map { name in
                let column = settings.columns.first { $0.name == name }?.id ?? table.layout.first { $0.title == name.uppercased() }?.id
                return TableSort(column: column ?? name.lowercased(), isDescending: settings.isDescending)
            }
        }
        guard view != table.view else { return }
        if let sort = view.sort, isNew || table.view.sort != view.sort { table.sort = sort }
        table.view = view
        tellUnknown(table, kind)
    }

    /// Says once which columns a view asks for in vain.
    func tellUnknown(_ table: ResourcesModel, _ kind: ServedKind) {
        guard !table.layout.isEmpty else { return }
        let unknown = table.view.unknown(in: table.layout)
        guard !unknown.isEmpty else { return }
        let known = table.layout.map(\.title).joined(separator: ", ")
        hint("view:\(kind.id)", "views.yaml: \(kind.resource.resource) have no column \(unknown.joined(separator: ", ")); they have \(known)")
    }

    /// The settings or the namespaces have become others.
    func applyViews() {
        applyView(to: pods, .pods)
        if let joined { applyView(to: joined.table, kind) }
        for kind in kinds + [self.kind] where !kind.isPods { if let table = tables[kind.id] { applyView(to: table, kind) } }
        cluster?.columnsChanged()
    }

    /// Shows or hides a column of the shown table, or adds one.
    func pickColumn() {
        let added = Set(list.view.added.map(\.id))
        var items = list.choosableColumns.map { [list] column, isShown in
            let hasRoom = list.drawnColumns?.contains(column.id) ?? true
            let state = isShown ? hasRoom ? "shown" : "shown where there is room for it" : "hidden"
            return PaletteItem(
                id: column.id, title: column.title.lowercased(), detail: added.contains(column.id) ? "added: takes it away" : state)
        }
        items.append(PaletteItem(id: Self.addColumn, title: "add a column by its path", detail: "for example ZONE:.metadata.labels.zone"))
        pick("Show or hide a column of \(list.title.lowercased())", items) { [weak self, list] id in
            guard let self else { return }
            if id == Self.addColumn { return askForColumn("") }
            guard added.contains(id) else { return list.toggleColumn(id) }
            list.view.added.removeAll { $0.id == id }
            cluster?.columnsChanged()
        }
    }

    private static let addColumn = " add"

    /// The most columns that are added to one table.
    private static let mostAdded = 16

    /// Asks for a column by its path.
    func askForColumn(_ text: String) {
        openPrompt(.line, "column NAME:.path", text, { _ in }, { [weak self] typed in self?.addColumn(typed) })
    }

    /// Adds a column such as `ZONE:.metadata.labels.zone|W`; of a path alone the last field is the name.
    func addColumn(_ typed: String) {
        let text = typed.hasPrefix(".") || typed.hasPrefix("{") ? "\(Self.name(ofPath: typed)):\(typed)" : typed
        guard !text.isEmpty else { return }
        switch ViewSettings.Column.read(text) {
        case .failure(let problem):
            toast(problem.message, .warning)
            askForColumn(typed)
        case .success(let column) where column.path == nil:
            toast("write NAME:.path, for example ZONE:.metadata.labels.zone", .warning)
            askForColumn(typed)
        case .success(let column):
            guard list.view.added.count < Self.mostAdded else { return toast("a table takes \(Self.mostAdded) columns more; take one away first", .warning) }
            list.view.added.removeAll { $0.id == column.id }
            list.view.added.append(column)
            cluster?.columnsChanged()
        }
    }

    private static func name(ofPath path: String) -> String {
        let bare = ViewSettings.Column.bare(path).split(separator: "|").first ?? ""
        let last = bare.split(whereSeparator: { ".[]()'\"\\@?".contains($0) }).last { $0.contains(where: \.isLetter) }
        return last.map { $0.uppercased() } ?? "VALUE"
    }

    /// Keeps only what fails in the shown table, beside what its filter says already; or all again.
    func toggleFailing() {
        var words = list.filter.split(separator: " ").map(String.init)
        if words.contains(RowFilter.failing) { words.removeAll { $0 == RowFilter.failing } } else { words.append(RowFilter.failing) }
        list.filter = words.joined(separator: " ")
    }

    /// Moves the mark over the columns, by which ``sortByPicked()`` orders.
    func movePickedColumn(by amount: Int) {
        let columns = list.columns.filter(\.isSortable)
        guard !columns.isEmpty else { return }
        let from = columns.firstIndex { $0.id == list.pickedColumn ?? list.sort.column }
        let next = from.map { max(0, min(columns.count - 1, $0 + amount)) } ?? 0
        list.pickedColumn = columns[next].id
        let key = commands["objects.sortPicked"]?.keys.first ?? ":"
        hint("pickedColumn", "\(key) orders by the marked column, the same again turns the order round")
    }

    /// Orders the shown table by the marked column, else turns the order round.
    func sortByPicked() { sortList(by: list.pickedColumn ?? list.sort.column) }
}
