import APIMachinery
import JSONCore
import KubeSchemas

extension Pod {
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
        return Pod(object)
    }

    /// What the containers whose resources can change ask for now.
    var wantedResources: [String: JSONValue] {
        Dictionary((spec.initContainers + spec.containers).map { ($0.name, $0.value["resources"] ?? .object([:])) }, uniquingKeysWith: { first, _ in first })
    }
}

extension PodWorker.State {
    /// The pod as the node runs it: a resize that was not granted is not in it.
    var allocatedPod: Pod { pod.withResources(allocated) }
}
