import LinuxKernel
import ViewModels

/// A virtual table: only visible rows are asked for and formatted. Keeps the scroll position and the widths it has grown to, nothing else.
@MainActor final class TableView {
    private(set) var top = 0
    private var widths: [String: Int] = [:]
    private var widthOfPane = 0
    private var headings: [(id: String, columns: Range<Int>)] = []

    /// How long a changed cell stays marked.
    static let changeMark = Duration.seconds(2)

    /// Draws the table; returns the rectangle of its rows, for the mouse.
    func draw(_ model: any TableModel, in rect: Rect, isFocused: Bool, notice: String? = nil, _ painter: inout Painter) -> Rect {
        headings = []
        guard rect.height > 1, rect.width > 4 else { return rect }
        let body = rect.inset(top: 1)
        guard model.count > 0 else {
            drawNotice(notice, model, in: rect, &painter)
            return body
        }
        scroll(model, height: body.height)
        let last = min(model.count, top + body.height)
        let rows = (top..<last).map(model.row(at:))
        let columns = layout(wanted(model), rows, width: rect.width - 3, painter)
        if let table = model as? ResourcesModel { table.drawnColumns = Set(columns.map(\.column.id)) }
        drawHeader(model, columns, in: rect.row(0), painter: &painter)
        for (offset, row) in rows.enumerated() {
            draw(row, columns, in: body.row(offset), isSelected: model.selectedIndex == top + offset, isFocused: isFocused, &painter)
        }
        painter.scrollbar(in: body, first: top, visible: body.height, total: model.count)
        return body
    }

    /// The column whose heading was drawn at `x`, if rows can be ordered by it.
    func sortableColumn(atX x: Int) -> String? { headings.first { $0.columns.contains(x) }?.id }

    /// The columns, of which a marked one is never left out.
    private func wanted(_ model: any TableModel) -> [TableColumn] {
        guard let picked = model.pickedColumn else { return model.columns }
        return model.columns.map { column in
            var column = column
            if column.id == picked { column.priority = 0 }
            return column
        }
    }

    /// Keeps the cursor on screen with a row or two of context.
    private func scroll(_ model: any TableModel, height: Int) {
        let margin = height > 8 ? 2 : 0
        if let selected = model.selectedIndex {
            if selected < top + margin { top = selected - margin }
            if selected > top + height - 1 - margin { top = selected - height + 1 + margin }
        }
        top = max(0, min(top, model.count - height))
    }

    private struct Placed {
        var index: Int
        var column: TableColumn
        var x: Int
        var width: Int
    }

    /// What must stay gets the width of its content first; the others join by priority while they fit; what is left lets them grow. Widths only grow
    /// while the pane keeps its size, so that columns do not dance, unless what once was wide would cost another column its place.
    private func layout(_ columns: [TableColumn], _ rows: [TableRow], width: Int, _ painter: Painter) -> [Placed] {
        if widthOfPane != width {
            widths = [:]
            widthOfPane = width
        }
        var fits = Self.fitting(measure(columns, rows, remembered: widths, painter), width)
        if fits.count < columns.count {
            let fresh = Self.fitting(measure(columns, rows, remembered: [:], painter), width)
            if fresh.count > fits.count { (fits, widths) = (fresh, [:]) }
        }
        for placed in fits { widths[placed.column.id] = placed.x }
        func total() -> Int { Self.total(fits) }
        while total() > width, let widest = fits.indices.max(by: { fits[$0].width < fits[$1].width }), fits[widest].width > 4 {
            fits[widest].width -= 1
        }
        // What may be very long takes what the others leave.
        func rank(_ position: Int) -> (Int, Int) { (fits[position].column.maximumWidth > 100 ? 1 : 0, fits[position].column.priority) }
        for position in fits.indices.sorted(by: { rank($0) < rank($1) }) {
            fits[position].width += max(0, min(width - total(), fits[position].x - fits[position].width))
        }
        var x = 2
        for position in fits.indices {
            fits[position].x = x
            x += fits[position].width + 2
        }
        return fits
    }

    /// How wide each column wants to be (`x`), and what it must have.
    private func measure(_ columns: [TableColumn], _ rows: [TableRow], remembered: [String: Int], _ painter: Painter) -> [Placed] {
        columns.enumerated().map { index, column in
            var widest = max(
                column.minimumWidth, DisplayWidth.of(column.title) + (column.isSortable ? 1 : 0), remembered[column.id] ?? 0)
            for row in rows where index < row.cells.count { widest = max(widest, CellText.width(row.cells[index], now: painter.now)) }
            widest = min(max(column.maximumWidth, column.minimumWidth), widest)
            let isNeeded = column.priority == 0 || column.isWhole
            return Placed(index: index, column: column, x: widest, width: isNeeded ? widest : min(widest, column.minimumWidth))
        }
    }

    private static func total(_ columns: [Placed]) -> Int { columns.reduce(0) { $0 + $1.width + 2 } - 2 }

    /// Leaves out by priority what has no room.
    private static func fitting(_ columns: [Placed], _ width: Int) -> [Placed] {
        var fits = columns
        while total(fits) > width, let drop = fits.indices.max(by: { fits[$0].column.priority < fits[$1].column.priority }),
            fits[drop].column.priority > 0
        {
            fits.remove(at: drop)
        }
        return fits
    }

    private func drawHeader(_ model: any TableModel, _ columns: [Placed], in rect: Rect, painter: inout Painter) {
        for placed in columns {
            if placed.column.isSortable { headings.append((placed.column.id, rect.x + placed.x..<rect.x + placed.x + placed.width + 1)) }
            let isSorted = model.sort.column == placed.column.id
            let sign = isSorted ? String(model.sort.isDescending ? painter.glyphs.descending : painter.glyphs.ascending) : ""
            var style = painter.theme[isSorted ? .tableHeaderSorted : .tableHeader]
            if model.pickedColumn == placed.column.id { style.attributes.formUnion([.reverse]) }
            painter.text(
                placed.column.title + sign,
                in: Rect(x: rect.x + placed.x, y: rect.y, width: min(placed.width, rect.maxX - rect.x - placed.x), height: 1), style,
                alignment: placed.column.alignment)
        }
    }

    private func draw(_ row: TableRow, _ columns: [Placed], in rect: Rect, isSelected: Bool, isFocused: Bool, _ painter: inout Painter) {
        var ground = painter.theme[.text]
        if isSelected {
            ground = painter.theme[isFocused ? .tableCursorFocused : .tableCursor]
            painter.surface.fill(rect, style: ground)
            if isFocused {
                painter.surface.put(
                    String(painter.glyphs.selection), x: rect.x, y: rect.y, limit: 1, style: painter.theme[.tableSign].on(ground))
            }
            if isFocused { painter.surface.cursor = (rect.x + 2, rect.y) }
        }
        if row.isMarked {
            painter.surface.put(
                String(painter.glyphs.mark), x: rect.x + (isSelected && isFocused ? 1 : 0), y: rect.y, limit: 1,
                style: painter.theme[.tableMark].on(ground))
        }
        let isChanging = !painter.isStill && row.changedAt.map { painter.now - $0 < Self.changeMark } == true
        if isChanging, let changedAt = row.changedAt { painter.wake(at: changedAt.advanced(by: Self.changeMark)) }
        for placed in columns where placed.index < row.cells.count {
            let cell = Rect(x: rect.x + placed.x, y: rect.y, width: min(placed.width, rect.maxX - rect.x - placed.x), height: 1)
            let isChanged = isChanging && placed.index < 64 && row.changed & (1 << UInt64(placed.index)) != 0
            CellText.draw(
                row.cells[placed.index], in: cell, column: placed.column, ground: ground, isChanged: isChanged, isFading: row.isFading,
                isSelected: isSelected, &painter)
        }
    }

    private func drawNotice(_ notice: String?, _ model: any TableModel, in rect: Rect, _ painter: inout Painter) {
        let text =
            notice ?? model.notice ?? (model.filter.isEmpty ? "nothing here" : "nothing matches \"\(model.filter)\": Esc clears the filter")
        let lines = TextWrap.words(text, columns: rect.width - 4)
        for (index, line) in lines.prefix(max(1, rect.height - 1)).enumerated() {
            let row = rect.row(min(rect.height - 1, max(0, rect.height / 2 - lines.count / 2 + index)))
            painter.text(line, in: row.inset(left: max(2, (rect.width - DisplayWidth.of(line)) / 2)), painter.theme[.dim])
        }
    }
}
