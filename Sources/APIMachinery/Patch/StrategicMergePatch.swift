package import JSONCore

/// Strategic merge patch: a merge patch that joins lists by the keys of the schema and knows directives.
/// Source: apimachinery `pkg/util/strategicpatch/patch.go`.
package enum StrategicMergePatch {
    /// The value with the patch applied. Throws 400 with Kubernetes' text for a malformed patch.
    package static func apply(
        _ patch: JSONValue, to value: JSONValue, type: TypeSchema, limits: PatchLimits = .default
    ) throws(APIStatus) -> JSONValue {
        guard case .object(let changes) = patch else {
            throw .badRequest("error decoding patch: a strategic merge patch is an object, found \(patch.kindName)")
        }
        guard !patch.isDeeper(than: limits.maximumDepth) else {
            throw .badRequest("the patch is nested deeper than \(limits.maximumDepth) levels")
        }
        let original: JSONObject = if case .object(let object) = value { object } else { JSONObject() }
        return .object(try StrategicMerger.merge(original, changes, .object(type)))
    }

    /// The patch that turns one object into another.
    package static func diff(from old: JSONValue, to new: JSONValue, type: TypeSchema) -> JSONValue {
        threeWay(original: old, modified: new, current: old, type: type)
    }

    /// The patch that brings `current` to what `modified` asks for: what `original` had and `modified` has not is deleted, and what
    /// only `current` has stays.
    package static func threeWay(
        original: JSONValue, modified: JSONValue, current: JSONValue, type: TypeSchema
    ) -> JSONValue {
        let differ = StrategicDiffer()
        return .object(
            differ.diff(
                original: original.objectValue ?? JSONObject(), modified: modified.objectValue ?? JSONObject(),
                current: current.objectValue ?? JSONObject(), .object(type)))
    }
}

/// The words that steer a strategic merge patch.
enum StrategicDirective {
    static let patch = "$patch"
    static let retainKeys = "$retainKeys"
    static let deletePrefix = "$deleteFromPrimitiveList/"
    static let orderPrefix = "$setElementOrder/"

    static func isDirective(_ key: String) -> Bool {
        key == patch || key == retainKeys || key.hasPrefix(deletePrefix) || key.hasPrefix(orderPrefix)
    }
}

/// What is known about the members of an object that is merged.
enum StrategicShape {
    case object(TypeSchema)
    case map(FieldType)
    case unknown

    /// The field of a member; nil in free maps and for unknown members.
    func field(_ key: String) -> FieldSchema? {
        if case .object(let type) = self { type.field(key) } else { nil }
    }

    /// The shape of an object below a member.
    func below(_ key: String) -> StrategicShape {
        switch self {
        case .object(let type): type.field(key).map { StrategicShape($0.type) } ?? .unknown
        case .map(let inner): StrategicShape(inner)
        case .unknown: .unknown
        }
    }

    init(_ type: FieldType) {
        switch type {
        case .object(let inner): self = .object(inner)
        case .map(let inner): self = .map(inner)
        case .array(let element): self = StrategicShape(element)
        default: self = .unknown
        }
    }
}
