/// Why text is not the YAML that was expected.
package struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong and what to do about it, without the place.
    package let message: String
    /// The place.
    package let mark: YAMLMark

    /// An error.
    package init(message: String, mark: YAMLMark) {
        self.message = message
        self.mark = mark
    }

    /// The message with its place.
    package var description: String { "\(mark): \(message)" }
}
