/// Finds where the last lines of a log begin, from its records in reverse. Pure.
///
/// A line may be several records: parts, then its end. One that is still being written has no end and counts.
struct LogTail: Sendable, Hashable {
    /// What a record is to a reader.
    enum Role: Sendable, Hashable {
        /// The end of a line.
        case end
        /// What comes before more of the same line.
        case part
        /// Nothing that it sees, and no line.
        case hidden
        /// A note between two files, which may lie inside a line.
        case seam
    }

    /// Where a record begins.
    struct Place: Sendable, Hashable {
        var segment: Int
        var offset: Int64
    }

    /// Lines still to be found.
    private(set) var wanted: Int
    /// Where the wanted lines begin; nil until there are as many.
    private(set) var start: Place?
    private var isFirst = true

    init(wanted: Int) { self.wanted = wanted }

    /// Takes the record before those taken so far; true when `start` is final.
    mutating func take(_ role: Role, _ place: Place) -> Bool {
        defer { if role != .seam && role != .hidden { isFirst = false } }
        switch role {
        case .seam: return false
        case .hidden: return wanted == 0
        case .end:
            if wanted == 0 { return true }
            wanted -= 1
        case .part where wanted > 0:
            if isFirst { wanted -= 1 }
        case .part: break
        }
        if wanted == 0 { start = place }
        return false
    }
}
