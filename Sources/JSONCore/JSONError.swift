/// Why bytes are not the JSON document that was expected.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of fault.
    package enum Code: Sendable, Hashable {
        /// The document is larger than ``JSONLimits/maximumBytes``.
        case tooLarge
        /// Objects and arrays nest deeper than ``JSONLimits/maximumDepth``.
        case tooDeep
        /// The bytes end inside a value, or there are none.
        case unexpectedEnd
        /// A character that cannot stand here.
        case unexpectedCharacter
        /// Something that starts like a number and is none, or is outside a double's range.
        case invalidNumber
        /// A backslash sequence that JSON does not have, or half a surrogate pair.
        case invalidEscape
        /// Bytes that are not UTF-8.
        case invalidUTF8
        /// A raw control character inside a string.
        case controlCharacter
        /// An object with the same key twice.
        case duplicateKey
        /// More text after the document's end.
        case trailingData
        /// A JSON pointer that does not follow RFC 6901.
        case invalidPointer
    }

    /// The kind of fault.
    package let code: Code
    /// What is wrong, with the offending text, without the place.
    package let message: String
    /// The place: bytes from the start of the input.
    package let offset: Int

    /// An error.
    package init(code: Code, message: String, offset: Int) {
        self.code = code
        self.message = message
        self.offset = offset
    }

    /// The message with its place.
    package var description: String { "\(message) (byte \(offset))" }
}
