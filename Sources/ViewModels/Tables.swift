package import LinuxKernel

package struct TableColumn: Sendable, Hashable {
    package enum Alignment: Sendable { case left, right }
    package var id: String
    package var title: String
    package var alignment: Alignment
    package var minimumWidth: Int
    package var maximumWidth: Int
    /// 0 is never dropped; the highest is dropped first when the pane is narrow.
    package var priority: Int
    package var isSortable: Bool
    package init(id: String, title: String, alignment: Alignment = .left, minimumWidth: Int, maximumWidth: Int, priority: Int, isSortable: Bool = true) {
        self.id = id
        self.title = title
        self.alignment = alignment
        self.minimumWidth = minimumWidth
        self.maximumWidth = maximumWidth
        self.priority = priority
        self.isSortable = isSortable
    }
}

package struct TableSort: Sendable, Hashable {
    package var column: String
    package var isDescending: Bool
    package init(column: String, isDescending: Bool = false) {
        self.column = column
        self.isDescending = isDescending
    }
}

/// Consumption of one resource against what was asked for; `used` nil means no sample yet.
package struct Usage: Sendable, Hashable {
    package enum Unit: Sendable { case milliCPU, bytes }
    package var used: Int64?
    package var request: Int64?
    package var limit: Int64?
    package var isLimitEnforced: Bool
    package var unit: Unit
    package var note: String?
    package init(used: Int64? = nil, request: Int64? = nil, limit: Int64? = nil, isLimitEnforced: Bool = true, unit: Unit, note: String? = nil) {
        self.used = used
        self.request = request
        self.limit = limit
        self.isLimitEnforced = isLimitEnforced
        self.unit = unit
        self.note = note
    }
}

package enum TableCell: Sendable, Hashable {
    case text(String, Tone)
    case number(Int, Tone)
    case age(Timestamp?)
    case usage(Usage)
}

package struct TableRow: Sendable, Hashable {
    package var uid: String
    package var cells: [TableCell]
    package var isMarked: Bool
    package var isFading: Bool
    package var changed: UInt64
    package var changedAt: Timestamp?
    package init(uid: String, cells: [TableCell], isMarked: Bool = false, isFading: Bool = false, changed: UInt64 = 0, changedAt: Timestamp? = nil) {
        self.uid = uid
        self.cells = cells
        self.isMarked = isMarked
        self.isFading = isFading
        self.changed = changed
        self.changedAt = changedAt
    }
}

@MainActor package protocol TableModel: AnyObject {
    var title: String { get }
    var columns: [TableColumn] { get }
    var count: Int { get }
    var total: Int { get }
    func row(at index: Int) -> TableRow
    var selectedIndex: Int? { get }
    var selectedUID: String? { get }
    func select(index: Int)
    func moveSelection(by amount: Int)
    var filter: String { get set }
    var sort: TableSort { get set }
    func toggleMark()
    var markedCount: Int { get }
    var notice: String? { get }
}
