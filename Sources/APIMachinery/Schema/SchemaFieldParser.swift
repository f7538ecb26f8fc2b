import JSONCore

/// Reads one field line of a schema file.
struct SchemaFieldParser {
    /// Finds a type by the name written in a field, from the namespace of the type that has the field.
    let resolve: (_ name: String) -> TypeSchema?
    let text: SchemaText

    private var flags: FieldSchema.Flags = []
    private var defaultValue: JSONValue?
    private var rule: DefaultRule?
    private var listType = ListType.atomic
    private var mapKeys: [String] = []
    private var mergeKey: String?
    private var strategies: [String] = []
    private var enumValues: [String] = []
    private var bounds: [String: Int64] = [:]
    private var format: ValueFormat?

    init(text: SchemaText, resolve: @escaping (String) -> TypeSchema?) {
        self.text = text
        self.resolve = resolve
    }

    /// Reads the line the scanner is on, and the documentation lines after it.
    mutating func parse(_ scanner: inout SchemaScanner) throws(SchemaError) -> FieldSchema {
        reset()
        let name = scanner.text(try scanner.word())
        scanner.skipSpaces()
        let numbers = try number(&scanner)
        scanner.skipSpaces()
        guard scanner.position < scanner.end else { throw scanner.error("field \(name) needs a number and a type") }
        let type = try type(try scanner.word(), scanner)
        while scanner.atFact() { try fact(&scanner, name: name, type: type) }
        var documentation = scanner.documentation()
        try checkDocumentation(documentation, scanner)
        var ahead = scanner
        while ahead.nextLine() == .continuation { documentation = documentation.lowerBound..<Int32(ahead.end) }
        if dropsZero(type) { flags.insert(.dropsZero) }
        return FieldSchema(
            jsonName: name, protobufNumber: numbers.last ?? 0, protobufParents: Array(numbers.dropLast()), type: type,
            flags: flags, defaultValue: defaultValue, defaultRule: rule, listType: listType, mapKeys: mapKeys,
            patchMergeKey: mergeKey, patchStrategies: strategies, constraints: constraints(), text: text,
            documentationRange: documentation)
    }

    private mutating func reset() {
        flags = []
        defaultValue = nil
        rule = nil
        listType = .atomic
        mapKeys = []
        mergeKey = nil
        strategies = []
        enumValues = []
        bounds.removeAll(keepingCapacity: true)
        format = nil
    }

    private func number(_ scanner: inout SchemaScanner) throws(SchemaError) -> [Int32] {
        let range = try scanner.word()
        if scanner.equals(range, "-") { return [] }
        var numbers: [Int32] = [0]
        for index in range {
            let byte = scanner.bytes[index]
            if byte == UInt8(ascii: ".") {
                numbers.append(0)
            } else if byte >= 0x30, byte <= 0x39, numbers[numbers.count - 1] < 100_000 {
                numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + Int32(byte - 0x30)
            } else {
                throw scanner.error("\"\(scanner.text(range))\" is no protobuf number")
            }
        }
        guard numbers.allSatisfy({ $0 > 0 && $0 < 100_000 }) else {
            throw scanner.error("\"\(scanner.text(range))\" is no protobuf number")
        }
        return numbers
    }

    private func type(_ range: Range<Int>, _ scanner: SchemaScanner) throws(SchemaError) -> FieldType {
        guard let first = range.first.map({ scanner.bytes[$0] }) else { throw scanner.error("a type is missing") }
        let last = scanner.bytes[range.upperBound - 1]
        if first == UInt8(ascii: "["), last == UInt8(ascii: "]") {
            return .array(of: try type(range.dropFirst().dropLast(), scanner))
        }
        if first == UInt8(ascii: "{"), last == UInt8(ascii: "}") {
            return .map(of: try type(range.dropFirst().dropLast(), scanner))
        }
        let name = scanner.text(range)
        switch name {
        case "string": return .string
        case "bool": return .bool
        case "int32": return .int32
        case "int64": return .int64
        case "double": return .double
        case "bytes": return .bytes
        case "quantity": return .quantity
        case "intOrString": return .intOrString
        case "time": return .time
        case "microTime": return .microTime
        case "rawObject": return .rawObject
        case "fieldsV1": return .fieldsV1
        case "any": return .any
        default:
            guard let type = resolve(name) else { throw scanner.error("unknown type \"\(name)\"") }
            return .object(type)
        }
    }

    private mutating func fact(_ scanner: inout SchemaScanner, name: String, type: FieldType) throws(SchemaError) {
        let range = try scanner.word()
        if scanner.equals(range, "=") {
            scanner.skipSpaces()
            try setDefault(try scanner.word(), type, scanner)
            return
        }
        let (word, arguments) = scanner.call(range)
        guard let arguments else {
            try plainFact(scanner.text(word), scanner)
            return
        }
        switch scanner.text(word) {
        case "enum": enumValues = scanner.list(arguments)
        case "map": (listType, mapKeys) = (.map, scanner.list(arguments))
        case "merge":
            strategies.append("merge")
            mergeKey = scanner.text(arguments)
        case "keys":
            guard scanner.equals(arguments, "retain") else { throw scanner.error("keys takes only retain") }
            strategies.append("retainKeys")
        case "format":
            guard let known = ValueFormat(rawValue: scanner.text(arguments)) else {
                throw scanner.error("unknown format \"\(scanner.text(arguments))\"")
            }
            format = known
        case "when": try setConditions(scanner.list(arguments), scanner)
        case let bound where ["min", "max", "minItems", "maxItems", "minLength", "maxLength"].contains(bound):
            guard let number = Int64(scanner.text(arguments)) else { throw scanner.error("\(bound) needs an integer") }
            bounds[bound] = number
        case let other: throw scanner.error("unknown fact \"\(other)\" on field \(name)")
        }
    }

    private mutating func plainFact(_ word: String, _ scanner: SchemaScanner) throws(SchemaError) {
        switch word {
        case "required": flags.insert(.required)
        case "expected": flags.insert(.expected)
        case "needed": flags.formUnion([.required, .unlisted])
        case "kept": flags.formUnion([.expected, .unlisted])
        case "immutable": flags.insert(.immutable)
        case "pointer": flags.insert(.pointer)
        case "omitzero": flags.insert(.omitsZero)
        case "wrapped": flags.insert(.wrapped)
        case "deprecated": flags.insert(.deprecated)
        case "secret": flags.insert(.secret)
        case "unique": flags.insert(.unique)
        case "atomic": flags.insert(.atomic)
        case "set": listType = .set
        case "merge", "retainKeys", "replace": strategies.append(word)
        default: throw scanner.error("unknown fact \"\(word)\"; documentation starts after two spaces")
        }
    }

    private mutating func setDefault(_ range: Range<Int>, _ type: FieldType, _ scanner: SchemaScanner) throws(SchemaError) {
        guard let first = range.first.map({ scanner.bytes[$0] }) else { throw scanner.error("a default is missing after =") }
        if first == UInt8(ascii: "@") {
            rule = rule ?? DefaultRule()
            rule?.copiedFrom = scanner.text(range.dropFirst())
            return
        }
        switch first {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "/"):
            let word = scanner.text(range)
            defaultValue = word == "true" ? .bool(true) : word == "false" ? .bool(false) : .string(word)
        case UInt8(ascii: "{") where range.count == 2: defaultValue = .object(JSONObject())
        default:
            let bytes = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: scanner.bytes[range]))
            do throws(JSONError) {
                defaultValue = try JSON.parse(bytes)
            } catch {
                switch type {
                case .string, .intOrString, .quantity: defaultValue = .string(scanner.text(range))
                default: throw scanner.error("default \(scanner.text(range)) is no JSON: \(error.message)")
                }
            }
        }
    }

    private mutating func setConditions(_ parts: [String], _ scanner: SchemaScanner) throws(SchemaError) {
        var made = rule ?? DefaultRule()
        for part in parts {
            guard let equals = part.firstIndex(of: "=") else { throw scanner.error("when takes field=value, found \"\(part)\"") }
            let values = part[part.index(after: equals)...].split(separator: "|", omittingEmptySubsequences: false)
            made.conditions.append((String(part[..<equals]), values.map { $0.isEmpty ? nil : String($0) }))
        }
        rule = made
    }

    private static let calls: Set<String> = [
        "enum", "map", "merge", "keys", "format", "when", "min", "max", "minItems", "maxItems", "minLength", "maxLength",
    ]

    /// Catches facts that two spaces turned into documentation.
    private func checkDocumentation(_ range: Range<Int32>, _ scanner: SchemaScanner) throws(SchemaError) {
        guard !range.isEmpty else { return }
        let (first, last) = (Int(range.lowerBound), Int(range.upperBound))
        let isFact = scanner.bytes[first] == UInt8(ascii: "=")
        var wordEnd = first
        while wordEnd < last, scanner.bytes[wordEnd] != 0x20, scanner.bytes[wordEnd] != UInt8(ascii: "(") { wordEnd += 1 }
        let isCall = wordEnd < last && scanner.bytes[wordEnd] != 0x20 && Self.calls.contains(scanner.text(first..<wordEnd))
        if isFact || isCall { throw scanner.error("facts are separated by one space; documentation cannot start with a fact") }
    }

    private func constraints() -> FieldConstraints? {
        guard !enumValues.isEmpty || !bounds.isEmpty || format != nil else { return nil }
        func count(_ name: String) -> Int? { bounds[name].flatMap { Int(exactly: $0) } }
        return FieldConstraints(
            enumValues: enumValues, minimum: bounds["min"], maximum: bounds["max"], minimumItems: count("minItems"),
            maximumItems: count("maxItems"), minimumLength: count("minLength"), maximumLength: count("maxLength"), format: format)
    }

    /// Whether a zero value on the wire stands for an absent field: Go clients write every field that is no pointer.
    private func dropsZero(_ type: FieldType) -> Bool {
        if flags.contains(.omitsZero) { return true }
        if !flags.isDisjoint(with: [.pointer, .required, .expected]) { return false }
        switch type {
        case .bool, .int32, .int64, .double: return defaultValue == nil
        case .array, .map:
            switch defaultValue {
            case .array?, .object?: return false
            default: return true
            }
        default: return true
        }
    }
}
