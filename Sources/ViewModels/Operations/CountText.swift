/// How many there are, in words.
enum CountText {
    /// `1 file`, `3 files`, `500+ files` where the rest was cut off; the plural is that with an s where it is not given.
    static func of(_ count: Int, _ one: String, _ many: String? = nil, isCut: Bool = false) -> String {
        "\(count)\(isCut ? "+" : "") \(count == 1 && !isCut ? one : many ?? "\(one)s")"
    }
}
