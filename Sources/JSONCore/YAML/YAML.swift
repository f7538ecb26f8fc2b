/// YAML text to JSON values and back.
///
/// Scalars become what kubectl's converter makes of them, so that a manifest means the same here as there. Source:
/// sigs.k8s.io/yaml over its YAML 1.1 resolver.
package enum YAML {
    /// Parses every document of the text, empty ones as `null`. Throws at the first fault, with its place.
    package static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(YAMLError) -> [YAMLDocument] {
        try check(bytes, limits)
        var composer = YAMLComposer(bytes: bytes, limits: limits)
        return try composer.composeStream()
    }

    private static func check(_ bytes: [UInt8], _ limits: JSONLimits) throws(YAMLError) {
        guard bytes.count <= limits.maximumBytes else {
            throw YAMLError(message: "the text has \(bytes.count) bytes, the limit is \(limits.maximumBytes)", mark: .start)
        }
        if let place = UTF8Validation.firstInvalidByte(bytes) {
            var cursor = YAMLCursor(bytes)
            throw YAMLError(message: "this byte is not valid UTF-8", mark: cursor.mark(atByte: place))
        }
    }

    /// Parses every document of the text.
    package static func parse(_ text: String, limits: JSONLimits = .default) throws(YAMLError) -> [YAMLDocument] {
        try parse(Array(text.utf8), limits: limits)
    }

    /// Parses text of exactly one document; text without any is `null`.
    package static func parseSingle(_ bytes: [UInt8], limits: JSONLimits = .default) throws(YAMLError) -> YAMLDocument {
        try single(try parse(bytes, limits: limits))
    }

    private static func single(_ documents: [YAMLDocument]) throws(YAMLError) -> YAMLDocument {
        guard documents.count <= 1 else {
            let mark = documents[1].mark(of: .root) ?? .start
            throw YAMLError(message: "one document is expected, here a second one starts", mark: mark)
        }
        return documents.first ?? YAMLDocument(value: .null, marks: YAMLMarkTree(mark: .start), range: 0..<0)
    }

    /// Parses text of exactly one document; text without any is `null`.
    package static func parseSingle(_ text: String, limits: JSONLimits = .default) throws(YAMLError) -> YAMLDocument {
        try parseSingle(Array(text.utf8), limits: limits)
    }

    /// Parses text of exactly one document; of the same key twice in a map the last value wins, and its place is appended to
    /// `duplicates`.
    package static func parseSingle(
        _ bytes: [UInt8], limits: JSONLimits = .default, duplicates: inout [YAMLDuplicate]
    ) throws(YAMLError) -> YAMLDocument {
        try check(bytes, limits)
        var composer = YAMLComposer(bytes: bytes, limits: limits, collectsDuplicates: true)
        let documents = try composer.composeStream()
        duplicates += composer.duplicates
        return try single(documents)
    }

    /// The block-style text of a value, as `kubectl get -o yaml` writes it, keys in their given order, with a final line break.
    /// It parses back to an equal value, but for doubles without a fraction, which come back as integers.
    package static func encode(_ value: JSONValue) -> String {
        var writer = YAMLWriter()
        writer.writeDocument(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
