import APIMachinery
import JSONCore
import KubeSchemas

extension Pod {
    /// What the pod's own resources go by among those of its containers, all of which have names.
    static let whole = ""

    /// The pod with the resources that the node has granted in the place of those that it asks for.
    func withResources(_ granted: [String: JSONValue]) -> Pod {
        guard !granted.isEmpty else { return self }
        var object = object
        for list in ["initContainers", "containers"] {
            guard let containers = object["spec"]?[list]?.arrayValue else { continue }
            object["spec"]?[list] = .array(
                containers.map { container in
                    guard let name = container["name"]?.stringValue, let resources = granted[name] else { return container }
                    var container = container
                    container["resources"] = resources
                    return container
                })
        }
        if let own = granted[Self.whole] { object["spec"]?["resources"] = own.objectValue?.isEmpty == false ? own : nil }
        return Pod(object)
    }

    /// What the pod itself and the containers whose resources can change ask for now.
    var wantedResources: [String: JSONValue] {
        let containers = (spec.initContainers + spec.containers).map { ($0.name, $0.value["resources"] ?? .object([:])) }
        return Dictionary([(Self.whole, ownResources)] + containers, uniquingKeysWith: { first, _ in first })
    }

    /// Source: PodSpec.resources; empty when it has none.
    var ownResources: JSONValue { spec.value["resources"] ?? .object([:]) }
}

extension PodWorker.State {
    /// The pod as the node runs it: a resize that was not granted is not in it.
    var allocatedPod: Pod { pod.withResources(allocated) }
}
