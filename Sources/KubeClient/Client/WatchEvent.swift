package import APIMachinery
import JSONCore

/// What a watch tells. Source: metav1.WatchEvent.
package enum WatchEvent: Sendable {
    /// The object is new, or matches from now on.
    case added(KubeObject)
    /// The object changed.
    case modified(KubeObject)
    /// The object is gone, or matches no more; this is its last state.
    case deleted(KubeObject)
    /// Nothing changed up to the revision this object carries.
    case bookmark(KubeObject)
    /// The watch cannot go on; 410 means that the revision is too old.
    case error(APIStatus)

    /// Reads one line of a watch. Throws InternalError when it is none.
    package init(line: [UInt8]) throws(APIStatus) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSON.parse(line, limits: .unlimitedSize)
        } catch {
            throw APIStatus.internalError("a watch event is broken JSON: \(error)")
        }
        guard let object = value["object"], object.objectValue != nil, let type = value["type"]?.stringValue else {
            throw APIStatus.internalError("a watch event lacks its type or object")
        }
        switch type {
        case "ADDED": self = .added(KubeObject(object))
        case "MODIFIED": self = .modified(KubeObject(object))
        case "DELETED": self = .deleted(KubeObject(object))
        case "BOOKMARK": self = .bookmark(KubeObject(object))
        case "ERROR":
            self = .error(APIStatus(value: object) ?? APIStatus.internalError("the watch failed without saying why"))
        default: throw APIStatus.internalError("a watch event has the unknown type \"\(type)\"")
        }
    }

    /// The object; nil for an error.
    package var object: KubeObject? {
        switch self {
        case .added(let object), .modified(let object), .deleted(let object), .bookmark(let object): object
        case .error: nil
        }
    }
}
