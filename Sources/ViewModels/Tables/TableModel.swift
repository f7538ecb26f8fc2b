/// One column of a pane's table.
package struct TableColumn: Sendable, Hashable {
    /// Which side cells stand at.
    package enum Alignment: Sendable { case left, right }
    /// Stable name, for sorting.
    package var id: String
    /// The heading.
    package var title: String
    /// Which side cells stand at.
    package var alignment: Alignment
    /// The least width in cells.
    package var minimumWidth: Int
    /// The most width in cells.
    package var maximumWidth: Int
    /// 0 is never dropped; the highest is dropped first when the pane is narrow.
    package var priority: Int
    /// Whether rows can be ordered by it.
    package var isSortable: Bool
    /// Whether a part of a cell says nothing: the column has room for all of each cell in view, or is left out.
    package var isWhole: Bool
    /// A column.
    package init(
        id: String, title: String, alignment: Alignment = .left, minimumWidth: Int, maximumWidth: Int, priority: Int,
        isSortable: Bool = true, isWhole: Bool = false
    ) {
        self.isWhole = isWhole
        self.id = id
        self.title = title
        self.alignment = alignment
        self.minimumWidth = minimumWidth
        self.maximumWidth = maximumWidth
        self.priority = priority
        self.isSortable = isSortable
    }
}

/// The order of a table's rows.
package struct TableSort: Sendable, Hashable {
    /// The column's id.
    package var column: String
    /// Whether the greatest comes first.
    package var isDescending: Bool
    /// An order.
    package init(column: String, isDescending: Bool = false) {
        self.column = column
        self.isDescending = isDescending
    }
}

/// A pane of rows with a cursor that follows an object's uid.
@MainActor package protocol TableModel: AnyObject {
    /// The pane's title.
    var title: String { get }
    /// The columns, in order.
    var columns: [TableColumn] { get }
    /// Rows after the filter.
    var count: Int { get }
    /// Rows before the filter.
    var total: Int { get }
    /// A row, in filtered and sorted order.
    func row(at index: Int) -> TableRow
    /// Where the cursor is.
    var selectedIndex: Int? { get }
    /// The object the cursor is on; when that goes, the nearest neighbour.
    var selectedUID: String? { get }
    /// Moves the cursor to a row.
    func select(index: Int)
    /// Moves the cursor by rows.
    func moveSelection(by amount: Int)
    /// What rows must have to be shown; its language is ``RowFilter``'s.
    var filter: String { get set }
    /// The order.
    var sort: TableSort { get set }
    /// The column that a key would order by; nil while none was chosen.
    var pickedColumn: String? { get }
    /// Marks the row under the cursor, or takes the mark away.
    func toggleMark()
    /// How many rows are marked.
    var markedCount: Int { get }
    /// Shown instead of rows; nil when there are some.
    var notice: String? { get }
}

extension TableModel {
    package var pickedColumn: String? { nil }
}
