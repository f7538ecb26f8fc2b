internal import APIMachinery
internal import JSONCore

/// What may change in the spec of a pod that scheduling gates hold: gates go, and where it may run gets narrower.
/// Source: `pkg/apis/core/validation/validation.go` ValidatePodUpdate and what it calls for gated pods.
enum GatedPodValidation {
    /// What is wrong with a change of gates.
    static func gates(_ spec: JSONValue, _ before: JSONValue) -> [FieldError] {
        let known = Set((before["schedulingGates"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue })
        return (spec["schedulingGates"]?.arrayValue ?? []).enumerated().compactMap { index, gate in
            let name = gate["name"]?.stringValue ?? ""
            guard !known.contains(name) else { return nil }
            return .forbidden("spec.schedulingGates[\(index)].name", "only deletion is allowed, but found new scheduling gate '\(name)'")
        }
    }

    /// Puts what a held pod may change back to what it was, and says what is wrong with the change.
    static func settle(_ spec: inout JSONValue, _ before: JSONValue) -> [FieldError] {
        spec["schedulingGates"] = before["schedulingGates"]
        guard !(before["schedulingGates"]?.arrayValue ?? []).isEmpty else { return [] }
        let errors = selector(spec, before) + affinity(spec, before)
        spec["nodeSelector"] = before["nodeSelector"]
        var affinity = spec["affinity"]?.objectValue ?? JSONObject()
        affinity["nodeAffinity"] = before["affinity", "nodeAffinity"]
        let isNew = before["affinity"] == nil && affinity.isEmpty
        if spec["affinity"] != nil || !affinity.isEmpty { spec["affinity"] = isNew ? nil : .object(affinity) }
        return errors
    }

    private static func selector(_ spec: JSONValue, _ before: JSONValue) -> [FieldError] {
        let new = spec["nodeSelector"]?.objectValue ?? JSONObject()
        let isKept = (before["nodeSelector"]?.objectValue ?? JSONObject()).allSatisfy { new[$0.key] == $0.value }
        guard isKept else {
            return [.invalid("spec.nodeSelector", .object(new), "only additions to spec.nodeSelector are allowed (no mutations or deletions)")]
        }
        return LabelValidation.labels(new, field: "spec.nodeSelector")
    }

    private static func affinity(_ spec: JSONValue, _ before: JSONValue) -> [FieldError] {
        let field = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
        guard spec["affinity", "nodeAffinity"] != before["affinity", "nodeAffinity"] else { return [] }
        let (old, new) = (terms(before), terms(spec))
        guard old.isEmpty || old.count == new.count else {
            return [.invalid(field, .array(new), "no additions/deletions to non-empty NodeSelectorTerms list are allowed")]
        }
        let mended = zip(old, new).enumerated().compactMap { index, pair -> FieldError? in
            guard !onlyAdds(pair.1, pair.0) else { return nil }
            return .invalid("\(field)[\(index)]", pair.1, "only additions are allowed (no mutations or deletions)")
        }
        return mended + PodValidation.placement(spec, field: "spec").filter { $0.field.hasPrefix("spec.affinity.nodeAffinity") }
    }

    private static func terms(_ spec: JSONValue) -> [JSONValue] {
        spec["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"]?.arrayValue ?? []
    }

    private static func onlyAdds(_ new: JSONValue, _ old: JSONValue) -> Bool {
        let lists = ["matchExpressions", "matchFields"].map { (old[$0]?.arrayValue ?? [], new[$0]?.arrayValue ?? []) }
        // A term without requirements matches nothing; with one it would match something.
        if lists.allSatisfy({ $0.0.isEmpty }) { return lists.allSatisfy { $0.1.isEmpty } }
        return lists.allSatisfy { $0.1.starts(with: $0.0) }
    }
}
