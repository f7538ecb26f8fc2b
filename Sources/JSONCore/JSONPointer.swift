/// A path into a JSON value. Source: RFC 6901.
package struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    /// The keys and array positions from the root, unescaped.
    package var tokens: [String]

    /// A pointer of unescaped tokens; none is the root.
    package init(_ tokens: [String] = []) {
        self.tokens = tokens
    }

    /// Parses the text form; empty is the root. Throws `.invalidPointer` with the offending byte's place.
    package init(parsing text: String) throws(JSONError) {
        tokens = []
        guard !text.isEmpty else { return }
        guard text.utf8.first == UInt8(ascii: "/") else {
            throw JSONError(code: .invalidPointer, message: "a JSON pointer starts with \"/\", found \(text.inQuotes)", offset: 0)
        }
        var token: [UInt8] = []
        var isEscaped = false
        for (offset, byte) in text.utf8.enumerated().dropFirst() {
            switch (isEscaped, byte) {
            case (true, UInt8(ascii: "0")): token.append(UInt8(ascii: "~"))
            case (true, UInt8(ascii: "1")): token.append(UInt8(ascii: "/"))
            case (true, _): throw Self.badEscape(text, offset)
            case (false, UInt8(ascii: "/")):
                tokens.append(String(decoding: token, as: UTF8.self))
                token.removeAll(keepingCapacity: true)
            case (false, UInt8(ascii: "~")):
                isEscaped = true
                continue
            default: token.append(byte)
            }
            isEscaped = false
        }
        if isEscaped { throw Self.badEscape(text, text.utf8.count) }
        tokens.append(String(decoding: token, as: UTF8.self))
    }

    private static func badEscape(_ text: String, _ offset: Int) -> JSONError {
        JSONError(code: .invalidPointer, message: "\"~\" is followed by neither 0 nor 1 in JSON pointer \(text.inQuotes)", offset: offset)
    }

    /// The root.
    package static let root = JSONPointer()

    /// This pointer extended by one key.
    package func appending(_ token: String) -> JSONPointer {
        JSONPointer(tokens + [token])
    }

    /// This pointer extended by an array position.
    package func appending(_ index: Int) -> JSONPointer {
        JSONPointer(tokens + [String(index)])
    }

    /// This pointer without its last token; nil for the root.
    package var parent: JSONPointer? {
        tokens.isEmpty ? nil : JSONPointer(Array(tokens.dropLast()))
    }

    /// Whether this pointer leads to `other` or to something that contains it.
    package func isPrefix(of other: JSONPointer) -> Bool {
        other.tokens.starts(with: tokens)
    }

    /// The text form.
    package var description: String {
        var text = ""
        for token in tokens {
            text += "/"
            for character in token.unicodeScalars {
                switch character {
                case "~": text += "~0"
                case "/": text += "~1"
                default: text.unicodeScalars.append(character)
                }
            }
        }
        return text
    }

    /// The path as Kubernetes writes it in messages: `spec.containers[0].image`, `metadata.labels[example.com/x]`.
    package var fieldPath: String {
        var text = ""
        for token in tokens {
            if Self.arrayIndex(token) != nil || !token.utf8.allSatisfy(Self.isWordByte) || token.isEmpty {
                text += "[\(token)]"
            } else {
                text += text.isEmpty ? token : ".\(token)"
            }
        }
        return text
    }

    /// A token read as an array position: decimal without sign or leading zeros; nil otherwise.
    package static func arrayIndex(_ token: String) -> Int? {
        let digits = token.utf8
        guard let first = digits.first, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        guard first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        return Int(token)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "$"):
            true
        default: false
        }
    }
}
