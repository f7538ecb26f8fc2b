import JSONCore

extension FuzzTarget {
    static let jsonTokens = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud83d\\ude00", "\\ud800", "\\/", "\\b", "true", "false", "null", "-", "-0", "0", "1e5",
        "1E-7", "0.5", "9223372036854775807", "-9223372036854775808", "\"a\":", "\"\\u0061\":", "\"a\"", " ", "\n", "\u{FEFF}", "é", "😀", "e\u{301}",
    ]
    static let jsonNesting = [("[", "]"), ("{\"a\":", "}"), ("[{\"b\":1,\"a\":", "}]")]

    static let json = FuzzTarget("json", tokens: jsonTokens, nesting: jsonNesting) {
        { input, seen in try JSONRules.check(input, &seen) }
    }
}

/// What holds for every text that is given to the JSON parser.
private enum JSONRules {
    static func check(_ input: [UInt8], _ seen: inout Observation) throws {
        var duplicates: [JSONPointer] = []
        let value: JSONValue
        do throws(JSONError) {
            value = try JSON.parse(input, duplicateKeys: &duplicates)
        } catch {
            return try failure(error, input, &seen)
        }
        seen.note("duplicates", duplicates.count)
        seen.note(value)
        try Violation.unless(!value.isDeeper(than: JSONLimits.default.maximumDepth), "no value is deeper than the limit")
        for pointer in duplicates {
            // Unless what holds it was repeated, too, and has its last value.
            let isThere = value[pointer: pointer] != nil || duplicates.contains { $0 != pointer && $0.isPrefix(of: pointer) }
            try Violation.unless(isThere, "a repeated key is where it is said to be", pointer.description)
            try Violation.unless(try JSONPointer(parsing: pointer.description) == pointer, "a pointer reads back", pointer.description)
        }
        switch Result(catching: { () throws(JSONError) in try JSON.parse(input) }) {
        case .success(let strict):
            try Violation.unless(duplicates.isEmpty && strict == value, "repeated keys are found by both ways to parse")
        case .failure(let error):
            try Violation.unless(error.code == .duplicateKey && !duplicates.isEmpty, "both ways to parse agree", error.description)
            try failure(error, input, &seen)
        }
        try roundTrip(value)
        try limits(input, value)
    }

    private static func failure(_ error: JSONError, _ input: [UInt8], _ seen: inout Observation) throws {
        seen.note(message: error.message)
        seen.note("error", error.offset)
        try Violation.unless((0...input.count).contains(error.offset), "the place of an error is inside the text", error.description)
        try Violation.unlessClean(error.description)
    }

    private static func roundTrip(_ value: JSONValue) throws {
        let text = JSON.encode(value)
        for written in [text, JSON.encode(value, pretty: true)] {
            let back = Result { try JSON.parse(written) }
            try Violation.unless((try? back.get()) == value, "what is written reads back as itself", "\(back)")
        }
        try Violation.unless(JSON.encode(try JSON.parse(text)) == text, "what is written is written the same again")
    }

    private static func limits(_ input: [UInt8], _ value: JSONValue) throws {
        let shallow = try? JSON.parse(input, limits: JSONLimits(maximumDepth: 2)).isDeeper(than: 2)
        try Violation.unless(shallow != true, "a smaller limit of depth holds")
        let isRefused = (try? JSON.parse(input, limits: JSONLimits(maximumBytes: input.count - 1))) == nil
        try Violation.unless(isRefused, "a smaller limit of bytes holds")
    }
}

extension Observation {
    /// Notes the shape of a value.
    mutating func note(_ value: JSONValue, depth: Int = 0) {
        note(value.kindName, depth)
        switch value {
        case .array(let elements):
            note("elements", elements.count)
            for element in elements.prefix(8) { note(element, depth: depth + 1) }
        case .object(let members):
            note("members", members.count)
            for member in members.prefix(8) { note(member.value, depth: depth + 1) }
        case .string(let text): note("text", text.utf8.count)
        case .integer(let number): note("integer", Int(number))
        default: break
        }
    }
}

extension JSONValue {
    /// How many values this is, counted up to `limit`.
    func weight(upTo limit: Int) -> Int {
        var count = 1
        switch self {
        case .array(let elements): for element in elements where count < limit { count += element.weight(upTo: limit - count) }
        case .object(let members): for member in members where count < limit { count += member.value.weight(upTo: limit - count) }
        default: break
        }
        return count
    }
}
