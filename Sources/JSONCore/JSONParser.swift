/// A recursive descent parser over a buffer. Recursion is bounded by the depth limit.
///
/// The elements of the containers that are still open wait on two scratch stacks, so that each finished array is allocated once
/// and at its exact size.
struct JSONParser: ~Copyable {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let maximumDepth: Int
    private let collectsDuplicates: Bool
    private var position = 0
    private var depth = 0
    private var values = ScratchStack<JSONValue>()
    private var members = ScratchStack<JSONObject.Member>()
    private var fingerprints = ScratchStack<UInt64>()
    private var keys = KeyCache()
    private var path: [String] = []
    private(set) var duplicates: [JSONPointer] = []

    init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits, collectsDuplicates: Bool) {
        self.bytes = bytes
        self.maximumDepth = limits.maximumDepth
        self.collectsDuplicates = collectsDuplicates
        isTooLarge = bytes.count > limits.maximumBytes
        maximumBytes = limits.maximumBytes
    }

    private let isTooLarge: Bool
    private let maximumBytes: Int

    mutating func parseDocument() throws(JSONError) -> JSONValue {
        if isTooLarge {
            throw JSONError(
                code: .tooLarge, message: "the document has \(bytes.count) bytes, the limit is \(maximumBytes)", offset: maximumBytes)
        }
        let value = try parseValue()
        skipWhitespace()
        if position < bytes.count {
            throw failure(.trailingData, "unexpected \(describeCurrent()) after the end of the document")
        }
        return value
    }

    private mutating func parseValue() throws(JSONError) -> JSONValue {
        skipWhitespace()
        guard position < bytes.count else { throw failure(.unexpectedEnd, "the document ends where a value is expected") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try parseObject()
        case UInt8(ascii: "["): return try parseArray()
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
        case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
        case UInt8(ascii: "n"): return try parseLiteral("null", .null)
        case UInt8(ascii: "-"), 0x30...0x39: return try parseNumber()
        default: throw failure(.unexpectedCharacter, "unexpected \(describeCurrent()) where a value is expected")
        }
    }

    private mutating func parseArray() throws(JSONError) -> JSONValue {
        try enter()
        let base = values.count
        position += 1
        skipWhitespace()
        if peek() == UInt8(ascii: "]") {
            position += 1
            depth -= 1
            return .array([])
        }
        while true {
            if collectsDuplicates { path.append(String(values.count - base)) }
            values.push(try parseValue())
            if collectsDuplicates { path.removeLast() }
            skipWhitespace()
            switch peek() {
            case UInt8(ascii: ","):
                position += 1
            case UInt8(ascii: "]"):
                position += 1
                depth -= 1
                return .array(values.popArray(from: base))
            case nil: throw failure(.unexpectedEnd, "the document ends inside an array")
            default: throw failure(.unexpectedCharacter, "unexpected \(describeCurrent()) where \",\" or \"]\" is expected")
            }
        }
    }

    private mutating func parseObject() throws(JSONError) -> JSONValue {
        try enter()
        let base = members.count
        position += 1
        skipWhitespace()
        if peek() == UInt8(ascii: "}") {
            position += 1
            depth -= 1
            return .object(JSONObject())
        }
        while true {
            try parseMember(base: base)
            skipWhitespace()
            switch peek() {
            case UInt8(ascii: ","):
                position += 1
                skipWhitespace()
            case UInt8(ascii: "}"):
                position += 1
                depth -= 1
                return .object(try finishObject(base: base))
            case nil: throw failure(.unexpectedEnd, "the document ends inside an object")
            default: throw failure(.unexpectedCharacter, "unexpected \(describeCurrent()) where \",\" or \"}\" is expected")
            }
        }
    }

    private mutating func parseMember(base: Int) throws(JSONError) {
        let keyStart = position
        guard let first = peek() else { throw failure(.unexpectedEnd, "the document ends inside an object") }
        guard first == UInt8(ascii: "\"") else {
            throw failure(.unexpectedCharacter, "unexpected \(describeCurrent()) where a key in quotes is expected")
        }
        let (key, fingerprint) = try parseKey()
        var earlier: Int?
        // Large objects are checked once, when they end.
        if members.count - base <= JSONObject.indexThreshold {
            for place in base..<members.count where fingerprints[place] == fingerprint && members[place].key == key { earlier = place }
        }
        if earlier != nil, !collectsDuplicates {
            throw JSONError(code: .duplicateKey, message: "duplicate key \(key.inQuotes)", offset: keyStart)
        }
        skipWhitespace()
        guard peek() == UInt8(ascii: ":") else {
            if position >= bytes.count { throw failure(.unexpectedEnd, "the document ends after key \(key.inQuotes)") }
            throw failure(.unexpectedCharacter, "unexpected \(describeCurrent()) where \":\" is expected after key \(key.inQuotes)")
        }
        position += 1
        if collectsDuplicates { path.append(key) }
        let value = try parseValue()
        if collectsDuplicates {
            if earlier != nil { duplicates.append(JSONPointer(path)) }
            path.removeLast()
        }
        if let earlier {
            members[earlier].value = value
        } else {
            members.push(JSONObject.Member(key: key, value: value))
            fingerprints.push(fingerprint)
        }
    }

    private mutating func finishObject(base: Int) throws(JSONError) -> JSONObject {
        let list = members.popArray(from: base)
        fingerprints.drop(to: base)
        guard list.count > JSONObject.indexThreshold else { return JSONObject(unchecked: list) }
        var object = JSONObject()
        object.reserveCapacity(list.count)
        for member in list {
            if object.position(of: member.key) == nil {
                object.append(unchecked: member.key, value: member.value)
            } else if collectsDuplicates {
                duplicates.append(JSONPointer(path + [member.key]))
                object[member.key] = member.value
            } else {
                throw failure(.duplicateKey, "duplicate key \(member.key.inQuotes) in the object that ends here")
            }
        }
        return object
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        if depth > maximumDepth {
            throw failure(.tooDeep, "objects and arrays nest deeper than \(maximumDepth) levels")
        }
    }

    private mutating func parseLiteral(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let end = position + word.utf8CodeUnitCount
        for offset in 0..<word.utf8CodeUnitCount {
            guard position + offset < bytes.count else { throw failure(.unexpectedEnd, "the document ends inside \"\(word)\"") }
            guard bytes[position + offset] == word.utf8Start[offset] else {
                throw failure(.unexpectedCharacter, "unexpected \(describeCurrent()) where a value is expected")
            }
        }
        position = end
        return value
    }

    private mutating func parseNumber() throws(JSONError) -> JSONValue {
        try JSONNumber.parse(bytes, at: &position)
    }

    private mutating func parseString() throws(JSONError) -> String {
        let scan = try JSONStringScanner.scan(bytes, from: position + 1)
        defer { position = scan.end + 1 }
        return try JSONStringScanner.string(bytes, position + 1, scan)
    }

    /// The key and what tells most others from it, which is that of the text however it was written.
    private mutating func parseKey() throws(JSONError) -> (String, fingerprint: UInt64) {
        let start = position + 1
        let scan = try JSONStringScanner.scan(bytes, from: start)
        defer { position = scan.end + 1 }
        guard scan.isPlain else {
            var key = try JSONStringScanner.string(bytes, start, scan)
            return (key, key.withUTF8 { KeyCache.fingerprint($0, 0, $0.count) })
        }
        let fingerprint = KeyCache.fingerprint(bytes, start, scan.end)
        // Up to 15 bytes live inside the String itself, and so cost no allocation to repeat.
        guard scan.end - start > 15 else { return (try JSONStringScanner.string(bytes, start, scan), fingerprint) }
        return (keys.string(bytes, start, scan.end, fingerprint), fingerprint)
    }

    @inline(__always)
    private func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    @inline(__always)
    private mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private func describeCurrent() -> String {
        JSONStringScanner.describe(bytes, at: position)
    }

    private func failure(_ code: JSONError.Code, _ message: String) -> JSONError {
        JSONError(code: code, message: message, offset: position)
    }
}
