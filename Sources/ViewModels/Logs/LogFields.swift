import JSONCore

/// The fields of a structured line: those of a JSON object, nested ones with dots, or of logfmt.
package struct LogFields: Sendable, Hashable {
    /// One field as text.
    package struct Field: Sendable, Hashable {
        /// Its name: `http.status`.
        package var name: String
        /// Its value without quotes.
        package var value: String
    }

    /// The fields in the order of the line.
    package let fields: [Field]

    /// The widest a column gets.
    package static let widestColumn = 32
    private static let mostFields = 200
    private static let longestLine = 64 << 10

    /// Reads a line; nil when it is not structured.
    package init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count <= Self.longestLine else { return nil }
        let text = LogText.plain(bytes)
        if text.first == 0x7B {
            // A line that only begins like JSON is text.
            guard let value = try? JSON.parse(text), case .object(let members) = value, !members.isEmpty else { return nil }
            var fields: [Field] = []
            Self.add(members, prefix: "", depth: 0, to: &fields)
            self.fields = fields
        } else {
            guard let fields = Self.logfmt(text) else { return nil }
            self.fields = fields
        }
    }

    /// A field's value; nil when the line has none of that name.
    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    private static func add(_ members: JSONObject, prefix: String, depth: Int, to fields: inout [Field]) {
        for member in members {
            guard fields.count < mostFields else { return }
            if case .object(let inner) = member.value, !inner.isEmpty, depth < 4 {
                add(inner, prefix: "\(prefix)\(member.key).", depth: depth + 1, to: &fields)
            } else {
                let value = member.value.stringValue ?? String(decoding: JSON.encode(member.value), as: UTF8.self)
                fields.append(Field(name: prefix + member.key, value: value))
            }
        }
    }

    /// Pairs as `level=info msg="two words"`; nil for fewer than two or when words stand between them.
    private static func logfmt(_ text: [UInt8]) -> [Field]? {
        var fields: [Field] = []
        var at = 0
        while at < text.count {
            while at < text.count, text[at] == 0x20 { at += 1 }
            let start = at
            while at < text.count, isNameByte(text[at]) { at += 1 }
            guard at > start, at < text.count, text[at] == 0x3D else {
                if at >= text.count, start == at { break }
                return nil
            }
            let name = String(decoding: text[start..<at], as: UTF8.self)
            at += 1
            let (value, end) = value(text, from: at)
            fields.append(Field(name: name, value: value))
            at = end
            guard fields.count < mostFields else { break }
        }
        return fields.count < 2 ? nil : fields
    }

    private static func value(_ text: [UInt8], from start: Int) -> (String, Int) {
        var at = start
        guard at < text.count, text[at] == 0x22 else {
            while at < text.count, text[at] != 0x20 { at += 1 }
            return (String(decoding: text[start..<at], as: UTF8.self), at)
        }
        var value: [UInt8] = []
        at += 1
        while at < text.count, text[at] != 0x22 {
            if text[at] == 0x5C, at + 1 < text.count {
                at += 1
                value.append(text[at] == 0x6E ? 0x0A : text[at] == 0x74 ? 0x09 : text[at])
            } else {
                value.append(text[at])
            }
            at += 1
        }
        return (String(decoding: value, as: UTF8.self), min(text.count, at + 1))
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2E, 0x2D, 0x2F, 0x40: true
        default: false
        }
    }
}
