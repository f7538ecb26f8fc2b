/// One version of one object, as the store keeps it.
package struct StoredObject: Sendable {
    /// Whose version this is.
    package let key: ObjectKey

    /// The revision that wrote it: unique in the store and never reused. Of a deleted object, the revision of the deletion.
    package let revision: Int64

    /// The canonical JSON, without `metadata.resourceVersion`.
    package let bytes: Bytes

    /// Where `resourceVersion` belongs in `bytes`; nil when the value carries none.
    package let spliceOffset: Int?

    package init(key: ObjectKey, revision: Int64, bytes: Bytes, spliceOffset: Int?) {
        self.key = key
        self.revision = revision
        self.bytes = bytes
        self.spliceOffset = spliceOffset
    }

    /// Appends the JSON with `"resourceVersion":"<revision>"` put in its place.
    ///
    /// The offset lies inside the `metadata` object, after its opening brace or after one of its members. What is before `start`, which
    /// lies before that object, is left out.
    package func rendered(from start: Int = 0, into output: inout [UInt8]) {
        guard let offset = spliceOffset, offset > start, offset < bytes.count else {
            bytes.append(start..<bytes.count, to: &output)
            return
        }
        let (before, after) = bytes.withUnsafeBytes { ($0[offset - 1], $0[offset]) }
        let opensObject = before == UInt8(ascii: "{")
        output.reserveCapacity(output.count + bytes.count + 44)
        bytes.append(start..<offset, to: &output)
        if !opensObject { output.append(UInt8(ascii: ",")) }
        output.append(contentsOf: "\"resourceVersion\":\"".utf8)
        output.append(contentsOf: String(revision).utf8)
        output.append(UInt8(ascii: "\""))
        if opensObject && after != UInt8(ascii: "}") { output.append(UInt8(ascii: ",")) }
        bytes.append(offset..<bytes.count, to: &output)
    }

    /// How many bytes ``rendered(from:into:)`` appends of the whole.
    package var renderedCount: Int {
        guard let offset = spliceOffset, offset > 0, offset < bytes.count else { return bytes.count }
        let (before, after) = bytes.withUnsafeBytes { ($0[offset - 1], $0[offset]) }
        let opensObject = before == UInt8(ascii: "{")
        let commas = !opensObject || after != UInt8(ascii: "}") ? 1 : 0
        return bytes.count + commas + "\"resourceVersion\":\"".utf8.count + Self.digits(revision) + 1
    }

    private static func digits(_ number: Int64) -> Int {
        var (count, rest) = (number < 0 ? 2 : 1, number / 10)
        while rest != 0 { (count, rest) = (count + 1, rest / 10) }
        return count
    }

    /// The JSON with `resourceVersion` in its place.
    package var rendered: [UInt8] {
        var output: [UInt8] = []
        rendered(into: &output)
        return output
    }
}
