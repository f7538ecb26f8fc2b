/// Whether a row says that its object needs somebody: `is:failing` in a filter.
struct RowHealth {
    /// The columns whose word is about the object as a whole.
    private static let verdicts: Set = ["status", "phase", "state", "health", "condition"]
    /// The columns that tell of what was, not of what is.
    private static let past: Set = ["restarts"]

    private var hasTrouble = false
    private var isOver = false

    /// Takes the tone of one cell.
    mutating func take(_ tone: Tone, column: String) {
        if Self.past.contains(column) { return }
        if tone == .warning || tone == .error { hasTrouble = true }
        if Self.verdicts.contains(column), tone == .done || tone == .dim { isOver = true }
    }

    /// Whether a cell warns; what has ended well, or is ending, is not asked for more.
    var isFailing: Bool { hasTrouble && !isOver }
}
