package import APIMachinery
package import JSONCore
package import LinuxKernel

/// A typed look at a part of an object.
package protocol ValueView: Sendable, Hashable {
    /// The JSON object, with the fields that no property reads.
    var value: JSONValue { get set }
    /// Wraps a value; anything but an object reads as an empty one.
    init(_ value: JSONValue)
}

extension ValueView {
    /// An empty part.
    package init() { self.init(.object(JSONObject())) }

    /// A text, nil when missing.
    package func text(_ field: String) -> String? { value[field]?.stringValue }
    /// An integer, nil when missing.
    package func integer(_ field: String) -> Int64? { value[field]?.integerValue }
    /// A boolean, nil when missing.
    package func flag(_ field: String) -> Bool? { value[field]?.boolValue }
    /// A list of texts, empty when missing.
    package func texts(_ field: String) -> [String] { value[field]?.arrayValue?.compactMap(\.stringValue) ?? [] }
    /// A moment, nil when missing or unreadable.
    package func time(_ field: String) -> Timestamp? { text(field).flatMap { Timestamp(rfc3339: $0) } }
    /// A map of texts, empty when missing.
    package func textMap(_ field: String) -> [String: String] {
        guard let object = value[field]?.objectValue else { return [:] }
        var result = [String: String](minimumCapacity: object.count)
        for member in object { result[member.key] = member.value.stringValue }
        return result
    }
    /// A map of quantities, without those that cannot be read.
    package func quantities(_ field: String) -> [String: Quantity] {
        guard let object = value[field]?.objectValue else { return [:] }
        var result = [String: Quantity](minimumCapacity: object.count)
        for member in object { result[member.key] = Quantity(json: member.value) }
        return result
    }
    /// A nested part, nil when missing.
    package func optionalPart<View: ValueView>(_ field: String) -> View? {
        guard let part = value[field], !part.isNull else { return nil }
        return View(part)
    }
    /// A nested part, an empty one when missing.
    package func part<View: ValueView>(_ field: String) -> View { optionalPart(field) ?? View() }
    /// A list of nested parts, empty when missing.
    package func parts<View: ValueView>(_ field: String) -> [View] { value[field]?.arrayValue?.map { View($0) } ?? [] }

    /// Sets a text; nil or empty removes the field.
    package mutating func set(_ field: String, _ text: String?) {
        value[field] = text.flatMap { $0.isEmpty ? nil : .string($0) }
    }
    /// Sets an integer; nil removes the field.
    package mutating func set(_ field: String, _ integer: Int64?) { value[field] = integer.map { .integer($0) } }
    /// Sets a boolean; nil removes the field.
    package mutating func set(_ field: String, _ flag: Bool?) { value[field] = flag.map { .bool($0) } }
    /// Sets a moment, to the second; nil removes the field.
    package mutating func set(_ field: String, _ time: Timestamp?) { value[field] = time.map { .string($0.rfc3339) } }
    /// Sets a nested part; nil removes the field.
    package mutating func set(_ field: String, _ part: (some ValueView)?) { value[field] = part?.value }
    /// Sets a list of parts; an empty one removes the field.
    package mutating func set(_ field: String, _ parts: [some ValueView]) {
        value[field] = parts.isEmpty ? nil : .array(parts.map(\.value))
    }
}

/// Any nested object that needs no view of its own.
package struct ObjectPart: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
}

extension Quantity {
    /// A quantity written as a text or as a bare number; nil when it cannot be read.
    package init?(json value: JSONValue) {
        let text: String
        switch value {
        case .string(let string): text = string
        case .integer(let integer): text = String(integer)
        case .double(let double): text = String(double)
        default: return nil
        }
        guard let quantity = try? Quantity(parsing: text) else { return nil }  // best effort: admission refuses what cannot be read
        self = quantity
    }
}
