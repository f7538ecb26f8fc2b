import JSONCore
import TestSupport

@testable import APIMachinery

/// Makes random objects of a type, the same ones for the same seed.
struct ObjectGenerator {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func object(_ type: TypeSchema, depth: Int = 0) -> JSONObject {
        var object = JSONObject()
        for field in type.fields {
            if field.jsonName == "apiVersion", let gvk = type.gvk {
                object["apiVersion"] = .string(gvk.apiVersion)
            } else if field.jsonName == "kind", let gvk = type.gvk {
                object["kind"] = .string(gvk.kind)
            } else if field.isListedAsRequired || Int.random(in: 0..<3, using: &random) == 0, depth < 8 {
                object[field.jsonName] = value(field.type, field, depth: depth + 1)
            }
        }
        return object
    }

    mutating func value(_ type: FieldType, _ field: FieldSchema?, depth: Int) -> JSONValue {
        switch type {
        case .string: return .string(field?.enumValues.randomElement(using: &random) ?? word())
        case .bool: return .bool(field?.isPointer == true ? Bool.random(using: &random) : true)
        case .int32: return .integer(Int64(Int32.random(in: 1...Int32.max, using: &random)))
        case .int64: return .integer(Int64.random(in: 1...Int64.max, using: &random))
        case .double: return .double(Double.random(in: 0.5...2, using: &random))
        case .bytes: return .string(Base64.encode((0..<5).map { _ in UInt8.random(in: 0...255, using: &random) }))
        case .quantity: return .string("\(Int.random(in: 1...999, using: &random))Mi")
        case .intOrString: return Bool.random(using: &random) ? .integer(Int64.random(in: 0...65535, using: &random)) : .string(word())
        case .time: return .string("2026-01-02T03:04:0\(Int.random(in: 0...9, using: &random))Z")
        case .microTime: return .string("2026-01-02T03:04:05.00000\(Int.random(in: 0...9, using: &random))Z")
        case .rawObject, .fieldsV1, .any: return .object(["f:\(word())": .object([word(): 1])])
        case .object(let inner): return .object(object(inner, depth: depth))
        case .map(let inner):
            var object = JSONObject()
            for _ in 0..<Int.random(in: 1...3, using: &random) { object[word()] = value(inner, nil, depth: depth + 1) }
            return .object(object)
        case .array(let element):
            var items: [JSONValue] = []
            var seen: Set<JSONValue> = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                var item = value(element, field, depth: depth + 1)
                var identity = item
                if let key = field?.patchMergeKey {
                    // Few different keys, so that lists overlap.
                    let id: JSONValue = key == "containerPort" ? .integer(Int64.random(in: 80...84, using: &random)) : .string(word())
                    item[key] = id
                    identity = id
                }
                if field?.isMerged != true || seen.insert(identity).inserted { items.append(item) }
            }
            return .array(items)
        }
    }

    private mutating func word() -> String { ["alpha", "beta", "gamma", "delta", "epsilon"].randomElement(using: &random) ?? "" }
}
