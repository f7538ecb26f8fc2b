internal import APIMachinery
internal import JSONCore
internal import ObjectStore

/// The canonical bytes of objects: kind, apiVersion and metadata first, without `metadata.resourceVersion`.
enum ObjectCoding {
    /// What every stored object has between its metadata brace and the fields before it.
    private static let marker = Array("\"metadata\":{".utf8)

    /// The bytes to store and the place of the resourceVersion in them.
    static func encode(_ object: KubeObject) -> (bytes: [UInt8], splice: Int) {
        var out: [UInt8] = []
        out.reserveCapacity(1024)
        out += "{\"kind\":".utf8
        JSON.encode(string: object.kind, into: &out)
        out += ",\"apiVersion\":".utf8
        JSON.encode(string: object.apiVersion, into: &out)
        out += ",\"metadata\":{".utf8
        let splice = out.count
        var isFirst = true
        for member in object.value["metadata"]?.objectValue ?? JSONObject() where member.key != "resourceVersion" {
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            write(member, into: &out)
        }
        out.append(UInt8(ascii: "}"))
        for member in object.value.objectValue ?? JSONObject() {
            switch member.key {
            case "kind", "apiVersion", "metadata": continue
            default:
                out.append(UInt8(ascii: ","))
                write(member, into: &out)
            }
        }
        out.append(UInt8(ascii: "}"))
        return (out, splice)
    }

    private static func write(_ member: JSONObject.Member, into out: inout [UInt8]) {
        JSON.encode(string: member.key, into: &out)
        out.append(UInt8(ascii: ":"))
        JSON.encode(member.value, into: &out)
    }

    /// The object of some stored bytes at a revision. Throws InternalError when they cannot be read, which only damage explains.
    static func decode(_ bytes: Bytes, revision: Int64, key: ObjectKey) throws(APIStatus) -> KubeObject {
        do throws(JSONError) {
            let value = try bytes.withUnsafeBytes { (raw) throws(JSONError) in try JSON.parse(raw, limits: .unlimitedSize) }
            var object = KubeObject(value)
            object.revision = revision
            return object
        } catch {
            throw .internalError("the stored object \(key.string) cannot be read: \(error)")
        }
    }

    /// The object of a stored version.
    static func decode(_ stored: StoredObject) throws(APIStatus) -> KubeObject {
        try decode(stored.bytes, revision: stored.revision, key: stored.key)
    }

    /// Where the resourceVersion belongs in bytes made by `encode`; nil in others.
    static func spliceOffset(in bytes: Bytes) -> Int? {
        bytes.withUnsafeBytes { raw in
            guard raw.count > marker.count else { return nil }
            // kind and apiVersion come first and are short.
            for start in 0..<min(raw.count - marker.count, 512) where raw[start] == marker[0] {
                if raw[start..<(start + marker.count)].elementsEqual(marker) { return start + marker.count }
            }
            return nil
        }
    }
}
