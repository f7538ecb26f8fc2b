/// The text of one schema file. The format is described in this target's README and read by ``SchemaRegistry``.
package struct SchemaFile: Sendable {
    /// The file's name, for messages.
    package let name: String
    /// The UTF-8 text.
    package let bytes: [UInt8]

    /// A file from its bytes.
    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// A file from text.
    package init(name: String, text: String) {
        self.init(name: name, bytes: Array(text.utf8))
    }
}

/// What is wrong with a schema file, and where.
package struct SchemaError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file's name.
    package let file: String
    /// The line, counted from 1; 0 when the fault is in no single line.
    package let line: Int
    /// What is wrong.
    package let message: String

    /// `core.schema:12: unknown type "Foo"`.
    package var description: String { "\(file):\(line): \(message)" }
}

/// The bytes that documentation is cut from when it is asked for, so that reading a schema does not copy it.
final class SchemaText: Sendable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The documentation in a range: the rest of a line and the `|` lines after it, joined by single spaces.
    func documentation(_ range: Range<Int32>) -> String {
        guard !range.isEmpty else { return "" }
        let part = bytes[Int(range.lowerBound)..<Int(range.upperBound)]
        guard part.contains(UInt8(ascii: "\n")) else { return String(decoding: part, as: UTF8.self) }
        let lines = part.split(separator: UInt8(ascii: "\n")).map { line -> ArraySlice<UInt8> in
            var line = line.drop { $0 == 0x20 || $0 == 0x09 }
            if line.first == UInt8(ascii: "|") { line = line.dropFirst().drop { $0 == 0x20 } }
            while let last = line.last, last == 0x20 || last == 0x0D { line = line.dropLast() }
            return line
        }
        return String(decoding: Array(lines.joined(separator: [0x20])), as: UTF8.self)
    }
}
