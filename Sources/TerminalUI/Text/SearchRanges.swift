/// Where a search text occurs, ignoring case.
enum SearchRanges {
    /// Character offsets, left to right, not overlapping.
    static func find(_ wanted: String, in text: String) -> [Range<Int>] {
        guard !wanted.isEmpty, text.utf8.count >= wanted.utf8.count else { return [] }
        let needle = Array(wanted.lowercased())
        let hay = text.map { $0.isASCII ? Character($0.lowercased()) : $0 }
        guard hay.count >= needle.count else { return [] }
        var found: [Range<Int>] = []
        var index = 0
        while index + needle.count <= hay.count {
            if hay[index] == needle[0], hay[index..<(index + needle.count)].elementsEqual(needle) {
                found.append(index..<(index + needle.count))
                index += needle.count
            } else {
                index += 1
            }
        }
        return found
    }
}
