package import JSONCore

/// core/v1 PodAffinityTerm: a group of pods, and what near means.
package struct PodAffinityTerm: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Which pods, `matchLabelKeys` and `mismatchLabelKeys` of a stored pod included; null for none.
    package var labelSelector: JSONValue { value["labelSelector"] ?? .null }
    /// Their namespaces.
    package var namespaces: [String] { texts("namespaces") }
    /// Further namespaces, by their labels; null for none.
    package var namespaceSelector: JSONValue { value["namespaceSelector"] ?? .null }
    /// The node label whose value says what is near.
    package var topologyKey: String { text("topologyKey") ?? "" }
}

extension Affinity {
    /// Pods that must be near.
    package var requiredPodAffinity: [PodAffinityTerm] { required("podAffinity") }
    /// Pods that must not be near.
    package var requiredPodAntiAffinity: [PodAffinityTerm] { required("podAntiAffinity") }
    /// Pods that are better near, with weights.
    package var preferredPodAffinity: [(weight: Int64, term: PodAffinityTerm)] { preferred("podAffinity") }
    /// Pods that are better not near, with weights.
    package var preferredPodAntiAffinity: [(weight: Int64, term: PodAffinityTerm)] { preferred("podAntiAffinity") }

    private func required(_ kind: String) -> [PodAffinityTerm] {
        (value[kind, "requiredDuringSchedulingIgnoredDuringExecution"]?.arrayValue ?? []).map { PodAffinityTerm($0) }
    }

    private func preferred(_ kind: String) -> [(weight: Int64, term: PodAffinityTerm)] {
        (value[kind, "preferredDuringSchedulingIgnoredDuringExecution"]?.arrayValue ?? []).map { entry in
            (entry["weight"]?.integerValue ?? 0, PodAffinityTerm(entry["podAffinityTerm"] ?? .null))
        }
    }
}
