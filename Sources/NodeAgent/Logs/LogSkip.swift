/// Records of one stream that lie among those a reader wants of the other and belong to lines it does not want.
struct LogSkip: Sendable, Hashable {
    let isError: Bool
    /// How many are still to come.
    var records: Int

    /// Whether the next record is one of them; each is shown once, in order.
    mutating func takes(_ line: UnsafeRawBufferPointer) -> Bool {
        guard records > 0, LogLine.isError(line) == isError else { return false }
        records -= 1
        return true
    }
}
