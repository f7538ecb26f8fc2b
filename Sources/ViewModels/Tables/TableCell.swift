package import LinuxKernel

/// Consumption of one resource against what was asked for.
package struct Usage: Sendable, Hashable {
    /// The unit of the amounts.
    package enum Unit: Sendable { case milliCPU, bytes }
    /// What is used; nil without a sample.
    package var used: Int64?
    /// What is set aside; nil for nothing.
    package var request: Int64?
    /// What may be used at most; nil for no limit.
    package var limit: Int64?
    /// Whether the kernel holds the limit; drawn as words, never as a bar, when it does not.
    package var isLimitEnforced: Bool
    /// The unit of the amounts.
    package var unit: Unit
    /// Why the limit is not held; nil when it is.
    package var note: String?
    /// Whether what it is of is written beside what is used, as `1.5/4`. Default false.
    package var showsWhole: Bool
    /// A consumption.
    package init(
        used: Int64? = nil, request: Int64? = nil, limit: Int64? = nil, isLimitEnforced: Bool = true, unit: Unit, note: String? = nil,
        showsWhole: Bool = false
    ) {
        self.showsWhole = showsWhole
        self.used = used
        self.request = request
        self.limit = limit
        self.isLimitEnforced = isLimitEnforced
        self.unit = unit
        self.note = note
    }
}

/// One cell of a table.
package enum TableCell: Sendable, Hashable {
    /// A word.
    case text(String, Tone)
    /// A number.
    case number(Int, Tone)
    /// The time since a moment.
    case age(Timestamp?)
    /// A bar of consumption.
    case usage(Usage)
}

/// One row of a table.
package struct TableRow: Sendable, Hashable {
    /// The object's uid.
    package var uid: String
    /// As many as there are columns.
    package var cells: [TableCell]
    /// Whether the user marked it.
    package var isMarked: Bool
    /// Whether it is being deleted.
    package var isFading: Bool
    /// Bit i: column i changed at ``changedAt``.
    package var changed: UInt64
    /// When cells last changed; the screen marks them for two seconds.
    package var changedAt: Timestamp?
    /// A row.
    package init(
        uid: String, cells: [TableCell], isMarked: Bool = false, isFading: Bool = false, changed: UInt64 = 0, changedAt: Timestamp? = nil
    ) {
        self.uid = uid
        self.cells = cells
        self.isMarked = isMarked
        self.isFading = isFading
        self.changed = changed
        self.changedAt = changedAt
    }
}
