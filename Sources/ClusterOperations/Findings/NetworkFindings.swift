import APIMachinery
import JSONCore
import KubeSchemas

/// Services, Ingresses and NetworkPolicies that lead nowhere.
enum NetworkFindings {
    static func of(_ contents: NamespaceContents) -> [Finding] {
        contents[.services].flatMap { service($0, contents) } + contents[.ingresses].flatMap { ingress($0, contents) }
            + contents[.policies].flatMap { policy($0, contents) }
    }

    private static func service(_ object: KubeObject, _ contents: NamespaceContents) -> [Finding] {
        let target = ObjectTarget(object, .services)
        guard case .object(let labels)? = object["spec", "selector"], !labels.isEmpty else { return [] }
        let pods = contents[.pods].filter { pod in
            pod.namespace == object.namespace && labels.allSatisfy { pod.labels[$0.key] == $0.value.stringValue } && !Pod(pod).isTerminated
        }
        guard !pods.isEmpty else {
            let selector = labels.map { "\($0.key)=\($0.value.stringValue ?? "")" }.joined(separator: ",")
            return [Finding(target, .broken, "selects no pods: \(selector)", remedy: "compare spec.selector with the pods' labels")]
        }
        return object.array("spec", "ports").compactMap { port in
            guard let name = port["targetPort"]?.stringValue else { return nil }
            let isThere = pods.contains { pod in
                pod.array("spec", "containers").contains { container in (container["ports"]?.arrayValue ?? []).contains { $0["name"]?.stringValue == name } }
            }
            return isThere
                ? nil
                : Finding(target, .broken, "sends to a port \(name) that no container of its pods has", remedy: "name the container's port, or give a number")
        }
    }

    private static func ingress(_ object: KubeObject, _ contents: NamespaceContents) -> [Finding] {
        let target = ObjectTarget(object, .ingresses)
        let paths = object.array("spec", "rules").flatMap { $0["http", "paths"]?.arrayValue ?? [] }
        let backends = (paths.map { $0["backend"] ?? .null } + [object["spec", "defaultBackend"] ?? .null]).compactMap { $0["service"] }
        var found = Set(backends).compactMap { backend -> Finding? in
            let name = backend["name"]?.stringValue ?? ""
            guard contents.has(.services, name, in: object.namespace) else {
                return Finding(target, .broken, "leads to Service \(name), which is not there", remedy: "create it, or correct the backend")
            }
            guard let service = contents.object(.services, name, in: object.namespace) else { return nil }
            let isThere = service.array("spec", "ports").contains { port in
                port["port"] == backend["port", "number"] || port["name"] != nil && port["name"] == backend["port", "name"]
            }
            let wanted = backend["port", "name"]?.stringValue ?? backend["port", "number"]?.integerValue.map(String.init) ?? ""
            return isThere
                ? nil : Finding(target, .broken, "leads to port \(wanted) of Service \(name), which it does not have", remedy: "name one of its ports")
        }
        for secret in Set(object.array("spec", "tls").compactMap { $0["secretName"]?.stringValue }) where !contents.has(.secrets, secret, in: object.namespace)
        {
            found.append(
                Finding(
                    target, .broken, "takes its certificate from Secret \(secret), which is not there", remedy: "create it: kubectl create secret tls \(secret)"
                ))
        }
        return found
    }

    private static func policy(_ object: KubeObject, _ contents: NamespaceContents) -> [Finding] {
        // best effort: a selector that cannot be read is refused by the server.
        guard let selector = try? LabelSelector(value: object["spec", "podSelector"] ?? .null), !selector.isEmpty else { return [] }
        let isUsed = contents[.pods].contains { $0.namespace == object.namespace && selector.matches($0.labels) }
        return isUsed
            ? []
            : [
                Finding(
                    ObjectTarget(object, .policies), .advice, "selects no pods: \(selector)",
                    remedy: "compare spec.podSelector with the pods' labels")
            ]
    }
}
