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

    /// An object that a pod's spec names.
    struct Named: Hashable {
        /// Its kind.
        var kind: String
        /// Its name.
        var name: String
        /// Where it is named.
        var place: String
    }

    /// What the pod cannot run without; `isOptionalToo`: and what it uses where it is there.
    static func named(_ spec: JSONValue, isOptionalToo: Bool = false) -> [Named] {
        var found: [Named] = []
        func add(_ kind: String, _ source: JSONValue?, _ field: String, _ place: String) {
            guard let source, let name = source[field]?.stringValue, !name.isEmpty else { return }
            if isOptionalToo || source["optional"] != .bool(true) { found.append(Named(kind: kind, name: name, place: place)) }
        }
        add("ServiceAccount", spec, "serviceAccountName", "serviceAccountName")
        for item in volumes(spec) {
            add("PersistentVolumeClaim", item["persistentVolumeClaim"], "claimName", volume(item))
            for source in [item] + (item["projected", "sources"]?.arrayValue ?? []) {
                add("ConfigMap", source["configMap"], "name", volume(item))
                add("Secret", source["secret"], source["secret", "secretName"] == nil ? "name" : "secretName", volume(item))
            }
        }
        for container in ["initContainers", "containers"].flatMap({ spec[$0]?.arrayValue ?? [] }) {
            let who = "container \(container["name"]?.stringValue ?? "")"
            for variable in container["env"]?.arrayValue ?? [] {
                let place = "env \(variable["name"]?.stringValue ?? "") of \(who)"
                add("ConfigMap", variable["valueFrom", "configMapKeyRef"], "name", place)
                add("Secret", variable["valueFrom", "secretKeyRef"], "name", place)
            }
            for source in container["envFrom"]?.arrayValue ?? [] {
                add("ConfigMap", source["configMapRef"], "name", "all env of \(who)")
                add("Secret", source["secretRef"], "name", "all env of \(who)")
            }
        }
        return found
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
