package import JSONCore

/// JSON Merge Patch. Source: RFC 7386.
package enum MergePatch {
    /// The value with the patch applied; throws 400 when the result is nested too deep.
    package static func apply(
        _ patch: JSONValue, to value: JSONValue, limits: PatchLimits = .default
    ) throws(APIStatus) -> JSONValue {
        guard !patch.isDeeper(than: limits.maximumDepth) else {
            throw .badRequest("the patch is nested deeper than \(limits.maximumDepth) levels")
        }
        return merge(value, patch)
    }

    /// The patch that turns one value into another. Nulls inside the new value cannot be expressed and are left out.
    package static func diff(from old: JSONValue, to new: JSONValue) -> JSONValue {
        guard case .object(let before) = old, case .object(let after) = new else { return new }
        var patch = JSONObject()
        for member in before where after[member.key] == nil { patch.append(unchecked: member.key, value: .null) }
        for member in after {
            guard let previous = before[member.key] else {
                patch[member.key] = member.value
                continue
            }
            if previous == member.value { continue }
            patch[member.key] = diff(from: previous, to: member.value)
        }
        return .object(patch)
    }

    // Bounded by the depth of the patch.
    private static func merge(_ value: JSONValue, _ patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var result: JSONObject = if case .object(let object) = value { object } else { JSONObject() }
        for change in changes {
            if change.value.isNull {
                result.removeValue(forKey: change.key)
            } else if case .object = change.value {
                result[change.key] = merge(result[change.key] ?? .null, change.value)
            } else {
                result[change.key] = change.value
            }
        }
        return .object(result)
    }
}
