import JSONCore

extension FuzzTarget {
    static let yaml = FuzzTarget(
        "yaml",
        tokens: [
            "- ", "? ", ": ", ":\n", "\n", "  ", "\t", "---\n", "...\n", "&a ", "*a", "<<: *a", "!!binary ", "!!str ", "!!int ", "!x ", "|\n", "|2-\n", ">+\n",
            "'", "\"", "\\", "\\x41", "\\u2028", "#", "%YAML 1.1\n", "[", "]", "{", "}", ",", "yes", "~", "null", "0x1F", "0o17", "0b1", "1_000", "1:30",
            ".inf",
            "-.5", "1e3", "2026-01-02", "\u{FEFF}", "\u{85}", "\u{2028}", "é", "\r\n", "a: b\n", "- a\n",
        ],
        nesting: [("[", "]"), ("{a: ", "}"), ("- ", ""), ("a: &a [*a, ", "]"), ("? ", "\n")]
    ) { { input, seen in try YAMLRules.check(input, &seen) } }
}

/// What holds for every text that is given to the YAML reader.
private enum YAMLRules {
    static func check(_ input: [UInt8], _ seen: inout Observation) throws {
        var duplicates: [YAMLDuplicate] = []
        do throws(YAMLError) {
            _ = try YAML.parseSingle(input, duplicates: &duplicates)
            seen.note("duplicates", duplicates.count)
        } catch {
            try failure(error, input, &seen)
        }
        for duplicate in duplicates { try Violation.unlessClean(duplicate.description) }
        let documents: [YAMLDocument]
        do throws(YAMLError) {
            documents = try YAML.parse(input)
        } catch {
            return try failure(error, input, &seen)
        }
        try Violation.unless(duplicates.isEmpty, "a repeated key is refused unless it is collected", "\(duplicates)")
        seen.note("documents", documents.count)
        var line = 0
        for document in documents {
            seen.note(document.value)
            try Violation.unless(!document.value.isDeeper(than: JSONLimits.default.maximumDepth), "no value is deeper than the limit")
            try Violation.unless(document.range.lowerBound >= line, "documents follow each other", "\(document.range) after line \(line)")
            line = document.range.lowerBound
            for mark in [document.mark(of: .root), document.lastMark(of: .root)] {
                try Violation.unless((0...input.count).contains(mark?.offset ?? -1), "a place is inside the text", "\(String(describing: mark))")
            }
            if document.value.weight(upTo: 5000) < 5000 { try roundTrip(document.value) }
        }
    }

    private static func failure(_ error: YAMLError, _ input: [UInt8], _ seen: inout Observation) throws {
        seen.note(message: error.message)
        seen.note("error", error.mark.offset)
        let isInside = (0...input.count).contains(error.mark.offset) && (0...input.count).contains(error.mark.line)
        try Violation.unless(isInside && error.mark.column >= 0, "the place of an error is inside the text", error.description)
        try Violation.unlessClean(error.description)
    }

    private static func roundTrip(_ value: JSONValue) throws {
        let text = YAML.encode(value)
        let back = Result { try YAML.parseSingle(text).value }
        try Violation.unless(
            (try? back.get()).map(whole) == whole(value), "what is written reads back as itself", "\(value) by way of \(text.debugDescription): \(back)")
    }

    /// A value with the doubles that YAML has no way to tell from integers as integers.
    private static func whole(_ value: JSONValue) -> JSONValue {
        switch value {
        case .double(let number): Int64(exactly: number).map { .integer($0) } ?? value
        case .array(let elements): .array(elements.map(whole))
        case .object(let members): .object(members.mapValues { (value) in whole(value) })
        default: value
        }
    }
}
