import JSONCore
import LinuxKernel

/// Walks an object beside its type and makes the decoded form, leaving untouched what is already right.
struct DecodingWalker {
    /// What became of a value.
    enum Outcome {
        /// It is right as it is.
        case same
        /// It reads as this.
        case replaced(JSONValue)
    }

    /// A fault found while collecting; only diagnostics do that.
    struct Fault {
        let pointer: JSONPointer
        let message: String
        /// Whether the fault is a field that the type does not have.
        let isUnknownField: Bool
    }

    /// The places of fields that types do not have, at most ``unknownLimit``.
    private(set) var unknown: [String] = []
    /// What was found wrong, when collecting.
    private(set) var faults: [Fault] = []

    static let unknownLimit = 100
    private let reportsUnknown: Bool
    private let collects: Bool
    private var path = FieldPath()
    private var owner: TypeSchema?

    init(reportsUnknown: Bool, collects: Bool = false) {
        self.reportsUnknown = reportsUnknown
        self.collects = collects
    }

    /// The decoded form of an object.
    mutating func convert(_ object: JSONObject, _ type: TypeSchema) throws(DecodingFailure) -> Outcome {
        var result: JSONObject?
        let outer = owner
        owner = type
        for index in object.indices {
            let member = object[index]
            guard let position = type.position(of: member.key) else {
                reportUnknown(member.key, type)
                if result == nil { result = Self.prefix(object, index) }
                continue
            }
            let field = type.fields[position]
            if Self.isAbsent(member.value, field) {
                if result == nil { result = Self.prefix(object, index) }
                continue
            }
            path.push(.field(member.key))
            let outcome = try convert(member.value, field.type)
            path.pop()
            switch outcome {
            case .same: result?.append(unchecked: member.key, value: member.value)
            case .replaced(let value):
                if result == nil { result = Self.prefix(object, index) }
                result?.append(unchecked: member.key, value: value)
            }
        }
        owner = outer
        return result.map { .replaced(.object($0)) } ?? .same
    }

    /// Whether a value reads as no value at all: null, and zero where Go's types do not tell it from absence.
    private static func isAbsent(_ value: JSONValue, _ field: FieldSchema) -> Bool {
        switch value {
        case .null: return true
        case .string(let text):
            guard text.isEmpty, field.flags.contains(.dropsZero), case .string = field.type else { return false }
            return true
        case .array(let elements):
            guard elements.isEmpty, field.flags.contains(.dropsZero), case .array = field.type else { return false }
            return true
        case .object(let members):
            guard members.isEmpty, field.flags.contains(.dropsZero), case .map = field.type else { return false }
            return true
        case .integer(let number): return number == 0 && field.flags.contains(.omitsZero)
        case .bool(let flag): return !flag && field.flags.contains(.omitsZero)
        case .double: return false
        }
    }

    private mutating func convert(_ value: JSONValue, _ type: FieldType) throws(DecodingFailure) -> Outcome {
        switch (type, value) {
        case (.object(let inner), _) where inner.isUnion:
            guard let field = inner.unionField(for: value) else { return try mismatch(value, type) }
            return try convert(value, field.type)
        case (.object(let inner), .object(let object)): return try convert(object, inner)
        case (.string, .string), (.bool, .bool), (.int64, .integer), (.double, .integer), (.double, .double): return .same
        case (.any, _), (.rawObject, _), (.fieldsV1, _): return .same
        case (.array(let element), .array(let elements)): return try convert(elements, element)
        case (.map(let inner), .object(let object)): return try convertMap(object, inner)
        case (.int32, .integer(let number)), (.intOrString, .integer(let number)):
            return Int32(exactly: number) == nil ? try mismatch(value, .int32) : .same
        case (.intOrString, .string): return .same
        case (.intOrString, _): return try fail("json: cannot unmarshal \(value.goKind) into Go value of type int32")
        case (.quantity, .string(let text)): return try quantity(text, isText: true)
        case (.quantity, .integer(let number)): return try quantity(String(number), isText: false)
        case (.quantity, .double): return try quantity(String(decoding: JSON.encode(value), as: UTF8.self), isText: false)
        case (.time, .string(let text)): return try time(text, isMicro: false)
        case (.microTime, .string(let text)): return try time(text, isMicro: true)
        case (.time, _), (.microTime, _):
            return try fail("json: cannot unmarshal \(value.goKind) into Go value of type string")
        case (.bytes, .string(let text)):
            if let offset = Base64.firstFault(text) { return try fail("illegal base64 data at input byte \(offset)") }
            return .same
        default: return try mismatch(value, type)
        }
    }

    private mutating func convert(_ elements: [JSONValue], _ type: FieldType) throws(DecodingFailure) -> Outcome {
        var result: [JSONValue]?
        for index in elements.indices {
            let element = elements[index]
            path.push(.index(index))
            let outcome = element.isNull ? Outcome.replaced(Self.zero(type)) : try convert(element, type)
            path.pop()
            guard case .replaced(let value) = outcome else { continue }
            if result == nil { result = elements }
            result?[index] = value
        }
        return result.map { .replaced(.array($0)) } ?? .same
    }

    private mutating func convertMap(_ object: JSONObject, _ type: FieldType) throws(DecodingFailure) -> Outcome {
        if case .any = type { return .same }
        var result: JSONObject?
        for index in object.indices {
            let member = object[index]
            if case .string = type, case .string = member.value { continue }
            path.push(.key(member.key))
            let outcome = member.value.isNull ? Outcome.replaced(Self.zero(type)) : try convert(member.value, type)
            path.pop()
            guard case .replaced(let value) = outcome else { continue }
            if result == nil { result = object }
            result?[index].value = value
        }
        return result.map { .replaced(.object($0)) } ?? .same
    }

    /// What null reads as inside a list or a map.
    private static func zero(_ type: FieldType) -> JSONValue {
        switch type {
        case .string, .bytes: .string("")
        case .bool: .bool(false)
        case .int32, .int64, .double, .intOrString: .integer(0)
        case .quantity: .string("0")
        case .object, .map, .fieldsV1: .object(JSONObject())
        case .array: .array([])
        case .time, .microTime, .rawObject, .any: .null
        }
    }

    private mutating func quantity(_ text: String, isText: Bool) throws(DecodingFailure) -> Outcome {
        do throws(QuantityError) {
            let canonical = try Quantity(parsing: text).canonical
            return isText && canonical == text ? .same : .replaced(.string(canonical))
        } catch {
            return try fail(error.rawValue)
        }
    }

    private mutating func time(_ text: String, isMicro: Bool) throws(DecodingFailure) -> Outcome {
        guard let timestamp = Timestamp(rfc3339: text) else {
            return try fail(
                "parsing time \(text.goQuoted) as \"2006-01-02T15:04:05Z07:00\": cannot parse \(text.goQuoted) as \"2006\"")
        }
        let canonical = isMicro ? timestamp.rfc3339Micro : timestamp.rfc3339
        return canonical == text ? .same : .replaced(.string(canonical))
    }

    private mutating func mismatch(_ value: JSONValue, _ type: FieldType) throws(DecodingFailure) -> Outcome {
        var kind = value.goKind
        switch (type, value) {
        case (.int32, .integer), (.int32, .double), (.int64, .double):
            kind = "number \(String(decoding: JSON.encode(value), as: UTF8.self))"
        default: break
        }
        let place = "\(owner?.shortName ?? "").\(path.goText)"
        return try fail("json: cannot unmarshal \(kind) into Go struct field \(place) of type \(type.goName)", type, value)
    }

    private mutating func fail(_ message: String, _ type: FieldType? = nil, _ value: JSONValue = .null) throws(DecodingFailure) -> Outcome {
        guard collects else { throw DecodingFailure(message: message) }
        let words = type.map { "expected \($0.name), found \(value.kindName)" } ?? message
        faults.append(Fault(pointer: path.pointer, message: words, isUnknownField: false))
        return .same
    }

    private mutating func reportUnknown(_ key: String, _ type: TypeSchema) {
        guard reportsUnknown, !type.keepsUnknown else { return }
        path.push(.field(key))
        defer { path.pop() }
        if collects {
            let guess = Spelling.nearest(to: key, among: type.fields.lazy.map(\.jsonName))
            let hint = guess.map { "; did you mean \($0.goQuoted)?" } ?? ""
            faults.append(
                Fault(pointer: path.pointer, message: "unknown field \(key.goQuoted)\(hint)", isUnknownField: true))
        } else if unknown.count < Self.unknownLimit {
            unknown.append(path.strictText)
        }
    }

    private static func prefix(_ object: JSONObject, _ count: Int) -> JSONObject {
        var copy = JSONObject()
        copy.reserveCapacity(object.count)
        for index in 0..<count { copy.append(unchecked: object[index].key, value: object[index].value) }
        return copy
    }
}
