internal import APIMachinery
internal import JSONCore

/// Entries of `metadata.ownerReferences` that are there twice are dropped with a word to the client.
/// Source: apiserver `pkg/endpoints/handlers/rest.go` dedupOwnerReferences.
enum OwnerDuplicates {
    /// Drops them. `isAdmitted` once admission has seen the object, as it always has when a patch made it.
    static func drop(from object: inout KubeObject, isAdmitted: Bool, _ notes: WarningBox) {
        guard case .array(let references)? = object["metadata", "ownerReferences"], references.count > 1 else { return }
        var kept: [JSONValue] = []
        var seen: Set<JSONValue> = []
        var duplicates: [String] = []
        for reference in references {
            if seen.insert(reference).inserted {
                kept.append(reference)
            } else {
                duplicates.append(reference["uid"]?.stringValue ?? "")
            }
        }
        guard !duplicates.isEmpty else { return }
        object["metadata", "ownerReferences"] = .array(kept)
        notes.add(
            ".metadata.ownerReferences contains duplicate entries\(isAdmitted ? " after mutating admission happens" : ""); "
                + "API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; "
                + "duplicate UID(s) observed: \(duplicates.joined(separator: ", "))")
    }
}
