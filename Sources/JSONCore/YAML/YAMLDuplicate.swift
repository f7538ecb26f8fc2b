/// A key that a map of a YAML text has already.
package struct YAMLDuplicate: Sendable, Hashable, CustomStringConvertible {
    /// The key.
    package let key: String
    /// Where it stands again.
    package let mark: YAMLMark

    /// How many are kept of one text.
    static let limit = 100

    /// `line 9: key "x" already set in map`, as Go's YAML decoder says it.
    package var description: String { "line \(mark.line + 1): key \(key.inQuotes) already set in map" }
}
