package import JSONCore
package import LinuxKernel

/// core/v1 Affinity, as far as the scheduler reads it.
package struct Affinity: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Terms of which one must match the node; nil for no rule.
    package var requiredNodeTerms: [NodeSelectorTerm]? {
        value["nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"]?.arrayValue?
            .map { NodeSelectorTerm($0) }
    }
    /// Terms that make a node better, with their weights.
    package var preferredNodeTerms: [(weight: Int64, term: NodeSelectorTerm)] {
        (value["nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"]?.arrayValue ?? []).map { entry in
            (entry["weight"]?.integerValue ?? 0, NodeSelectorTerm(entry["preference"] ?? .null))
        }
    }
}

/// core/v1 NodeSelectorTerm: all of its requirements must hold; an empty one matches nothing.
package struct NodeSelectorTerm: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Requirements on labels.
    package var matchExpressions: [NodeSelectorRequirement] { parts("matchExpressions") }
    /// Requirements on fields (`metadata.name`).
    package var matchFields: [NodeSelectorRequirement] { parts("matchFields") }

    /// Whether a node satisfies all requirements.
    package func matches(name: String, labels: [String: String]) -> Bool {
        let (expressions, fields) = (matchExpressions, matchFields)
        guard !expressions.isEmpty || !fields.isEmpty else { return false }
        return expressions.allSatisfy { $0.matches(labels[$0.key]) }
            && fields.allSatisfy { $0.matches($0.key == "metadata.name" ? name : nil) }
    }
}

/// core/v1 NodeSelectorRequirement.
package struct NodeSelectorRequirement: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The label or field.
    package var key: String { text("key") ?? "" }
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`.
    package var `operator`: String { text("operator") ?? "" }
    /// The values to compare with.
    package var values: [String] { texts("values") }

    /// Whether a label value (nil when the label is missing) satisfies the requirement.
    package func matches(_ actual: String?) -> Bool {
        switch self.operator {
        case "In": actual.map { values.contains($0) } ?? false
        case "NotIn": actual.map { !values.contains($0) } ?? true
        case "Exists": actual != nil
        case "DoesNotExist": actual == nil
        case "Gt", "Lt":
            if let left = actual.flatMap({ Int64($0) }), let right = values.first.flatMap({ Int64($0) }) {
                self.operator == "Gt" ? left > right : left < right
            } else {
                false
            }
        default: false
        }
    }
}

/// core/v1 Toleration.
package struct Toleration: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The taint's key; empty with `Exists` for every taint.
    package var key: String { text("key") ?? "" }
    /// `Equal` or `Exists`. Default Equal.
    package var `operator`: String { text("operator") ?? "Equal" }
    /// The taint's value.
    package var taintValue: String { text("value") ?? "" }
    /// The taint's effect; empty for every effect.
    package var effect: String { text("effect") ?? "" }
    /// Seconds that a NoExecute taint is borne; nil for ever.
    package var tolerationSeconds: Int64? { integer("tolerationSeconds") }

    /// Whether the pod bears the taint.
    package func tolerates(_ taint: Taint) -> Bool {
        guard effect.isEmpty || effect == taint.effect else { return false }
        guard key.isEmpty || key == taint.key else { return false }
        switch self.operator {
        case "Exists": return true
        case "Equal", "": return !key.isEmpty && taintValue == taint.taintValue
        case "Gt", "Lt":
            guard let bound = Int64(taintValue), let actual = Int64(taint.taintValue) else { return false }
            return self.operator == "Gt" ? actual > bound : actual < bound
        default: return false
        }
    }
}

/// core/v1 Taint.
package struct Taint: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The key.
    package var key: String { text("key") ?? "" }
    /// The value; may be empty.
    package var taintValue: String { text("value") ?? "" }
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    package var effect: String { text("effect") ?? "" }
    /// When it was added; only of NoExecute taints.
    package var timeAdded: Timestamp? { time("timeAdded") }
    /// Whether pods that do not tolerate it have to go.
    package var evicts: Bool { effect == "NoExecute" }
}
