/// A file's name or path as text that holds any bytes: what is not printable UTF-8, and the backslash, is written `\xNN`.
package struct FilePath: Sendable, Hashable, CustomStringConvertible {
    /// The bytes, never with a zero.
    package let bytes: [UInt8]

    /// A path of bytes that a kernel gave; ends at the first zero.
    package init(bytes: some Sequence<UInt8>) { self.bytes = Array(bytes.prefix { $0 != 0 }) }

    /// Reads the text form; nil when a backslash begins no `\xNN`, for a zero, and for more than 4,095 bytes, which is the kernel's limit.
    package init?(_ text: String) {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard rest.popFirst() == UInt8(ascii: "x"), let high = rest.popFirst().flatMap(Self.digit), let low = rest.popFirst().flatMap(Self.digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        guard !bytes.contains(0), bytes.count < 4096 else { return nil }
        self.bytes = bytes
    }

    /// The text form.
    package var description: String {
        var text = ""
        var rest = bytes[...]
        while !rest.isEmpty {
            var decoder = UTF8()
            var iterator = rest.makeIterator()
            if case .scalarValue(let scalar) = decoder.decode(&iterator), Self.isPlain(scalar) {
                text.unicodeScalars.append(scalar)
                rest = rest.dropFirst(UTF8.width(scalar))
            } else {
                text += Self.escaped(rest.removeFirst())
            }
        }
        return text
    }

    /// This directory's entry of a name.
    package func appending(_ name: FilePath) -> FilePath {
        bytes.last == UInt8(ascii: "/") ? FilePath(bytes: bytes + name.bytes) : FilePath(bytes: bytes + [UInt8(ascii: "/")] + name.bytes)
    }

    /// The directory it lies in; `/` for what lies at the top.
    package var parent: FilePath {
        let parts = self.parts
        guard parts.count > 1 else { return .root }
        return FilePath(bytes: parts.dropLast().flatMap { [UInt8(ascii: "/")] + $0 })
    }

    /// The last part; empty for `/`.
    package var name: FilePath { FilePath(bytes: parts.last ?? []) }

    private var parts: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "/")) }

    /// `/`.
    package static let root = FilePath(bytes: [UInt8(ascii: "/")])

    /// Control characters and the backslash are not shown as they are, nor what reorders text.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar != "\\" else { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: return false
        default: return true
        }
    }

    private static func escaped(_ byte: UInt8) -> String {
        let digits = Array("0123456789abcdef")
        return "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
