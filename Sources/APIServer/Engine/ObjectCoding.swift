internal import APIMachinery
internal import JSONCore
internal import ObjectStore

/// The canonical bytes of objects: kind, apiVersion and metadata first, without `metadata.resourceVersion`, `managedFields` last in
/// metadata.
///
/// Inside the engine `metadata.managedFields` is one string, the JSON text of the list: it is larger than most of the rest, and whoever
/// reads or changes an object rarely looks at it. ``expand(_:)`` makes the list of it wherever an object leaves as a value.
enum ObjectCoding {
    private static let ownersMark = Array(",\"managedFields\":".utf8)

    /// The bytes to store and the place of the resourceVersion in them.
    static func encode(_ object: KubeObject) -> (bytes: [UInt8], splice: Int) {
        var out: [UInt8] = []
        out.reserveCapacity(2048)
        out += "{\"kind\":".utf8
        JSON.encode(string: object.kind, into: &out)
        out += ",\"apiVersion\":".utf8
        JSON.encode(string: object.apiVersion, into: &out)
        out += ",\"metadata\":{".utf8
        let metadata = object.metadata
        var isFirst = true
        for member in metadata where member.key != "resourceVersion" && member.key != "managedFields" {
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            write(member, into: &out)
        }
        let splice = out.count
        if let owners = metadata["managedFields"] {
            out += isFirst ? ownersMark.dropFirst() : ownersMark[...]
            if case .string(let text) = owners { out += text.utf8 } else { JSON.encode(owners, into: &out) }
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
    static func decode(_ bytes: Bytes, revision: Int64, key: ObjectKey, splice: Int? = nil) throws(APIStatus) -> KubeObject {
        do throws(JSONError) {
            var object = KubeObject(try bytes.withUnsafeBytes { (raw) throws(JSONError) in try value(raw, splice) })
            object.revision = revision
            return object
        } catch {
            throw .internalError("the stored object \(key.string) cannot be read: \(error)")
        }
    }

    /// The object of a stored version.
    static func decode(_ stored: StoredObject) throws(APIStatus) -> KubeObject {
        try decode(stored.bytes, revision: stored.revision, key: stored.key, splice: stored.spliceOffset)
    }

    private static func value(_ raw: UnsafeRawBufferPointer, _ splice: Int?) throws(JSONError) -> JSONValue {
        guard let splice, let owners = owners(in: raw, at: splice) else { return try JSON.parse(raw, limits: .unlimitedSize) }
        var rest: [UInt8] = []
        rest.reserveCapacity(raw.count)
        rest += raw[..<splice]
        rest += raw[owners.upperBound...]
        var value = try JSON.parse(rest, limits: .unlimitedSize)
        value["metadata", "managedFields"] = .string(String(decoding: raw[owners], as: UTF8.self))
        return value
    }

    /// Where the list of owners stands that starts at the splice; nil when there is none.
    private static func owners(in raw: UnsafeRawBufferPointer, at splice: Int) -> Range<Int>? {
        let start = splice + ownersMark.count
        guard splice >= 0, start < raw.count, raw[splice..<start].elementsEqual(ownersMark), raw[start] == UInt8(ascii: "[") else { return nil }
        var depth = 0
        var isText = false
        var place = start
        while place < raw.count {
            let byte = raw[place]
            if isText {
                if byte == UInt8(ascii: "\\") { place += 1 } else if byte == UInt8(ascii: "\"") { isText = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isText = true
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"):
                    depth -= 1
                    if depth == 0 { return start..<(place + 1) }
                default: break
                }
            }
            place += 1
        }
        return nil
    }

    /// The object with `metadata.managedFields` as the list that clients see.
    static func expand(_ object: KubeObject) -> KubeObject {
        guard let text = object.ownersText else { return object }
        var object = object
        // best effort: the engine stores only text it made itself; anything else is shown as no owners.
        object["metadata", "managedFields"] = try? JSON.parse(text, limits: .unlimitedSize)
        return object
    }
}

extension KubeObject {
    /// `metadata.managedFields` as the text that the engine keeps; nil when there is none or the list is spelt out.
    var ownersText: String? {
        get { string("metadata", "managedFields") }
        set { self["metadata", "managedFields"] = newValue.map { .string($0) } }
    }
}
