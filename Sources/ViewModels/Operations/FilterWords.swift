extension String {
    /// Whether every word of a filter is in this text, ignoring case; an empty filter is met by all.
    func hasWords(of filter: String) -> Bool {
        guard !filter.isEmpty else { return true }
        let text = lowercased()
        return filter.lowercased().split(separator: " ").allSatisfy { text.contains($0) }
    }
}
