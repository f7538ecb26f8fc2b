/// Writes values as block-style YAML.
struct YAMLWriter {
    private(set) var bytes: [UInt8] = []

    mutating func writeDocument(_ value: JSONValue) {
        switch value {
        case .object(let members) where !members.isEmpty: writeMembers(members, indentation: 0)
        case .array(let elements) where !elements.isEmpty: writeElements(elements, indentation: 0)
        default:
            writeScalar(value, indentation: 0)
            append("\n")
        }
    }

    /// Writes members, each on its line; the first one's indentation is already there.
    private mutating func writeMembers(_ members: JSONObject, indentation: Int) {
        for (position, member) in members.enumerated() {
            if position > 0 { indent(indentation) }
            let key = YAMLText.singleLine(member.key)
            // A key of more than 1024 characters must be announced.
            if key.utf8.count > 1000 {
                append("? \(key)\n")
                indent(indentation)
            } else {
                append(key)
            }
            append(":")
            switch member.value {
            case .object(let children) where !children.isEmpty:
                append("\n")
                indent(indentation + 2)
                writeMembers(children, indentation: indentation + 2)
            case .array(let elements) where !elements.isEmpty:
                append("\n")
                indent(indentation)
                writeElements(elements, indentation: indentation)
            default:
                append(" ")
                writeScalar(member.value, indentation: indentation)
                append("\n")
            }
        }
    }

    /// Writes elements, each behind its dash; the first one's indentation is already there.
    private mutating func writeElements(_ elements: [JSONValue], indentation: Int) {
        for (position, element) in elements.enumerated() {
            if position > 0 { indent(indentation) }
            append("- ")
            switch element {
            case .object(let members) where !members.isEmpty: writeMembers(members, indentation: indentation + 2)
            case .array(let children) where !children.isEmpty: writeElements(children, indentation: indentation + 2)
            default:
                writeScalar(element, indentation: indentation)
                append("\n")
            }
        }
    }

    /// Writes a scalar or an empty collection; `indentation` is that of the collection it stands in.
    private mutating func writeScalar(_ value: JSONValue, indentation: Int) {
        switch value {
        case .string(let text):
            if let header = YAMLText.literalHeader(text) {
                append(header)
                writeLiteral(text, indentation: indentation + 2)
            } else {
                append(YAMLText.singleLine(text))
            }
        case .double(let number) where Int64(exactly: number) != nil && number.magnitude < 1e18:
            append(String(Int64(number)))
        default:
            JSON.encode(value, into: &bytes)
        }
    }

    /// Writes the lines of a literal block without the last line break, which the caller writes.
    private mutating func writeLiteral(_ text: String, indentation: Int) {
        var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for line in lines {
            append("\n")
            guard !line.isEmpty else { continue }
            indent(indentation)
            bytes.append(contentsOf: line)
        }
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func indent(_ columns: Int) {
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: columns))
    }
}
