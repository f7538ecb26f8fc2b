/// A key that a map of a YAML text has already.
package struct YAMLDuplicate: Sendable, Hashable, CustomStringConvertible {
    /// The key.
    package let key: String
    /// Where it stands again.
    package let mark: YAMLMark

    /// How many are kept of one text.
    static let limit = 100

    /// All of a text as one error of Go's YAML decoder.
    package static func text(_ duplicates: [YAMLDuplicate]) -> String {
        "yaml: unmarshal errors:\(duplicates.map { "\n  \($0)" }.joined())"
    }

    /// `line 9: key "x" already set in map`, as Go's YAML decoder says it.
    package var description: String { "line \(mark.line + 1): key \(key.inQuotes) already set in map" }
}
