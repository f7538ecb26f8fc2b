/// What a run was seen to do: the feedback that says which inputs are worth keeping, in place of the coverage of a second,
/// instrumented build of everything. Two inputs that fail at the same check, or parse to the same shape, count as the same.
struct Observation {
    private(set) var features: Set<UInt64> = []

    /// Notes that something happened, and about how often or how much.
    mutating func note(_ what: String, _ count: Int = 0) {
        features.insert(mixed(stableHash(what.utf8), UInt64(count.magnitude == 0 ? 0 : 64 - count.magnitude.leadingZeroBitCount)))
    }

    /// Notes a message without what it quotes and counts.
    mutating func note(message: String) {
        func isQuote(_ character: Character) -> Bool { character == "\"" || character == "'" }
        let (first, last) = (message.firstIndex(where: isQuote), message.lastIndex(where: isQuote))
        var words = (first.map { message[..<$0] } ?? message[...]).prefix(26) + (last.map { message[$0...] } ?? "").prefix(40)
        words.removeAll { $0.isNumber }
        note(String(words))
    }
}
