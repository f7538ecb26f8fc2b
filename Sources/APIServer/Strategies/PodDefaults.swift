internal import APIMachinery
internal import JSONCore

/// Pod defaults that need code. Source: `pkg/apis/core/v1/defaults.go`.
enum PodDefaults {
    /// Completes a pod spec. Pod templates get only what does not depend on the pod being made.
    static func complete(_ spec: inout JSONValue, inTemplate: Bool) {
        for field in ["containers", "initContainers", "ephemeralContainers"] {
            guard case .array(var containers)? = spec[field] else { continue }
            for index in containers.indices { container(&containers[index], hostNetwork: spec["hostNetwork"]?.boolValue == true, inTemplate: inTemplate) }
            spec[field] = .array(containers)
        }
        if let account = spec["serviceAccountName"]?.stringValue, !account.isEmpty {
            spec["serviceAccount"] = .string(account)
        } else if let legacy = spec["serviceAccount"]?.stringValue, !legacy.isEmpty {
            spec["serviceAccountName"] = .string(legacy)
        }
        if spec["securityContext"] == nil { spec["securityContext"] = .object(JSONObject()) }
        if !inTemplate, spec["enableServiceLinks"] == nil { spec["enableServiceLinks"] = true }
    }

    private static func container(_ container: inout JSONValue, hostNetwork: Bool, inTemplate: Bool) {
        if (container["imagePullPolicy"]?.stringValue ?? "").isEmpty {
            container["imagePullPolicy"] = .string(isLatest(container["image"]?.stringValue ?? "") ? "Always" : "IfNotPresent")
        }
        if !inTemplate, let limits = container["resources", "limits"]?.objectValue {
            for member in limits where container["resources", "requests", member.key] == nil {
                container["resources", "requests", member.key] = member.value
            }
        }
        guard hostNetwork, case .array(var ports)? = container["ports"] else { return }
        for index in ports.indices where (ports[index]["hostPort"]?.integerValue ?? 0) == 0 {
            ports[index]["hostPort"] = ports[index]["containerPort"]
        }
        container["ports"] = .array(ports)
    }

    /// Whether an image reference has the tag `latest`, or neither tag nor digest.
    static func isLatest(_ image: String) -> Bool {
        if image.utf8.contains(UInt8(ascii: "@")) { return false }
        let last = image.utf8.lastIndex(of: UInt8(ascii: "/")).map { image[image.utf8.index(after: $0)...] } ?? image[...]
        guard let colon = last.utf8.lastIndex(of: UInt8(ascii: ":")) else { return true }
        return last[last.utf8.index(after: colon)...] == "latest"
    }

}
