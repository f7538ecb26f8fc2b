import JSONCore
import LinuxKernel
import TestSupport

@testable import APIMachinery

/// Makes values of any type of the schemas, in the form that decoding gives: the same ones for the same seed.
struct SchemaValueGenerator {
    /// Which fields a value has, and what is in them.
    enum Style: String, CaseIterable {
        /// Every field, as deep as the type goes; types within themselves once.
        case full
        /// Some fields.
        case sparse
        /// Some fields, with the ends of their ranges, zeros where they are kept, and empty objects.
        case edges
        /// Only fields of top-level types, objects empty.
        case hollow
    }

    let style: Style
    var random: SeededGenerator
    private var open: [String] = []

    init(_ style: Style, seed: UInt64) {
        self.style = style
        random = SeededGenerator(seed: seed)
    }

    /// A value of the type.
    mutating func value(_ type: TypeSchema) -> JSONValue {
        if type.isUnion { return union(type) }
        return .object(object(type))
    }

    private mutating func object(_ type: TypeSchema) -> JSONObject {
        var object = JSONObject()
        let repeats = open.count { $0 == type.name }
        open.append(type.name)
        defer { open.removeLast() }
        for field in type.fields {
            if let gvk = type.gvk, field.jsonName == "apiVersion" || field.jsonName == "kind" {
                // An object inside another has no place for its kind in protobuf.
                if open.count == 1 { object[field.jsonName] = .string(field.jsonName == "kind" ? gvk.kind : gvk.apiVersion) }
            } else if has(field, repeats: repeats) {
                object[field.jsonName] = value(field)
            }
        }
        return object
    }

    private mutating func has(_ field: FieldSchema, repeats: Int) -> Bool {
        // Types that hold themselves end here.
        if field.type.objectType != nil, repeats > 1 || open.count > 12 { return false }
        return switch style {
        case .full: true
        case .sparse: chance(open.count < 3 ? 2 : 3)
        case .edges: chance(2)
        case .hollow: open.count < 2
        }
    }

    private mutating func value(_ field: FieldSchema) -> JSONValue {
        // Zero stays only where Go's types tell it from absence.
        let keepsZero = !field.flags.contains(.dropsZero)
        if style == .edges, keepsZero, chance(3), let zero = zero(field.type) { return zero }
        switch field.type {
        case .array(let element): return .array(items(element, field))
        case .map(let inner):
            var object = JSONObject()
            for _ in 0..<number(1...3) { object[text()] = value(inner, field) }
            return .object(object)
        default: return value(field.type, field)
        }
    }

    private mutating func items(_ element: FieldType, _ field: FieldSchema) -> [JSONValue] {
        (0..<number(1...3)).map { _ in
            // An item is there even when it is zero.
            if style == .edges, chance(4), let zero = zero(element) { return zero }
            if case .any = element, chance(4) { return .null }
            return value(element, field)
        }
    }

    private func zero(_ type: FieldType) -> JSONValue? {
        switch type {
        case .string: ""
        case .bool: false
        case .int32, .int64, .intOrString, .double: 0
        default: nil
        }
    }

    private mutating func value(_ type: FieldType, _ field: FieldSchema) -> JSONValue {
        switch type {
        case .string: return .string(field.enumValues.randomElement(using: &random) ?? text())
        case .bool: return true
        case .int32: return .integer(integer([Int64(Int32.min), -1, 1, 127, 128, Int64(Int32.max)]))
        case .int64: return .integer(integer([.min, -1, 1, 127, 128, 1 << 53, .max]))
        case .double: return chance(2) ? .double([-1.5, 0.1, .leastNonzeroMagnitude, .greatestFiniteMagnitude].randomElement(using: &random) ?? 1.5) : 3
        case .bytes: return .string(Base64.encode((0..<number(1...40)).map { _ in UInt8(number(0...255)) }))
        case .quantity: return .string(["0", "1", "-1", "100m", "1500m", "1n", "2Gi", "1Ei", "12e6", "9223372036854775807"].canonical(&random))
        case .intOrString: return chance(2) ? .integer(integer([Int64(Int32.min), 0, 1, Int64(Int32.max)])) : .string(text())
        case .time: return .string(["0001-01-01T00:00:01Z", "1969-12-31T23:59:59Z", "2026-02-28T03:04:05Z", "9999-12-31T23:59:59Z"].pick(&random))
        case .microTime: return .string(["1969-12-31T23:59:59.999999Z", "2026-01-02T03:04:05.000000Z", "2026-01-02T03:04:05.000001Z"].pick(&random))
        case .rawObject: return .object(["apiVersion": "example.org/v1", text(): .array([1, .null, 1.5, .string(text()), [:]])])
        case .fieldsV1: return ["f:spec": ["f:\(text())": [:], ".": [:]]]
        case .any: return [.string(text()), 1, 1.5, true, [:], ["a": .null], [1, .null]].randomElement(using: &random) ?? 1
        case .object(let inner): return value(inner)
        case .array(let element): return .array(style == .edges && chance(3) ? [] : items(element, field))
        case .map: return [:]
        }
    }

    private mutating func union(_ type: TypeSchema) -> JSONValue {
        guard let field = type.fields.randomElement(using: &random) else { return .null }
        if case .object = field.type, open.count > 8 || open.count(where: { $0.hasSuffix("JSONSchemaProps") }) > 1 { return [:] }
        if case .bool = field.type { return .bool(chance(2)) }
        if case .array(let element) = field.type {
            return style == .edges && chance(2) || open.count > 8 ? [] : .array(items(element, field))
        }
        return value(field.type, field)
    }

    // MARK: Chance

    private mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }
    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func integer(_ edges: [Int64]) -> Int64 {
        style == .edges ? edges.pick(&random) : Int64.random(in: 1...10_000, using: &random)
    }

    private mutating func text() -> String {
        let plain = ["a", "alpha", "example.org/name", "x-1"]
        guard style == .edges else { return "\(plain.pick(&random))\(number(0...99))" }
        let odd = ["quote\"back\\slash", "tab\tline\nend", "nul\u{0}", "grüße", "日本語", "👩‍🚀", " ", String(repeating: "long", count: 40)]
        return (plain + odd).pick(&random) + String(number(0...9))
    }
}

extension Array {
    fileprivate func pick(_ random: inout SeededGenerator) -> Element { self[Int.random(in: indices, using: &random)] }
}

extension [String] {
    /// An amount as decoding writes it.
    fileprivate func canonical(_ random: inout SeededGenerator) -> String {
        let text = pick(&random)
        return (try? Quantity(parsing: text).canonical) ?? text  // best effort: all of them can be parsed.
    }
}
