internal import APIMachinery
internal import JSONCore

/// Where an object keeps what its `/scale` shows.
struct ScalePaths: Sendable, Hashable {
    let specReplicas: [String]
    let statusReplicas: [String]
    /// Where the selector is; nil when the kind shows none.
    let selector: [String]?
    /// Whether the selector is text already, as in custom resources, instead of a LabelSelector.
    let isSelectorText: Bool

    /// The workload kinds that come with Kubernetes.
    static let workload = ScalePaths(
        specReplicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"], selector: ["spec", "selector"], isSelectorText: false)

    private init(specReplicas: [String], statusReplicas: [String], selector: [String]?, isSelectorText: Bool) {
        self.specReplicas = specReplicas
        self.statusReplicas = statusReplicas
        self.selector = selector
        self.isSelectorText = isSelectorText
    }

    /// Reads `subresources.scale` of a CustomResourceDefinition; nil when a path cannot be read.
    init?(_ value: JSONValue) {
        func fields(_ name: String) -> [String]? {
            // best effort: validation refuses a definition whose path cannot be read.
            value[name]?.stringValue.flatMap { (try? ValuePath(parsing: $0))?.fields }
        }
        guard let spec = fields("specReplicasPath"), let status = fields("statusReplicasPath") else { return nil }
        self.init(specReplicas: spec, statusReplicas: status, selector: fields("labelSelectorPath"), isSelectorText: true)
    }
}
