extension String {
    /// The text in quotes for a message: as `goQuoted`, and of bearable length.
    var inQuotes: String {
        let longest = 200
        guard let end = unicodeScalars.index(startIndex, offsetBy: longest, limitedBy: endIndex), end < endIndex else { return goQuoted }
        return "\(String(self[..<end]).goQuoted.dropLast())…\""
    }
}
