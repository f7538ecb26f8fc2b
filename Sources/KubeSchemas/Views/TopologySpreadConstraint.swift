package import JSONCore

/// core/v1 TopologySpreadConstraint: how evenly a group of pods is spread.
package struct TopologySpreadConstraint: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The largest difference between a place and the emptiest one. Default 1.
    package var maxSkew: Int64 { integer("maxSkew") ?? 1 }
    /// The node label whose values are the places.
    package var topologyKey: String { text("topologyKey") ?? "" }
    /// Whether the pod waits rather than to break the rule.
    package var isRequired: Bool { text("whenUnsatisfiable") != "ScheduleAnyway" }
    /// Which pods count, `matchLabelKeys` of a stored pod included; null for none.
    package var labelSelector: JSONValue { value["labelSelector"] ?? .null }
    /// How many places there have to be before an empty one that exists is the emptiest. Default 1.
    package var minDomains: Int64 { integer("minDomains") ?? 1 }
    /// Whether only nodes that the pod's node selector and node affinity allow are places. Default yes.
    package var honorsNodeAffinity: Bool { text("nodeAffinityPolicy") != "Ignore" }
    /// Whether nodes with taints that the pod does not bear are no places. Default no.
    package var honorsNodeTaints: Bool { text("nodeTaintsPolicy") == "Honor" }
}

extension PodSpec {
    /// How evenly the pod's group is spread.
    package var topologySpreadConstraints: [TopologySpreadConstraint] { parts("topologySpreadConstraints") }
}
