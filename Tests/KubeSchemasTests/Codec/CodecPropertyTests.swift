import JSONCore
import Testing

@testable import APIMachinery
@testable import KubeSchemas

/// What is encoded is decoded to the same value, for every type that the schema files describe.
@Suite struct CodecPropertyTests {
    typealias Style = SchemaValueGenerator.Style

    /// A value of every type in turn, several of each.
    private func forEachValue(_ style: Style, _ body: (TypeSchema, JSONValue, _ seed: UInt64) throws -> Void) rethrows {
        for (index, type) in builtinSchemas.types.enumerated() {
            for round in 0..<(style == .full || style == .hollow ? 1 : 4) {
                let seed = UInt64(index * 100 + round)
                var generator = SchemaValueGenerator(style, seed: seed)
                try body(type, generator.value(type), seed)
            }
        }
    }

    /// The bytes of a value, named only where the type is a kind.
    private func binary(_ value: JSONValue, _ type: TypeSchema) throws -> [UInt8] {
        let kind = type.gvk ?? GroupVersionKind(group: "", version: "", kind: "")
        return try ProtobufEncoder.encode(json: JSON.encode(value), type: type, kind: kind)
    }

    private func object(_ binary: [UInt8], _ type: TypeSchema) throws -> JSONValue {
        guard type.gvk != nil else { return try ProtobufDecoder.decode(binary, as: type) }
        return try ProtobufDecoder.decode(binary, registry: builtinSchemas)
    }

    /// Names the first place where two values differ; whole values would fill pages.
    private func expectSame(
        _ found: JSONValue, _ expected: JSONValue, _ type: TypeSchema, _ seed: UInt64, location: SourceLocation = #_sourceLocation
    ) {
        guard found != expected else { return }
        Issue.record("\(type.name) with seed \(seed)\(Self.difference(found, expected))", sourceLocation: location)
    }

    private static func difference(_ found: JSONValue, _ expected: JSONValue) -> String {
        switch (found, expected) {
        case (.object(let left), .object(let right)):
            for member in right where left[member.key] != member.value {
                guard let other = left[member.key] else { return ".\(member.key) is missing, expected \(member.value)" }
                return ".\(member.key)\(difference(other, member.value))"
            }
            return " has also \(left.keys.filter { right[$0] == nil })"
        case (.array(let left), .array(let right)) where left.count == right.count:
            for (index, pair) in zip(left, right).enumerated() where pair.0 != pair.1 { return "[\(index)]\(difference(pair.0, pair.1))" }
            return ""
        default: return ": found \(found), expected \(expected)"
        }
    }

    @Test(arguments: Style.allCases)
    func `JSON gives back every value of every type`(style: Style) throws {
        try forEachValue(style) { type, value, seed in
            guard !type.isUnion else { return }
            let read = try JSON.parse(JSON.encode(value))
            expectSame(read, value, type, seed)
            let decoded = try SchemaDecoder.decode(read, as: type, validation: .strict).0
            expectSame(decoded, value, type, seed)
        }
    }

    @Test(arguments: Style.allCases)
    func `protobuf gives back every value of every type`(style: Style) throws {
        try forEachValue(style) { type, value, seed in
            guard !type.isUnion, type.hasProtobuf else { return }
            expectSame(try object(try binary(value, type), type), value, type, seed)
        }
    }

    @Test func `a full value has every field of its type`() {
        forEachValue(.full) { type, value, _ in
            guard case .object(let object) = value, !type.isUnion else { return }
            #expect(object.keys == type.fields.map(\.jsonName), "\(type.name)")
        }
    }

    @Test func `only metrics have fields that protobuf would lose`() {
        let lossy = builtinSchemas.types.filter { !$0.hasProtobuf }.map(\.name)
        #expect(lossy.allSatisfy { $0.hasPrefix("metrics.") }, "\(lossy)")
    }

    @Test func `no two fields of a message share a number`() {
        for type in builtinSchemas.types {
            var taken: [[Int32]: String] = [:]
            for field in type.fields {
                guard field.protobufNumber > 0 else { continue }
                let path = field.protobufParents + [field.protobufNumber]
                let other = taken.updateValue(field.jsonName, forKey: path)
                #expect(other == nil, "\(type.name).\(field.jsonName) and \(other ?? "")")
            }
            for path in taken.keys { #expect(path.count == 1 || taken[Array(path.dropLast())] == nil, "\(type.name): \(path)") }
        }
    }

    @Test func `the order of members does not show in protobuf`() throws {
        try forEachValue(.sparse) { type, value, seed in
            guard !type.isUnion else { return }
            let bytes = try binary(value, type)
            let other = try binary(Self.reversed(value, type), type)
            #expect(bytes == other, "\(type.name) with seed \(seed)")
        }
    }

    /// The same value with the fields of every object the other way round; maps keep their order, which is theirs on the wire too.
    private static func reversed(_ value: JSONValue, _ type: TypeSchema) -> JSONValue {
        guard case .object(let object) = value else { return value }
        return .object(
            JSONObject(
                object.reversed().map { member in
                    guard let field = type.field(member.key) else { return (member.key, member.value) }
                    switch (field.type, member.value) {
                    case (.object(let inner), .object) where !inner.isUnion: return (member.key, reversed(member.value, inner))
                    case (.array(of: .object(let inner)), .array(let items)) where !inner.isUnion:
                        return (member.key, .array(items.map { reversed($0, inner) }))
                    default: return (member.key, member.value)
                    }
                }))
    }

    @Test func `lists and objects that are empty stay apart from missing ones as far as protobuf can tell`() throws {
        let type = try #require(builtinSchemas.type("core.v1.Pod"))
        let value: JSONValue = [
            "kind": "Pod", "apiVersion": "v1", "metadata": ["labels": [:], "finalizers": []],
            "spec": ["containers": [], "securityContext": [:], "volumes": [["name": "v", "emptyDir": [:]]]], "status": [:],
        ]
        let expected: JSONValue = [
            "kind": "Pod", "apiVersion": "v1", "metadata": [:],
            "spec": ["securityContext": [:], "volumes": [["name": "v", "emptyDir": [:]]]], "status": [:],
        ]
        #expect(try object(try binary(value, type), type) == expected)
    }
}
