import JSONCore

/// Where a pod's spec refers to other objects by name.
enum PodReferences {
    static func places(_ target: ObjectTarget, in spec: JSONValue) -> [String] {
        let name = target.name
        switch target.kind {
        case "ServiceAccount": return spec["serviceAccountName"]?.stringValue == name ? ["serviceAccountName"] : []
        case "PriorityClass": return spec["priorityClassName"]?.stringValue == name ? ["priorityClassName"] : []
        case "RuntimeClass": return spec["runtimeClassName"]?.stringValue == name ? ["runtimeClassName"] : []
        case "PersistentVolumeClaim":
            return volumes(spec).filter { $0["persistentVolumeClaim", "claimName"]?.stringValue == name }.map(volume)
        case "ConfigMap": return volumes(spec, "configMap", "name", name) + containers(spec, "configMap", name)
        case "Secret":
            let pulls = (spec["imagePullSecrets"]?.arrayValue ?? []).contains { $0["name"]?.stringValue == name }
            return volumes(spec, "secret", "secretName", name) + containers(spec, "secret", name) + (pulls ? ["imagePullSecrets"] : [])
        default: return []
        }
    }

    private static func volumes(_ spec: JSONValue) -> [JSONValue] { spec["volumes"]?.arrayValue ?? [] }
    private static func volume(_ volume: JSONValue) -> String { "volume \(volume["name"]?.stringValue ?? "")" }

    /// Volumes made from an object, alone or projected beside others.
    private static func volumes(_ spec: JSONValue, _ source: String, _ field: String, _ name: String) -> [String] {
        volumes(spec).filter { volume in
            if volume[source, field]?.stringValue == name { return true }
            return (volume["projected", "sources"]?.arrayValue ?? []).contains { $0[source, "name"]?.stringValue == name }
        }.map(volume)
    }

    /// Variables from one key or from all keys.
    private static func containers(_ spec: JSONValue, _ source: String, _ name: String) -> [String] {
        ["initContainers", "containers", "ephemeralContainers"].flatMap { spec[$0]?.arrayValue ?? [] }.flatMap { container -> [String] in
            let who = "container \(container["name"]?.stringValue ?? "")"
            let variables = (container["env"]?.arrayValue ?? []).filter { $0["valueFrom", "\(source)KeyRef", "name"]?.stringValue == name }.map {
                "env \($0["name"]?.stringValue ?? "") of \(who)"
            }
            let whole = (container["envFrom"]?.arrayValue ?? []).contains { $0["\(source)Ref", "name"]?.stringValue == name }
            return variables + (whole ? ["all env of \(who)"] : [])
        }
    }
}
