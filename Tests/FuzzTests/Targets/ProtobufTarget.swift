import APIMachinery
import JSONCore
import KubeSchemas

extension FuzzTarget {
    static let protobuf = FuzzTarget(
        "protobuf", tokens: ["k8s\u{0}", "v1", "apps/v1", "Pod", "Deployment", "{\"a\":1}", "100m"],
        bytes: [[0x0A], [0x12], [0x0A, 0x00], [0x0B], [0x0C], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]],
        reshape: ProtobufShape.reshape
    ) {
        let registry = builtinSchemas
        @Sendable func nameless(_ value: JSONValue) -> JSONValue {
            var value = value
            value["apiVersion"] = nil
            return value
        }
        return { input, seen in
            let value: JSONValue
            do throws(APIStatus) {
                value = try ProtobufDecoder.decode(input, registry: registry)
            } catch {
                try Violation.unlessClean(error.message)
                return try Refusal.check(error, &seen, codes: [400, 413])
            }
            seen.note(value)
            let kind = ProtobufDecoder.kind(of: input)
            guard let type = kind.flatMap({ registry.type(kind: $0) }) else {
                throw Violation(rule: "a body that is read has a kind", detail: "\(value)")
            }
            seen.note(type.shortName)
            try Violation.unless(!value.isDeeper(than: JSONLimits.default.maximumDepth + 1), "no value is deeper than the limit")
            let back = Result { try ProtobufDecoder.decode(try ProtobufEncoder.encode(value, type: type), registry: registry) }
            // Options are known by their kind alone, and are written with the version they have.
            let isSame = (try? back.get()).map { nameless($0) == nameless(value) } ?? false
            try Violation.unless(isSame, "what is written reads back as itself", "\(value) became \(back)")
            let object: JSONValue
            do throws(APIStatus) {
                object = try SchemaDecoder.decode(value, as: type, validation: .warn).0
            } catch {
                return try Refusal.check(error, &seen, codes: [400])
            }
            let again = Result { try SchemaDecoder.decode(object, as: type, validation: .strict).0 }
            try Violation.unless((try? again.get()) == object, "what was decoded by schema stays as it is", "\(object) became \(again)")
        }
    }
}

/// Changes of messages that keep the lengths around them true, so that they are not refused at the first byte.
private enum ProtobufShape {
    private struct Field {
        var number: UInt64
        var wire: UInt64
        var content: [UInt8]
    }

    static func reshape(_ input: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
        guard input.starts(with: ProtobufDecoder.magic), var fields = fields(input[4...]) else {
            var bytes = input
            Mutator.scramble(&bytes, &random)
            return bytes
        }
        change(&fields, depth: 0, &random)
        return ProtobufDecoder.magic + bytes(fields)
    }

    private static func change(_ fields: inout [Field], depth: Int, _ random: inout FuzzRandom) {
        guard !fields.isEmpty else { return fields.append(Field(number: 1, wire: 0, content: [1])) }
        let place = random.below(fields.count)
        let inner = fields[place].wire == 2 && depth < 40 ? Self.fields(fields[place].content[...]) : nil
        if var inner, !random.once(in: 4) {
            change(&inner, depth: depth + 1, &random)
            fields[place].content = bytes(inner)
            return
        }
        switch random.below(7) {
        case 0: fields[place].number = UInt64(1 + random.below(40))
        case 1: fields.remove(at: place)
        case 2: fields.insert(fields[place], at: random.below(fields.count + 1))
        case 3: fields.append(contentsOf: repeatElement(fields[place], count: 1 + random.below(300)))
        case 4: for _ in 0..<random.below(300) { fields[place] = Field(number: fields[place].number, wire: 2, content: bytes([fields[place]])) }
        case 5:
            fields[place].wire = UInt64(random.pick([0, 1, 2, 5]))
            fields[place].content = [UInt8](repeating: UInt8(random.below(128)), count: [1: 8, 5: 4][fields[place].wire] ?? 1)
        default:
            let isMessage = fields[place].wire == 2
            if isMessage {
                Mutator.scramble(&fields[place].content, &random)
            } else {
                fields[place].content = varint(random.next() >> UInt64(random.below(64)))
            }
            if !isMessage { fields[place].wire = 0 }
        }
    }

    private static func fields(_ bytes: ArraySlice<UInt8>) -> [Field]? {
        var rest = bytes
        var fields: [Field] = []
        while !rest.isEmpty {
            guard let tag = number(&rest), tag >> 3 > 0 else { return nil }
            let count: Int
            switch tag & 7 {
            case 0:
                guard let value = number(&rest) else { return nil }
                fields.append(Field(number: tag >> 3, wire: 0, content: varint(value)))
                continue
            case 1: count = 8
            case 2:
                guard let length = number(&rest), length <= rest.count else { return nil }
                count = Int(length)
            case 5: count = 4
            default: return nil
            }
            guard count <= rest.count else { return nil }
            fields.append(Field(number: tag >> 3, wire: tag & 7, content: Array(rest.prefix(count))))
            rest = rest.dropFirst(count)
        }
        return fields
    }

    private static func bytes(_ fields: [Field]) -> [UInt8] {
        fields.flatMap { varint($0.number << 3 | $0.wire) + ($0.wire == 2 ? varint(UInt64($0.content.count)) : []) + $0.content }
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
