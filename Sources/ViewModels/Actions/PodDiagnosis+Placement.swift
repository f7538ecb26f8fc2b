extension PodDiagnosis {
    /// What to look at when rules of placement keep a pod off nodes; `why` is the scheduler's message.
    static func placementRemedies(_ why: String) -> [String] {
        let unlabelled = "pod topology spread constraints (missing required label)"
        // The rest of the message may name the rule once more, for other nodes.
        let others = why.replacing(unlabelled, with: "")
        let found = [
            ("node affinity/selector", "compare spec.nodeSelector and spec.affinity.nodeAffinity with the labels of the nodes"),
            ("pod affinity rules", "spec.affinity.podAffinity wants pods near that are not there: compare its selectors with the labels of pods"),
            ("pod anti-affinity rules", "spec.affinity.podAntiAffinity keeps it from nodes with such pods: add nodes, or prefer instead of require"),
            ("existing pods anti-affinity rules", "pods that run there do not want it near: look at their spec.affinity.podAntiAffinity"),
            (
                "pod topology spread constraints",
                "spec.topologySpreadConstraints allows no more there until others have as many: add room, or raise maxSkew"
            ),
        ].filter { others.contains($0.0) }.map(\.1)
        guard why.contains(unlabelled) else { return found }
        return found + ["nodes lack a label that spec.topologySpreadConstraints names as topologyKey: label them"]
    }
}
