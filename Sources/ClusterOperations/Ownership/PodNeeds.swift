package import APIMachinery
package import JSONCore
import KubeSchemas

/// An object that pods cannot start without, by name.
package struct PodNeed: Sendable, Hashable {
    /// The object's kind.
    package var kind: String
    /// Where it is found.
    package var resource: GroupVersionResource
    /// Its name.
    package var name: String
    /// What happens without it.
    package var consequence: String

    /// What a pod's spec names, each once; optional references are left out.
    package static func all(of spec: JSONValue) -> [PodNeed] {
        var found: [PodNeed] = []
        func add(_ kind: String, _ name: String?, _ consequence: String) {
            guard let name, !name.isEmpty, !found.contains(where: { $0.kind == kind && $0.name == name }) else { return }
            found.append(
                PodNeed(
                    kind: kind, resource: GroupVersionResource(group: "", version: "v1", resource: plurals[kind] ?? ""), name: name, consequence: consequence))
        }
        add("ServiceAccount", spec["serviceAccountName"]?.stringValue, "no pod is made")
        for volume in spec["volumes"]?.arrayValue ?? [] {
            add("PersistentVolumeClaim", volume["persistentVolumeClaim", "claimName"]?.stringValue, "pods stay Pending")
            for source in [volume] + (volume["projected", "sources"]?.arrayValue ?? []) {
                if source["configMap", "optional"]?.boolValue != true { add("ConfigMap", source["configMap", "name"]?.stringValue, starting) }
                let secret = source["secret"]
                if secret?["optional"]?.boolValue != true { add("Secret", (secret?["secretName"] ?? secret?["name"])?.stringValue, starting) }
            }
        }
        for field in ["initContainers", "containers"] {
            for container in spec[field]?.arrayValue ?? [] {
                for from in container["envFrom"]?.arrayValue ?? [] {
                    if from["configMapRef", "optional"]?.boolValue != true { add("ConfigMap", from["configMapRef", "name"]?.stringValue, starting) }
                    if from["secretRef", "optional"]?.boolValue != true { add("Secret", from["secretRef", "name"]?.stringValue, starting) }
                }
                for variable in container["env"]?.arrayValue ?? [] {
                    let from = variable["valueFrom"]
                    if from?["configMapKeyRef", "optional"]?.boolValue != true { add("ConfigMap", from?["configMapKeyRef", "name"]?.stringValue, starting) }
                    if from?["secretKeyRef", "optional"]?.boolValue != true { add("Secret", from?["secretKeyRef", "name"]?.stringValue, starting) }
                }
            }
        }
        for secret in spec["imagePullSecrets"]?.arrayValue ?? [] {
            add("Secret", secret["name"]?.stringValue, "images are pulled without it")
        }
        return found
    }

    private static let starting = "containers do not start"
    private static let plurals = [
        "ServiceAccount": "serviceaccounts", "PersistentVolumeClaim": "persistentvolumeclaims", "ConfigMap": "configmaps", "Secret": "secrets",
    ]
}
