import Testing

@testable import NodeAgent

struct LogTailTests {
    /// Records as letters, in the order they were written: `e` ends a line of standard output, `p` is a part of one, `E` and `P` are of standard error, `h` is
    /// hidden. What a reader of the last `wanted` lines gets: the letters from the start on, without those that are passed over; all when there are fewer lines.
    private static let cases: [(String, Int, String)] = [
        ("eee", 1, "e"), ("eee", 3, "eee"), ("eee", 4, "eee"), ("", 1, ""),
        // Lines of several records are whole.
        ("eppe", 1, "ppe"), ("eppe", 2, "eppe"), ("ppe", 1, "ppe"), ("epepe", 2, "pepe"),
        // The last one is still being written.
        ("eep", 1, "p"), ("eepp", 1, "pp"), ("eepp", 2, "epp"), ("p", 1, "p"), ("pp", 2, "pp"),
        // What is hidden is no line, and a line reaches over it.
        ("ehh", 1, "ehh"), ("ehpe", 1, "pe"), ("phe", 1, "phe"), ("ephhe", 1, "phhe"), ("eph", 2, "eph"), ("hhh", 1, "hhh"),
        // The other stream's line between the parts is wanted, or passed over.
        ("pEe", 1, "pe"), ("pEe", 2, "pEe"), ("pPEe", 1, "pe"), ("PpEe", 1, "pe"), ("PpEe", 2, "PpEe"), ("ePpEe", 2, "PpEe"),
        ("epEEpe", 1, "ppe"), ("epEEpe", 2, "pEpe"), ("EpEEEpEe", 3, "pEpEe"), ("PepEpe", 1, "ppe"), ("PepEpe", 2, "PpEpe"),
        // Both streams are being written: such a line ends last.
        ("epP", 1, "pP"), ("eepPE", 1, "pPE"), ("epPe", 1, "pPe"), ("EPpEe", 1, "pe"), ("eePe", 1, "Pe"),
    ]

    @Test(arguments: cases)
    func `the last lines are whole, and nothing else is among them`(records: String, wanted: Int, shown: String) {
        var tail = LogTail(wanted: wanted)
        for (offset, letter) in records.enumerated().reversed() {
            if tail.take(Self.role(letter), LogTail.Place(segment: 0, offset: Int64(offset))) { break }
        }
        var left = tail.skip.records
        let rest = records.dropFirst(Int(tail.start?.offset ?? 0)).filter { letter in
            guard left > 0, letter == (tail.skip.isError ? "E" : "e") || letter == (tail.skip.isError ? "P" : "p") else { return true }
            left -= 1
            return false
        }
        #expect(rest == shown)
        #expect(left == 0)
    }

    private static func role(_ letter: Character) -> LogTail.Role {
        switch letter {
        case "e", "E": .end(isError: letter == "E")
        case "p", "P": .part(isError: letter == "P")
        default: .hidden
        }
    }
}
