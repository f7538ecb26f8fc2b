import JSONCore

/// A condition on single fields: every requirement holds. Source: apimachinery `pkg/fields/selector.go`.
package struct FieldSelector: Sendable, Hashable, CustomStringConvertible {
    /// One condition on one field.
    package struct Requirement: Sendable, Hashable {
        /// The field's dotted path, for example `spec.nodeName`.
        package let field: String
        /// Whether the field must have the value, or must not.
        package let equals: Bool
        /// The value, as text; empty stands for a missing field.
        package let value: String

        /// A requirement from its parts.
        package init(field: String, equals: Bool = true, value: String) {
            self.field = field
            self.equals = equals
            self.value = value
        }
    }

    /// The conditions; none matches everything.
    package let requirements: [Requirement]

    /// A selector of requirements.
    package init(requirements: [Requirement] = []) { self.requirements = requirements }

    /// Matches every object.
    package static let everything = FieldSelector()

    /// Whether there is no requirement.
    package var isEmpty: Bool { requirements.isEmpty }

    /// Reads `status.phase!=Running,spec.nodeName=n1`; backslash escapes `,`, `=` and itself. Throws 400 with Kubernetes' text.
    package init(parsing text: String) throws(APIStatus) {
        var requirements: [Requirement] = []
        for term in Self.terms(text) where !term.isEmpty {
            guard let requirement = try Self.requirement(term) else {
                throw .badRequest("invalid selector: '\(text)'; can't understand '\(term)'")
            }
            requirements.append(requirement)
        }
        self.init(requirements: requirements)
    }

    /// The value a field must have for the selector to match, when it asks for one exactly.
    package func exactValue(of field: String) -> String? {
        requirements.first { $0.field == field && $0.equals }?.value
    }

    /// Whether the fields that `lookup` gives satisfy every requirement.
    package func matches(_ lookup: (String) -> String) -> Bool {
        requirements.allSatisfy { (lookup($0.field) == $0.value) == $0.equals }
    }

    /// Whether an object satisfies every requirement, fields read by their dotted path; a missing field is empty text.
    package func matches(_ object: KubeObject) -> Bool {
        matches { FieldSelector.text(of: $0, in: object) }
    }

    /// The text that a dotted path has in an object.
    package static func text(of field: String, in object: KubeObject) -> String {
        let path = field.split(separator: ".").map(String.init)
        switch object.value.value(at: path[...]) {
        case .string(let text)?: return text
        case .bool(let flag)?: return flag ? "true" : "false"
        case .integer(let number)?: return String(number)
        default: return ""
        }
    }

    /// Throws 400 when a field is not selectable. Besides `supported`, `metadata.name` is always, and `metadata.namespace` usually.
    package func check(supported: Set<String>) throws(APIStatus) {
        for requirement in requirements {
            let field = requirement.field
            if field == "metadata.name" || field == "metadata.namespace" || supported.contains(field) { continue }
            if supported.isEmpty {
                throw .badRequest(
                    "\(field.goQuoted) is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
            }
            throw .badRequest("field label not supported: \(field)")
        }
    }

    /// The text form that ``init(parsing:)`` reads.
    package var description: String {
        requirements.map { "\($0.field)\($0.equals ? "=" : "!=")\(Self.escaped($0.value))" }.joined(separator: ",")
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for character in text.unicodeScalars {
            if character == "\\" || character == "," || character == "=" { out += "\\" }
            out.unicodeScalars.append(character)
        }
        return out
    }

    private static func terms(_ text: String) -> [String] {
        var terms: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: ","), !isEscaped {
                terms.append([])
            } else {
                terms[terms.count - 1].append(byte)
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return terms.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func requirement(_ term: String) throws(APIStatus) -> Requirement? {
        let bytes = Array(term.utf8)
        for index in bytes.indices {
            let rest = bytes[index...]
            let (width, equals): (Int, Bool)
            if rest.starts(with: "!=".utf8) {
                (width, equals) = (2, false)
            } else if rest.starts(with: "==".utf8) {
                (width, equals) = (2, true)
            } else if rest.first == UInt8(ascii: "=") {
                (width, equals) = (1, true)
            } else {
                continue
            }
            let field = String(decoding: bytes[..<index], as: UTF8.self)
            return Requirement(field: field, equals: equals, value: try unescape(bytes[(index + width)...]))
        }
        return nil
    }

    private static func unescape(_ bytes: ArraySlice<UInt8>) throws(APIStatus) -> String {
        var out: [UInt8] = []
        var isEscaped = false
        for byte in bytes {
            let isSpecial = byte == UInt8(ascii: "\\") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "=")
            if isEscaped {
                guard isSpecial else {
                    throw .badRequest("invalid field selector: invalid escape sequence: \\\(Character(Unicode.Scalar(byte)))")
                }
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
                continue
            } else if isSpecial {
                let text = String(decoding: bytes, as: UTF8.self)
                throw .badRequest("invalid field selector: unescaped character in value: \(text)")
            }
            out.append(byte)
        }
        if isEscaped { throw .badRequest("invalid field selector: invalid escape sequence: \\") }
        return String(decoding: out, as: UTF8.self)
    }
}
