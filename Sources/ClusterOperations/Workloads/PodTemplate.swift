package import APIMachinery
import JSONCore

/// Where kinds keep what their pods are made from.
package enum PodTemplate {
    /// The path of the pod's spec in an object of a built-in kind; nil for a kind without pods.
    package static func specPath(_ kind: GroupKind) -> [String]? {
        switch (kind.group, kind.kind) {
        case ("", "Pod"): ["spec"]
        case ("batch", "CronJob"): ["spec", "jobTemplate", "spec", "template", "spec"]
        case ("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("apps", "ReplicaSet"), ("batch", "Job"), ("", "ReplicationController"):
            ["spec", "template", "spec"]
        default: nil
        }
    }

    /// One container of a template.
    package struct ContainerImage: Sendable, Hashable {
        /// The container's name.
        package var name: String
        /// Its image.
        package var image: String
        /// Whether it runs before the others.
        package var isInit: Bool
    }

    /// The containers of an object and their images, those that run before the others last.
    package static func images(_ object: KubeObject, _ kind: GroupKind) -> [ContainerImage] {
        guard let path = specPath(kind), let spec = object.value.value(at: path[...]) else { return [] }
        return [("containers", false), ("initContainers", true)].flatMap { field, isInit in
            (spec[field]?.arrayValue ?? []).compactMap { container in
                container["name"]?.stringValue.map { ContainerImage(name: $0, image: container["image"]?.stringValue ?? "", isInit: isInit) }
            }
        }
    }
}
