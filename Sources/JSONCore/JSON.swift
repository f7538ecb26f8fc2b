// JSONCore: the JSON value every layer passes around, and the ways between it and text: JSON bytes, YAML text with places, pointers and
// base64. It knows nothing of Kubernetes and imports nothing but libyaml. Whatever comes from outside is bounded in bytes, depth and alias
// expansion and never traps; duplicate keys are errors or reported; integers that fit 64 bits stay exact.

/// Bytes to JSON values and back.
package enum JSON {
    /// Parses one document; the same key twice in an object is an error. Throws with the place of the first fault.
    package static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
        try parsing(bytes, limits: limits).0
    }

    /// Parses one document from part of an array; offsets in errors count from the part's start.
    package static func parse(_ bytes: ArraySlice<UInt8>, limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
        try parsing(bytes, limits: limits).0
    }

    /// Parses one document from memory that outlives the call.
    package static func parse(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes: bytes.bindMemory(to: UInt8.self), limits: limits, collectsDuplicates: false)
        return try parser.parseDocument()
    }

    /// Parses one document; of the same key twice in an object the last value wins, and its pointer is appended to `duplicateKeys`.
    package static func parse(
        _ bytes: [UInt8], limits: JSONLimits = .default, duplicateKeys: inout [JSONPointer]
    ) throws(JSONError) -> JSONValue {
        let (value, duplicates) = try parsing(bytes, limits: limits, collectsDuplicates: true)
        duplicateKeys += duplicates
        return value
    }

    /// Parses one document of text.
    package static func parse(_ text: String, limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
        try parse(Array(text.utf8), limits: limits)
    }

    /// The JSON text of a value: compact, or with two spaces of indentation. A double that is not finite becomes `null`.
    package static func encode(_ value: JSONValue, pretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter()
        if pretty {
            writer.writePretty(value, indentation: 0)
        } else {
            writer.write(value)
        }
        return writer.bytes
    }

    /// Appends the compact JSON text of a value.
    package static func encode(_ value: JSONValue, into bytes: inout [UInt8]) {
        var writer = JSONWriter()
        writer.write(value)
        writer.append(to: &bytes)
    }

    /// Appends text as a JSON string with its quotes.
    package static func encode(string text: String, into bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: text.utf8.count + 16)
        writer.write(text)
        writer.append(to: &bytes)
    }

    private static func parsing(
        _ bytes: some Collection<UInt8>, limits: JSONLimits, collectsDuplicates: Bool = false
    ) throws(JSONError) -> (JSONValue, [JSONPointer]) {
        let result: Result<(JSONValue, [JSONPointer]), JSONError>? = bytes.withContiguousStorageIfAvailable { buffer in
            var parser = JSONParser(bytes: buffer, limits: limits, collectsDuplicates: collectsDuplicates)
            do throws(JSONError) {
                return .success((try parser.parseDocument(), parser.duplicates))
            } catch {
                return .failure(error)
            }
        }
        guard let result else { preconditionFailure("arrays and their slices are contiguous") }
        return try result.get()
    }
}
